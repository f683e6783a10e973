#include "webhooks/fields.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "gateway/rfc3339.hpp"

namespace tollgate::webhooks {
namespace {

namespace json = boost::json;

constexpr std::size_t text_max = 255;

std::string upper(std::string_view text) {
    std::string letters(text);
    std::ranges::transform(letters, letters.begin(), [](char c) { return c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c; });
    return letters;
}

/// The same amount with other decimals; nothing when it has none.
std::optional<std::int64_t> with_decimals(std::int64_t minor, int from, int to) {
    for (; from > to; --from) {
        if (minor % 10 != 0) return std::nullopt;
        minor /= 10;
    }
    for (; from < to; ++from) minor *= 10;
    return minor;
}

}  // namespace

const json::value* Fields::find(std::string_view name) const noexcept {
    const json::value* const value = object_.if_contains(name);
    return value == nullptr || value->is_null() ? nullptr : value;
}

void Fields::refuse(std::string_view name, std::string_view why) {
    if (wrong_.empty()) wrong_.append(name).append(" ").append(why);
}

void Fields::also(const Fields& other) {
    if (wrong_.empty()) wrong_ = other.wrong_;
}

std::string Fields::text(std::string_view name) {
    const json::value* const value = find(name);
    if (value == nullptr) return {};
    const json::string* const text = value->if_string();
    const bool plain = text != nullptr && text->size() <= text_max &&
                       std::ranges::none_of(*text, [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; });
    if (plain) return std::string(*text);
    refuse(name, "is not a string of at most 255 plain characters");
    return {};
}

std::string Fields::id(std::string_view name) {
    const json::value* const value = find(name);
    if (value == nullptr || !value->is_object()) return text(name);
    Fields inner(value->get_object());
    std::string found = inner.text("id");
    also(inner);
    return found;
}

const json::object* Fields::object(std::string_view name) {
    const json::value* const value = find(name);
    if (value != nullptr && !value->is_object()) refuse(name, "is not an object");
    return value == nullptr ? nullptr : value->if_object();
}

const json::array* Fields::array(std::string_view name) {
    const json::value* const value = find(name);
    if (value != nullptr && !value->is_array()) refuse(name, "is not an array");
    return value == nullptr ? nullptr : value->if_array();
}

std::optional<Money> Fields::money(std::string_view amount, std::string_view currency, DecimalsOf decimals) {
    const json::value* const value = find(amount);
    if (value == nullptr) return std::nullopt;
    const std::int64_t* const minor = value->if_int64();
    if (minor == nullptr || *minor < 0 || *minor > Money::minor_max) {
        refuse(amount, "is not an integer from 0 to 999999999999");
        return std::nullopt;
    }
    const auto known = Currency::from_code(upper(text(currency)));
    if (!known) {
        refuse(currency, "is not a currency of ISO 4217");
        return std::nullopt;
    }
    const int theirs = decimals == nullptr ? known->exponent() : decimals(*known);
    const auto ours = with_decimals(*minor, theirs, known->exponent());
    if (!ours || *ours > Money::minor_max) {
        refuse(amount, "cannot be written in the currency's minor unit");
        return std::nullopt;
    }
    return Money{*ours, *known};
}

std::optional<WallTime> Fields::time(std::string_view name) const {
    constexpr std::int64_t end_of_9999 = 253'402'300'799;
    const json::value* const value = find(name);
    if (value == nullptr) return std::nullopt;
    if (const auto* const text = value->if_string()) return parse_rfc3339(*text);
    const std::int64_t* const seconds = value->if_int64();
    if (seconds == nullptr || *seconds < 0 || *seconds > end_of_9999) return std::nullopt;
    return WallTime(std::chrono::seconds(*seconds));
}

}  // namespace tollgate::webhooks
