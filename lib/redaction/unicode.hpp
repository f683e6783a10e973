#pragma once

#include <cstdint>

namespace tollgate {

/// The value of a decimal digit of any script (general category Nd), -1 for all else. The digits are those of Unicode 17.0,
/// DerivedGeneralCategory.txt.
[[nodiscard]] int decimal_digit(char32_t code) noexcept;

/// Whether people, programs and forms put it between the digits of a card number: a space, dash, dot or plus, a space or a dash
/// of Unicode, a soft hyphen or a character without width.
[[nodiscard]] bool is_digit_separator(char32_t code) noexcept;

}  // namespace tollgate
