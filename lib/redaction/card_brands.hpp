#pragma once

#include <cstddef>
#include <cstdint>

namespace tollgate {

inline constexpr std::size_t card_prefix_digits = 6;

/// Whether a number of that many digits (13 … 19) that begins with these six could be a card of a known brand. The ranges are
/// those the brands publish, widened where a brand hands them out piecemeal.
[[nodiscard]] bool is_card_prefix(std::uint32_t first_six, std::size_t digits) noexcept;

}  // namespace tollgate
