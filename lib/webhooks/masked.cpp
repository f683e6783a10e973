#include "webhooks/masked.hpp"

#include <array>
#include <boost/json.hpp>
#include <cstdio>

#include "redaction/card_number.hpp"
#include "redaction/redact.hpp"
#include "redaction/symbols.hpp"
#include "redaction/unicode.hpp"

namespace tollgate::webhooks {
namespace {

namespace json = boost::json;

/// The digits of a number without sign or fraction, as they may stand in a text.
std::string digits_of(const json::value& number) {
    if (!number.is_double()) return json::serialize(number);
    std::array<char, 400> text{};
    const int length = std::snprintf(text.data(), text.size(), "%.0f", number.get_double());
    return {text.data(), static_cast<std::size_t>(length)};
}

bool holds_digit(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const Symbol symbol = symbol_at(text, at, Reading::as_it_stands);
        if (decimal_digit(symbol.code) >= 0) return true;
        at += symbol.length;
    }
    return false;
}

bool is_secret(const json::key_value_pair& member) {
    const json::value& value = member.value();
    const json::string* const text = value.if_string();
    return (value.is_number() || (text != nullptr && holds_digit(*text))) && names_card_secret(member.key());
}

json::value without_cards(const json::value& value);

json::value without_cards(const json::object& object) {
    json::object clean;
    for (const auto& member : object) {
        clean.insert_or_assign(redact(member.key()), is_secret(member) ? json::value("***") : without_cards(member.value()));
    }
    return clean;
}

json::value without_cards(const json::value& value) {
    if (const json::object* const object = value.if_object()) return without_cards(*object);
    if (const json::array* const array = value.if_array()) {
        json::array clean;
        for (const json::value& inner : *array) clean.push_back(without_cards(inner));
        return clean;
    }
    if (const json::string* const text = value.if_string()) return json::string(redact(*text));
    if (!value.is_number()) return value;
    const std::string digits = digits_of(value);
    return holds_card_number(digits) ? json::value(redact(digits)) : value;
}

/// What only the text as a whole shows is masked, too.
std::string masked_text(const json::value& clean) {
    std::string text = json::serialize(clean);
    return holds_card_number(text) ? redact(text) : text;
}

}  // namespace

std::string masked_json(const json::value& value) {
    return masked_text(without_cards(value));
}

std::string masked_body(const json::value& value, std::string_view body) {
    const json::value clean = without_cards(value);
    return clean == value && !holds_card_number(body) ? std::string(body) : masked_text(clean);
}

}  // namespace tollgate::webhooks
