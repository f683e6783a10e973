#include "redaction/skip.hpp"

#include <algorithm>

#include "redaction/block.hpp"

namespace tollgate {
namespace {

constexpr std::size_t digits_min = 13;
constexpr std::size_t separators_max = 3;

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

constexpr bool is_separator(char c) {
    return c == ' ' || c == '+' || c == '-' || c == '.';
}

/// No separator and no digit beyond ASCII has a UTF-8 sequence that begins with another byte (redaction/unicode.cpp); most
/// letters with accents, Greek and Cyrillic do.
constexpr unsigned char first_lead = 0xC2;
constexpr unsigned char further_leads = 0xD9;  // and all above

/// Backslashes that may begin an escape of a character: what is written `\"` or `\n` is none of ours. Two of them belong
/// together. What follows the last byte of the block is not seen.
std::uint64_t backslash_escapes(const Block& block) noexcept {
    const std::uint64_t backslashes = block.any('\\');
    if (backslashes == 0) return 0;
    constexpr std::uint64_t last = std::uint64_t{1} << (Block::size - 1);
    return backslashes & (block.any('u', '\\', '%') >> 1 | last);
}

std::uint64_t escapes(const Block& block, Reading reading) noexcept {
    std::uint64_t found = 0;
    if (reading == Reading::json || reading == Reading::unwrapped) found |= backslash_escapes(block);
    if (reading == Reading::percent || reading == Reading::unwrapped) found |= block.any('%');
    return found;
}

/// The block at a place; beyond the end of the text stand zeros.
Block block_at(std::string_view text, std::size_t at) noexcept {
    if (at + Block::size <= text.size()) return Block(text.data() + at);
    std::array<char, Block::size> rest{};
    std::copy(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), rest.begin());
    return Block(rest.data());
}

/// Where in a block stretches of at least 13 begin.
constexpr std::uint64_t long_stretches(std::uint64_t stretch) {
    stretch &= stretch >> 1;  // of two
    stretch &= stretch >> 2;  // of four
    stretch &= stretch >> 4;  // of eight
    return stretch & stretch >> (digits_min - 8);
}

/// Where a stretch begins that comes from before the block, or in it, and is long or ends at a stop; the text's size if none
/// is.
std::size_t place_in(std::uint64_t stretch, std::uint64_t stops, std::size_t at, std::size_t carried,
                     std::size_t none) noexcept {
    const auto lead = static_cast<std::size_t>(std::countr_one(stretch));
    if (carried + lead >= digits_min) return at - carried;
    const std::uint64_t long_ones = long_stretches(stretch);
    const auto first_long = static_cast<std::size_t>(std::countr_zero(long_ones));  // 64 when there is none
    const auto first_stop = static_cast<std::size_t>(std::countr_zero(stops));
    if (first_stop == Block::size || first_long < first_stop) return long_ones == 0 ? none : at + first_long;
    const auto before = first_stop == 0 ? 0 : static_cast<std::size_t>(std::countl_one(stretch << (Block::size - first_stop)));
    return at + first_stop - before - (before == first_stop ? carried : 0);
}

struct Stretch {
    std::size_t begin;  // its first digit
    std::size_t end;
    bool full;  // 13 digits were seen
    bool open;  // a number could go on behind its end
};

/// Up to its thirteenth digit, or up to the next digit behind so many separators that a number cannot go on there.
Stretch stretch_at(std::string_view text, std::size_t at) noexcept {
    std::size_t digits = 0;
    std::size_t separators = 0;
    std::size_t begin = at;
    for (; at < text.size() && digits < digits_min; ++at) {
        if (is_digit(text[at])) {
            if (digits == 0) begin = at;
            if (digits > 0 && separators > separators_max) break;
            ++digits;
            separators = 0;
        } else if (is_separator(text[at])) {
            ++separators;
        } else {
            break;
        }
    }
    return {digits == 0 ? at : begin, at, digits == digits_min, digits == 0 || separators <= separators_max};
}

/// The same for stretches of 13 digits or separators.
std::size_t skip_to_stretch(std::string_view text, std::size_t from, Reading reading) noexcept {
    std::size_t carried = 0;
    for (std::size_t at = from; at < text.size(); at += Block::size) {
        const Block block = block_at(text, at);
        const std::uint64_t stretch = block.digits() | block.any(' ', '+', '-', '.');
        const std::uint64_t stops = block.any(first_lead) | block.at_least(further_leads) | escapes(block, reading);
        const std::size_t place = place_in(stretch, stops, at, carried, text.size());
        if (place != text.size()) return place;
        carried = static_cast<std::size_t>(std::countl_one(stretch));
    }
    return text.size();
}

bool is_stop(std::string_view text, std::size_t at, Reading reading) noexcept {
    if (at >= text.size()) return false;
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte == '%') return reading == Reading::percent || reading == Reading::unwrapped;
    if (byte == '\\') return reading == Reading::json || reading == Reading::unwrapped;
    return byte == first_lead || byte >= further_leads;
}

/// The names begin with cv, cid, csc, ccv, cav, car, sec and ver. A short one may have separators between its letters, and
/// what is no plain letter may mean one.
std::uint64_t labels(const Block& block) noexcept {
    const Block lower = block.lower();
    const std::uint64_t unclear = block.any('\\', '%') | block.beyond_ascii();
    const std::uint64_t second_unclear = unclear >> 1;
    const std::uint64_t third_unclear = unclear >> 2;
    const auto second = [&](char c) { return lower.any(c) >> 1; };
    const auto third = [&](auto... c) { return lower.any(c...) >> 2 | third_unclear; };
    const std::uint64_t of_c = second('v') | second_unclear | block.any(' ', '+', '-', '.', '_') >> 1 |
                               (second('i') & third('d')) | (second('s') & third('c')) | (second('c') & third('v')) |
                               (second('a') & third('v', 'r'));
    const std::uint64_t of_s = second_unclear | (second('e') & third('c'));
    const std::uint64_t of_v = second_unclear | (second('e') & third('r'));
    constexpr unsigned char full_width = 0xEF;
    return (lower.any('c') & of_c) | (lower.any('s') & of_s) | (lower.any('v') & of_v) | block.any(full_width);
}

}  // namespace

std::size_t skip_to_number(std::string_view text, std::size_t from, Reading reading) noexcept {
    for (std::size_t at = from; at < text.size();) {
        at = skip_to_stretch(text, at, reading);
        const Stretch stretch = stretch_at(text, at);
        if (stretch.full || (stretch.open && is_stop(text, stretch.end, reading))) return stretch.begin;
        at = stretch.end;
    }
    return text.size();
}

std::size_t skip_to_label(std::string_view text, std::size_t from, Reading reading) noexcept {
    constexpr std::size_t step = Block::size - 2;  // of the last two bytes the next are not seen
    constexpr std::uint64_t seen = (std::uint64_t{1} << step) - 1;
    for (std::size_t at = from; at < text.size(); at += step) {
        const Block block = block_at(text, at);
        if (const std::uint64_t places = (labels(block) | escapes(block, reading)) & seen; places != 0) {
            return at + static_cast<std::size_t>(std::countr_zero(places));
        }
    }
    return text.size();
}

}  // namespace tollgate
