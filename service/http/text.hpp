#pragma once

#include <algorithm>
#include <string_view>

/// The characters of HTTP (RFC 9110 section 5.6), independent of any locale.
namespace tollgate::http {

[[nodiscard]] constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

/// Equal without regard to the case of ASCII letters.
[[nodiscard]] constexpr bool same_word(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() &&
           std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

[[nodiscard]] constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

/// 0 … 15, or -1 for anything that is no hexadecimal digit.
[[nodiscard]] constexpr int hex_value(char c) noexcept {
    if (is_digit(c)) return c - '0';
    const char l = lower(c);
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

[[nodiscard]] constexpr bool is_letter_or_digit(char c) noexcept {
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z');
}

/// `tchar`: what names of fields and methods are made of.
[[nodiscard]] constexpr bool is_token_char(char c) noexcept {
    return is_letter_or_digit(c) || (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

[[nodiscard]] constexpr bool is_visible(char c) noexcept {
    return c > 0x20 && c < 0x7f;
}

/// What may stand in a field's value: visible characters, space, tab, and bytes above ASCII (`obs-text`).
[[nodiscard]] constexpr bool is_value_char(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

/// Without spaces and tabs at either end.
[[nodiscard]] constexpr std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

}  // namespace tollgate::http
