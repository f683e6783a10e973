#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "redaction/card_number.hpp"
#include "redaction/symbols.hpp"

namespace tollgate {

/// The three or four digits of the first verification code at or after `from` that is labelled as one: a name that
/// `names_card_secret` knows, then what stands between a name and its value (":", "=", quotes, brackets, spaces, "#", "is"),
/// then the digits by themselves. Linear in the length of the text.
[[nodiscard]] std::optional<CardSpan> find_labelled_code(std::string_view text, std::size_t from, Reading reading) noexcept;

}  // namespace tollgate
