#include "redaction/redact.hpp"

#include <algorithm>
#include <iterator>
#include <ranges>
#include <vector>

#include "redaction/card_scan.hpp"
#include "redaction/labelled_code.hpp"
#include "redaction/track.hpp"
#include "redaction/unicode.hpp"

namespace tollgate {
namespace {

constexpr std::string_view masked_digits = "************";
constexpr std::string_view masked_track = "[track]";
constexpr std::string_view masked_code = "***";

/// What a mask changes can in turn look like card data, read in another way. Nothing that people or programs write needs a
/// third round; what needs more than these was made to.
constexpr int rounds_max = 6;

/// Card numbers that have a digit in common are masked as one.
std::vector<FoundCard> cards_in(std::string_view text, Reading reading) {
    std::vector<FoundCard> all;
    CardScan scan(text, 0, reading);
    while (auto card = scan.next()) {
        while (!all.empty() && all.back().span.end > card->span.begin) {
            card->span.begin = std::min(card->span.begin, all.back().span.begin);
            all.pop_back();
        }
        all.push_back(*card);
    }
    return all;
}

bool mask_numbers(std::string& text, Reading reading) {
    const auto cards = cards_in(text, reading);
    if (cards.empty()) return false;
    std::string clean;
    clean.reserve(text.size() + cards.size() * (masked_digits.size() + masked_track.size()));
    std::size_t from = 0;
    for (const FoundCard& card : cards) {
        if (card.span.begin < from) continue;  // within a track, or straddling its end: the next round's
        clean.append(text, from, card.span.begin - from).append(masked_digits);
        clean.append(card.last_four.data(), card.last_four.size());
        from = track_end(text, card.span.end);
        if (from != card.span.end) clean.append(masked_track);
    }
    text = clean.append(text, from);
    return true;
}

bool mask_codes(std::string& text, Reading reading) {
    std::string clean;
    std::size_t from = 0;
    while (const auto code = find_labelled_code(text, from, reading)) {
        clean.append(text, from, code->begin - from).append(masked_code);
        from = code->end;
    }
    if (from == 0) return false;
    text = clean.append(text, from);
    return true;
}

bool mask(std::string& text) {
    bool changed = false;
    // Who sees through more sees longer numbers, and of what is masked nothing should be left.
    const Readings all(text);
    const std::ranges::subrange readings(std::reverse_iterator(all.end()), std::reverse_iterator(all.begin()));
    for (const Reading reading : readings) changed |= mask_numbers(text, reading);
    for (const Reading reading : readings) changed |= mask_codes(text, reading);
    return changed;
}

/// For texts that show new card data however often they are masked: no digits, no numbers.
std::string without_digits(std::string_view text) {
    std::string clean;
    for (std::size_t at = 0; at < text.size();) {
        const Symbol symbol = symbol_at(text, at, Reading::as_it_stands);
        clean += decimal_digit(symbol.code) < 0 ? text.substr(at, symbol.length) : "*";
        at += symbol.length;
    }
    return clean;
}

}  // namespace

bool holds_card_data(std::string_view text) noexcept {
    return std::ranges::any_of(Readings(text), [text](Reading reading) {
        return CardScan(text, 0, reading).next().has_value() || find_labelled_code(text, 0, reading).has_value();
    });
}

std::string redact(std::string_view text) {
    std::string clean(text);
    for (int round = 0; round < rounds_max; ++round) {
        if (!mask(clean)) return clean;
    }
    return holds_card_data(clean) ? without_digits(clean) : clean;
}

}  // namespace tollgate
