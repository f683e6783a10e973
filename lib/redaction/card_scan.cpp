#include "redaction/card_scan.hpp"

#include <bit>

#include "redaction/card_brands.hpp"
#include "redaction/near_number.hpp"
#include "redaction/skip.hpp"
#include "redaction/unicode.hpp"

namespace tollgate {
namespace {

constexpr int separators_max = 3;

constexpr std::uint32_t doubled(std::uint32_t digit) {
    return digit < 5 ? digit * 2 : digit * 2 - 9;
}

}  // namespace

void DigitWindow::push(int digit, std::size_t at, bool begins_group) noexcept {
    const auto value = static_cast<std::uint32_t>(digit);
    const std::size_t slot = count_ % size;
    digits_[slot] = static_cast<std::uint8_t>(digit);
    places_[slot] = at;
    for (std::size_t parity = 0; parity < 2; ++parity) {
        sums_[parity][slot] = sums_[parity][(slot + size - 1) % size] + (count_ % 2 == parity ? doubled(value) : value);
    }
    ++count_;
    group_starts_ = (group_starts_ << 1) | (begins_group ? 1U : 0U);
}

std::size_t DigitWindow::card(std::size_t most) const noexcept {
    for (std::uint32_t starts = group_starts_ & ((1U << most) - 1); starts >= 1U << (digits_min - 1);) {
        const auto length = static_cast<std::size_t>(std::bit_width(starts));
        if (luhn(length) && is_card_prefix(prefix(length), length)) return length;
        starts &= ~(1U << (length - 1));
    }
    return 0;
}

std::array<char, 4> DigitWindow::last_four() const noexcept {
    std::array<char, 4> text{};
    for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>('0' + digits_[(count_ - 4 + i) % size]);
    return text;
}

bool DigitWindow::luhn(std::size_t length) const noexcept {
    const auto& sums = sums_[count_ % 2];  // the last digit, at count_ - 1, is not doubled
    return (sums[(count_ - 1) % size] - sums[(count_ - 1 - length) % size]) % 10 == 0;
}

std::uint32_t DigitWindow::prefix(std::size_t length) const noexcept {
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < card_prefix_digits; ++i) number = number * 10 + digits_[(count_ - length + i) % size];
    return number;
}

std::optional<FoundCard> CardScan::card() noexcept {
    for (std::size_t most = DigitWindow::digits_max; const std::size_t length = window_.card(most); most = length - 1) {
        const CardSpan span{window_.place(length), end_};
        if (is_near_number(text_, span, reading_)) continue;
        window_.keep_last_four();
        return FoundCard{span, window_.last_four()};
    }
    return std::nullopt;
}

std::optional<FoundCard> CardScan::next() noexcept {
    constexpr Symbol end_of_text{0xFFFD, 0};
    for (;;) {
        if (!in_run_) {
            at_ = skip_to_number(text_, at_, reading_);
            if (at_ >= text_.size()) return std::nullopt;
            window_.clear();
            in_run_ = true;
            separators_ = 0;
        }
        const Symbol symbol = at_ < text_.size() ? symbol_at(text_, at_, reading_) : end_of_text;
        const std::size_t begin = at_;
        at_ += symbol.length;
        if (const int digit = decimal_digit(symbol.code); digit >= 0) {
            window_.push(digit, begin, !in_group_);
            in_group_ = true;
            separators_ = 0;
            end_ = at_;
            continue;
        }
        in_run_ = is_digit_separator(symbol.code) && ++separators_ <= separators_max;
        if (!in_group_) continue;
        in_group_ = false;
        if (auto found = card()) return found;
    }
}

}  // namespace tollgate
