#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "redaction/card_brands.hpp"
#include "redaction/unicode.hpp"

/// Slow and plain: what a text says to a reader that undoes escapes layer by layer, and which card numbers that reader could
/// see.
namespace tollgate::fuzz {

constexpr char32_t nothing = 0xFFFD;

struct Letter {
    char32_t code;
    std::size_t begin;
    std::size_t end;
    bool plain = true;  // not an escape itself
};
using Letters = std::vector<Letter>;

inline int hex_of(const Letters& letters, std::size_t at, std::size_t count) {
    if (at + count > letters.size()) return -1;
    int value = 0;
    for (std::size_t i = at; i < at + count; ++i) {
        const char32_t c = letters[i].code;
        const auto which = c < 0x80
                               ? std::string_view("0123456789abcdef").find(static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c))
                               : std::string_view::npos;
        if (!letters[i].plain || which == std::string_view::npos) return -1;
        value = value * 16 + static_cast<int>(which);
    }
    return value;
}

inline Letters bytes_of(std::string_view text) {
    Letters all;
    for (std::size_t i = 0; i < text.size(); ++i) all.push_back({static_cast<unsigned char>(text[i]), i, i + 1});
    return all;
}

/// %34, and where it was done several times %2534, %252534 and %25252534.
inline Letters without_percents(const Letters& bytes, int times) {
    Letters all;
    for (std::size_t at = 0; at < bytes.size();) {
        std::size_t hex = at + 1;
        if (bytes[at].code == '%') {
            for (int i = 1; i < times && hex_of(bytes, hex, 2) == '%' && hex_of(bytes, hex + 2, 2) >= 0; ++i) hex += 2;
        }
        const int value = bytes[at].code == '%' ? hex_of(bytes, hex, 2) : -1;
        const std::size_t next = value < 0 ? at + 1 : hex + 2;
        const auto code = value < 0 ? bytes[at].code : static_cast<char32_t>(value);
        all.push_back({code, bytes[at].begin, bytes[next - 1].end, value < 0});
        at = next;
    }
    return all;
}

inline Letters from_utf8(const Letters& bytes) {
    Letters all;
    for (std::size_t at = 0; at < bytes.size();) {
        const char32_t first = bytes[at].code;
        const std::size_t length = first < 0x80   ? 1
                                   : first < 0xC2 ? 0
                                   : first < 0xE0 ? 2
                                   : first < 0xF0 ? 3
                                   : first < 0xF5 ? 4
                                                  : 0;
        char32_t code = length < 2 ? first : first & (0x7FU >> length);
        bool good = length > 0 && at + length <= bytes.size();
        for (std::size_t i = 1; good && i < length; ++i) {
            good = (bytes[at + i].code & 0xC0) == 0x80;
            code = code * 64 + bytes[at + i].code % 64;
        }
        const bool surrogate = code >= 0xD800 && code < 0xE000;
        good = good && code <= 0x10FFFF && !(length == 3 && code < 0x800) && !(length == 4 && code < 0x10000);
        const std::size_t next = at + (good ? length : 1);
        all.push_back(
            {good && !surrogate ? code : nothing, bytes[at].begin, bytes[next - 1].end, bytes[at].plain && length == 1});
        at = next;
    }
    return all;
}

/// \u0034, and where it was done several times \\u0034 and so on.
inline Letters without_backslashes(const Letters& letters, std::size_t most) {
    Letters all;
    const auto behind = [&](std::size_t at) {
        for (std::size_t i = 0; i < most && at < letters.size() && letters[at].code == '\\'; ++i) ++at;
        return at;
    };
    const auto unit = [&](std::size_t at) {
        const bool is_u = at < letters.size() && letters[at].code == 'u' && letters[at].plain;
        return is_u ? hex_of(letters, at + 1, 4) : -1;
    };
    for (std::size_t at = 0; at < letters.size();) {
        std::size_t next = behind(at);
        Letter meant{letters[at].code, letters[at].begin, 0, false};
        if (next == at) {
            meant.plain = letters[at].plain;
            ++next;
        } else if (const int high = unit(next); high >= 0) {
            next += 5;
            const std::size_t second = behind(next);
            const int low = second > next ? unit(second) : -1;
            meant.code = static_cast<char32_t>(high);
            if (high >= 0xD800 && high < 0xDC00 && low >= 0xDC00 && low < 0xE000) {
                meant.code = 0x10000 + static_cast<char32_t>((high - 0xD800) * 1024 + low - 0xDC00);
                next = second + 5;
            }
            if (meant.code >= 0xD800 && meant.code < 0xE000) meant.code = nothing;
        } else if (next < letters.size() && letters[next].plain && letters[next].code < 0x80 &&
                   std::string_view("\"\\/bfnrt").find(static_cast<char>(letters[next].code)) != std::string_view::npos) {
            meant.code = letters[next].code == '"' || letters[next].code == '/' ? letters[next].code : nothing;
            ++next;
        }
        meant.end = letters[next - 1].end;
        all.push_back(meant);
        at = next;
    }
    return all;
}

/// As it stands, as JSON, percent-encoded, and both, also several times.
inline std::vector<Letters> readings_of(std::string_view text) {
    const Letters bytes = bytes_of(text);
    std::vector<Letters> all{from_utf8(bytes), without_backslashes(from_utf8(bytes), 1), from_utf8(without_percents(bytes, 1)),
                             without_backslashes(from_utf8(without_percents(bytes, 4)), 15)};
    for (Letters& letters : all) {
        for (Letter& letter : letters) {
            if (letter.code >= 0xFF01 && letter.code <= 0xFF5E) letter.code -= 0xFEE0;
        }
    }
    return all;
}

inline bool is_card(std::string_view digits) {
    if (digits.size() < 13 || digits.size() > 19) return false;
    if (!is_card_prefix(static_cast<std::uint32_t>(std::stoul(std::string(digits.substr(0, 6)))), digits.size())) return false;
    int sum = 0;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        const int digit = digits[digits.size() - 1 - i] - '0';
        sum += i % 2 == 0 ? digit : digit * 2 / 10 + digit * 2 % 10;
    }
    return sum % 10 == 0;
}

}  // namespace tollgate::fuzz
