#include "redaction/track.hpp"

#include <algorithm>

#include "redaction/symbols.hpp"
#include "redaction/unicode.hpp"

namespace tollgate {
namespace {

constexpr int track_1_max = 79;  // characters of the whole track, sentinels and all
constexpr int track_2_max = 40;
constexpr int expiry_digits = 4;

bool is_digit(char32_t code) noexcept {
    return decimal_digit(code) >= 0;
}

bool is_hex(char32_t code) noexcept {
    return is_digit(code) || (code >= 'A' && code <= 'F') || (code >= 'a' && code <= 'f');
}

/// The code point at a place, or none of the tracks' beyond the end.
Symbol look(std::string_view text, std::size_t at, Reading reading) noexcept {
    return at < text.size() ? symbol_at(text, at, reading) : Symbol{'?', 0};
}

/// Behind "^": everything a line of text may have, since names are written in many ways.
std::size_t track_1(std::string_view text, std::size_t at, Reading reading) noexcept {
    for (int i = 0; i < track_1_max; ++i) {
        const Symbol symbol = look(text, at, reading);
        if (symbol.code == '?' || symbol.code == '"' || symbol.code < 0x20) break;
        at += symbol.length;
    }
    return at;
}

/// Behind "=", or "D" in the hexadecimal form: digits, from year and month on.
std::size_t track_2(std::string_view text, std::size_t at, Reading reading, bool hexadecimal) noexcept {
    const std::size_t begin = at;
    int digits = 0;
    for (int i = 0; i < track_2_max; ++i) {
        const Symbol symbol = look(text, at, reading);
        const bool belongs = is_digit(symbol.code) || (hexadecimal ? is_hex(symbol.code) : symbol.code == '=');
        if (!belongs) break;
        if (digits == i && is_digit(symbol.code)) ++digits;
        at += symbol.length;
    }
    return digits >= expiry_digits ? at : begin;
}

std::size_t track_end(std::string_view text, std::size_t at, Reading reading) noexcept {
    const Symbol separator = look(text, at, reading);
    const std::size_t behind = at + separator.length;
    std::size_t end = behind;
    if (separator.length != 0 && separator.code == '^') end = track_1(text, behind, reading);
    const bool hexadecimal = separator.code == 'D' || separator.code == 'd';
    if (hexadecimal || separator.code == '=') end = track_2(text, behind, reading, hexadecimal);
    return end == behind ? at : end;
}

}  // namespace

std::size_t track_end(std::string_view text, std::size_t at) noexcept {
    std::size_t end = at;
    for (const Reading reading : {Reading::as_it_stands, Reading::json, Reading::percent, Reading::unwrapped}) {
        end = std::max(end, track_end(text, at, reading));
    }
    return end;
}

}  // namespace tollgate
