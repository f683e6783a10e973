#include "webhooks/masked.hpp"

#include <array>
#include <boost/json.hpp>
#include <cstdio>

#include "redaction/card_number.hpp"

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
        for (const auto& [name, inner] : *object) clean.insert_or_assign(masked(name), without_cards(inner));
        return clean;
    }
    if (const json::array* const array = value.if_array()) {
        json::array clean;
        for (const json::value& inner : *array) clean.push_back(without_cards(inner));
        return clean;
    }
    if (const json::string* const text = value.if_string()) return json::string(masked(*text));
    if (!value.is_number()) return value;
    const std::string digits = digits_of(value);
    return holds_card_number(digits) ? json::value(masked(digits)) : value;
}

}  // namespace

std::string masked(std::string_view text) {
    std::string clean;
    std::size_t from = 0;
    while (const auto card = find_card_number(text, from)) {
        clean.append(text.substr(from, card->begin - from)).append("************");
        clean.append(text.substr(card->end - 4, 4));
        from = card->end;
    }
    clean.append(text.substr(from));
    return from == 0 ? clean : masked(clean);  // four digits that stay may begin another one
}

std::string masked_json(const json::value& value) {
    std::string text = json::serialize(value);
    if (!holds_card_number(text)) return text;
    return masked(json::serialize(without_cards(value)));
}

}  // namespace tollgate::webhooks
