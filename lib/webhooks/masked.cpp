#include "webhooks/masked.hpp"

#include <array>
#include <boost/json.hpp>
#include <cstdio>

#include "redaction/card_number.hpp"
#include "redaction/redact.hpp"

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

json::value without_cards(const json::value& value) {
    if (const json::object* const object = value.if_object()) {
        json::object clean;
        for (const auto& [name, inner] : *object) clean.insert_or_assign(redact(name), without_cards(inner));
        return clean;
    }
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

}  // namespace

std::string masked_json(const json::value& value) {
    std::string text = json::serialize(value);
    if (!holds_card_number(text)) return text;
    return redact(json::serialize(without_cards(value)));
}

}  // namespace tollgate::webhooks
