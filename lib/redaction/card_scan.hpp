#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "redaction/card_number.hpp"
#include "redaction/symbols.hpp"

namespace tollgate {

/// The last digits read, at most a card's worth, and where groups begin among them. A candidate begins where a group begins
/// and ends where one ends; so it is never part of a longer unbroken run, and there are few of them.
class DigitWindow {
public:
    static constexpr std::size_t digits_min = 13;
    static constexpr std::size_t digits_max = 19;

    void push(int digit, std::size_t at, bool begins_group) noexcept;
    void clear() noexcept { group_starts_ = 0; }

    /// The last four begin a group from now on: they are what stays of a number that is masked.
    void keep_last_four() noexcept { group_starts_ |= 1U << 3; }

    /// How many digits the longest card number of at most `most` has that ends with the last digit, which ends a group; 0 for
    /// none.
    [[nodiscard]] std::size_t card(std::size_t most) const noexcept;

    /// Where the last digits begin in the text.
    [[nodiscard]] std::size_t place(std::size_t digits) const noexcept { return places_[(count_ - digits) % size]; }
    [[nodiscard]] std::array<char, 4> last_four() const noexcept;

private:
    static constexpr std::size_t size = 32;

    [[nodiscard]] bool luhn(std::size_t length) const noexcept;
    [[nodiscard]] std::uint32_t prefix(std::size_t length) const noexcept;

    std::array<std::uint8_t, size> digits_{};
    std::array<std::size_t, size> places_{};
    // Luhn's sum up to each digit, with every digit of an even (odd) place doubled: a stretch is a difference of two.
    std::array<std::array<std::uint32_t, size>, 2> sums_{};
    std::size_t count_ = 0;
    std::uint32_t group_starts_ = 0;  // bit n: the digit before n others begins a group
};

struct FoundCard {
    CardSpan span;
    std::array<char, 4> last_four;
};

/// Reads a text once, in one way, and stops at every card number: at the longest that ends where a group of digits ends.
/// Those found may overlap, and from each on its last four digits stand for the whole. Constant memory, linear time.
class CardScan {
public:
    CardScan(std::string_view text, std::size_t from, Reading reading) noexcept : text_(text), at_(from), reading_(reading) {}

    [[nodiscard]] std::optional<FoundCard> next() noexcept;

private:
    [[nodiscard]] std::optional<FoundCard> card() noexcept;

    std::string_view text_;
    std::size_t at_;
    Reading reading_;
    DigitWindow window_;
    std::size_t end_ = 0;  // of the last digit
    int separators_ = 0;
    bool in_run_ = false;
    bool in_group_ = false;
};

}  // namespace tollgate
