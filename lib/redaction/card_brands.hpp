#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tollgate {

inline constexpr std::size_t card_prefix_digits = 6;

/// The brand of a card number of that many digits (13 … 19) that begins with these six: "visa", "mastercard", "amex", …,
/// "unknown" where several share the range; empty when it could be no card's. The ranges are those the brands publish, widened
/// where a brand hands them out piecemeal.
[[nodiscard]] std::string_view card_brand(std::uint32_t first_six, std::size_t digits) noexcept;

[[nodiscard]] inline bool is_card_prefix(std::uint32_t first_six, std::size_t digits) noexcept {
    return !card_brand(first_six, digits).empty();
}

}  // namespace tollgate
