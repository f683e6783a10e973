#include "redaction/symbols.hpp"

namespace tollgate {
namespace {

constexpr char32_t unreadable = 0xFFFD;
constexpr int wrappings_max = 3;
constexpr int backslashes_max = 15;  // of an escape that was escaped three times more

constexpr int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c = static_cast<char>(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/// `count` hexadecimal digits; -1 when there are not so many.
int hex_at(std::string_view text, std::size_t at, int count) noexcept {
    if (at + static_cast<std::size_t>(count) > text.size()) return -1;
    int value = 0;
    for (int i = 0; i < count; ++i) {
        const int digit = hex_value(text[at + i]);
        if (digit < 0) return -1;
        value = value * 16 + digit;
    }
    return value;
}

struct Byte {
    unsigned char value;
    std::size_t length;
};

Byte byte_at(std::string_view text, std::size_t at, Reading reading) noexcept {
    const Byte plain{static_cast<unsigned char>(text[at]), 1};
    if (plain.value != '%' || reading == Reading::as_it_stands || reading == Reading::json) return plain;
    std::size_t hex = at + 1;
    if (reading == Reading::unwrapped) {
        for (int i = 0; i < wrappings_max && hex_at(text, hex, 2) == '%' && hex_at(text, hex + 2, 2) >= 0; ++i) hex += 2;
    }
    const int value = hex_at(text, hex, 2);
    return value < 0 ? plain : Byte{static_cast<unsigned char>(value), hex + 2 - at};
}

constexpr char32_t folded(char32_t code) {
    if (code >= 0xFF01 && code <= 0xFF5E) return code - 0xFF01 + '!';
    return (code >= 0xD800 && code <= 0xDFFF) || code > 0x10FFFF ? unreadable : code;
}

/// RFC 3629, section 4. The bytes may be percent escapes.
Symbol utf8_at(std::string_view text, std::size_t at, Reading reading) noexcept {
    const Byte first = byte_at(text, at, reading);
    if (first.value < 0x80) return {first.value, static_cast<std::uint16_t>(first.length)};
    const Symbol bad{unreadable, static_cast<std::uint16_t>(first.length)};
    const int more = first.value >= 0xF0 ? 3 : first.value >= 0xE0 ? 2 : 1;
    if (first.value < 0xC2 || first.value > 0xF4) return bad;
    auto code = static_cast<char32_t>(first.value & (0x3F >> more));
    std::size_t end = at + first.length;
    for (int i = 0; i < more; ++i) {
        if (end >= text.size()) return bad;
        const Byte next = byte_at(text, end, reading);
        if ((next.value & 0xC0) != 0x80) return bad;
        code = code << 6 | (next.value & 0x3FU);
        end += next.length;
    }
    if ((more == 2 && code < 0x800) || (more == 3 && code < 0x10000)) return bad;
    return {folded(code), static_cast<std::uint16_t>(end - at)};
}

std::size_t behind_backslashes(std::string_view text, std::size_t at, Reading reading) noexcept {
    const int most = reading == Reading::unwrapped ? backslashes_max : 1;
    for (int i = 0; i < most && at < text.size(); ++i) {
        const Byte byte = byte_at(text, at, reading);
        if (byte.value != '\\') break;
        at += byte.length;
    }
    return at;
}

/// The UTF-16 unit of `uXXXX`, -1 when there is none.
int unit_at(std::string_view text, std::size_t at) noexcept {
    return at < text.size() && text[at] == 'u' ? hex_at(text, at + 1, 4) : -1;
}

Symbol escape_at(std::string_view text, std::size_t at, Reading reading) noexcept {
    constexpr std::size_t unit_length = 5;
    std::size_t end = behind_backslashes(text, at, reading);
    const auto symbol = [&](char32_t code) { return Symbol{code, static_cast<std::uint16_t>(end - at)}; };
    if (const int high = unit_at(text, end); high >= 0) {
        end += unit_length;
        if (high < 0xD800 || high > 0xDBFF) return symbol(folded(static_cast<char32_t>(high)));
        const std::size_t second = behind_backslashes(text, end, reading);
        const int low = second > end ? unit_at(text, second) : -1;
        if (low < 0xDC00 || low > 0xDFFF) return symbol(unreadable);
        end = second + unit_length;
        return symbol(folded(0x10000 + ((static_cast<char32_t>(high) - 0xD800) << 10) + (static_cast<char32_t>(low) - 0xDC00)));
    }
    constexpr std::string_view short_escapes = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    if (end < text.size()) {
        if (const auto which = short_escapes.find(text[end]); which != short_escapes.npos) {
            ++end;
            return symbol(static_cast<unsigned char>(meanings[which]));
        }
    }
    return symbol('\\');
}

}  // namespace

Symbol symbol_beyond_ascii(std::string_view text, std::size_t at, Reading reading) noexcept {
    const bool escapes = reading == Reading::unwrapped || (reading == Reading::json && text[at] == '\\');
    return escapes && byte_at(text, at, reading).value == '\\' ? escape_at(text, at, reading) : utf8_at(text, at, reading);
}

Readings::Readings(std::string_view text) noexcept {
    const bool backslash = text.find('\\') != text.npos;
    const bool percent = text.find('%') != text.npos;
    if (backslash) all_[count_++] = Reading::json;
    if (percent) all_[count_++] = Reading::percent;
    if (backslash || percent) all_[count_++] = Reading::unwrapped;
}

}  // namespace tollgate
