#pragma once

#include <cstddef>
#include <string_view>

#include "redaction/symbols.hpp"

/// Where card data could begin: what lies before need not be looked at more closely. 64 bytes at a time; nothing is missed, and
/// in what services write little is found.
namespace tollgate {

/// The first digit of the first stretch, at or after `from`, of ASCII digits with up to three separators between two of them
/// that has 13 digits, or behind which another character may stand that is one: beyond ASCII, or an escape of that reading; or
/// such a one. The text's size when there is none.
[[nodiscard]] std::size_t skip_to_number(std::string_view text, std::size_t from, Reading reading) noexcept;

/// The first place at or after `from` where the name of a verification code could begin, or an escape of that reading.
[[nodiscard]] std::size_t skip_to_label(std::string_view text, std::size_t from, Reading reading) noexcept;

}  // namespace tollgate
