#include "service/http/identity.hpp"

#include <algorithm>
#include <array>

#include "redaction/card_number.hpp"
#include "service/http/text.hpp"

namespace tollgate::http {
namespace {

void append_hex(std::uint64_t number, std::string& text) {
    std::array<char, 16> digits;
    for (std::size_t i = digits.size(); i-- > 0; number >>= 4) digits[i] = "0123456789abcdef"[number & 0xf];
    text.append(digits.data(), digits.size());
}

bool is_lower_hex(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

bool is_zero(std::string_view text) noexcept {
    return text.find_first_not_of('0') == std::string_view::npos;
}

}  // namespace

bool is_fit_request_id(std::string_view id) {
    return !id.empty() && id.size() <= 128 && std::all_of(id.begin(), id.end(), is_visible) && !holds_card_number(id);
}

bool is_valid_traceparent(std::string_view value) noexcept {
    constexpr std::size_t size = 55;  // 00-TRACE-PARENT-FLAGS
    if (value.size() < size || value[2] != '-' || value[35] != '-' || value[52] != '-') return false;
    const std::string_view version = value.substr(0, 2);
    const std::string_view trace = value.substr(3, 32);
    const std::string_view parent = value.substr(36, 16);
    if (!is_lower_hex(version) || !is_lower_hex(trace) || !is_lower_hex(parent) || !is_lower_hex(value.substr(53, 2)))
        return false;
    if (version == "ff" || is_zero(trace) || is_zero(parent)) return false;
    if (value.size() == size) return true;
    return version != "00" && value[size] == '-' && value.size() <= 256 && std::all_of(value.begin(), value.end(), is_visible);
}

void draw_request_id(Random& random, std::string& id) {
    id.clear();
    append_hex(random.next(), id);
    append_hex(random.next(), id);
}

void draw_traceparent(Random& random, std::string& value) {
    value.assign("00-");
    append_hex(random.next() | 1, value);  // never all zeros
    append_hex(random.next(), value);
    value.push_back('-');
    append_hex(random.next() | 1, value);
    value.append("-00");
}

}  // namespace tollgate::http
