#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "redaction/card_number.hpp"
#include "redaction/symbols.hpp"

namespace tollgate {

[[nodiscard]] constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

[[nodiscard]] constexpr bool is_letter(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

[[nodiscard]] constexpr bool is_hex_letter(char c) {
    return (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
}

[[nodiscard]] constexpr bool is_hex(char c) {
    return is_digit(c) || is_hex_letter(c);
}

[[nodiscard]] constexpr bool is_alnum(char c) {
    return is_digit(c) || is_letter(c);
}

/// The span and what stands around it as ASCII: every digit is '0' … '9', and what has no equal is '~'.
class Around {
public:
    Around(std::string_view text, CardSpan span, Reading reading) noexcept;

    /// Beyond the edges stands '~'.
    [[nodiscard]] char operator[](std::size_t at) const noexcept { return at < length_ ? letters_[at] : '~'; }
    [[nodiscard]] std::size_t begin() const noexcept { return begin_; }
    [[nodiscard]] std::size_t end() const noexcept { return end_; }

private:
    static constexpr std::size_t before_max = 216;  // 72 escaped characters
    static constexpr std::size_t after_max = 72;

    std::array<char, before_max + after_max + 96> letters_;
    std::size_t length_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace tollgate
