#include "redaction/near_number.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include "redaction/around.hpp"

namespace tollgate {
namespace {

/// The end of what begins at a place, if it is of that kind; else the place itself.
using Token = std::size_t (*)(const Around&, std::size_t);

/// Whether the text has that shape there: d is a digit, h a hexadecimal one, all else itself.
bool has_shape(const Around& text, std::size_t at, std::string_view shape) noexcept {
    for (const char expected : shape) {
        const char c = text[at++];
        if (expected == 'd' ? !is_digit(c) : expected == 'h' ? !is_hex(c) : c != expected) return false;
    }
    return true;
}

int number_at(const Around& text, std::size_t at, int digits) noexcept {
    int number = 0;
    for (int i = 0; i < digits; ++i) number = number * 10 + (text[at + i] - '0');
    return number;
}

std::size_t uuid(const Around& text, std::size_t at) {
    constexpr std::string_view shape = "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh";
    if (!has_shape(text, at, shape) || is_alnum(text[at + shape.size()])) return at;
    const char version = text[at + 14];
    const char variant = static_cast<char>(text[at + 19] | 0x20);
    return version >= '1' && version <= '8' && (variant == '8' || variant == '9' || variant == 'a' || variant == 'b')
               ? at + shape.size()
               : at;
}

std::size_t traceparent(const Around& text, std::size_t at) {
    constexpr std::string_view shape = "hh-hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh-hhhhhhhhhhhhhhhh-hh";
    if (!has_shape(text, at, shape) || is_alnum(text[at + shape.size()])) return at;
    for (std::size_t i = 3; i < 35; ++i) {
        if (is_hex_letter(text[at + i])) return at + shape.size();
    }
    return at;
}

/// The hex form of a track 2: the number, D, then nothing but digits, year and month first, and F where it is padded.
bool is_track(const Around& text, std::size_t at, std::size_t end) noexcept {
    if ((text[at] | 0x20) != 'd' || end < at + 5 || !has_shape(text, at + 1, "dddd")) return false;
    const int month = number_at(text, at + 3, 2);
    while (is_digit(text[++at])) {
    }
    return month >= 1 && month <= 12 && (at == end || (at + 1 == end && (text[at] | 0x20) == 'f'));
}

std::size_t hash(const Around& text, std::size_t at) {
    std::size_t end = at;
    bool letter = false;
    for (; is_hex(text[end]) && end - at <= 64; ++end) letter = letter || is_hex_letter(text[end]);
    const auto size = end - at;
    if (!letter || (size != 32 && size != 40 && size != 64) || is_letter(text[end])) return at;
    return at == text.begin() && is_track(text, text.end(), end) ? at : end;
}

bool is_day(int month, int day) noexcept {
    return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

bool is_year(int year) noexcept {
    return year >= 1900 && year < 2100;
}

/// Whether digits and a dot stand before it: then it is part of something longer.
bool is_continued(const Around& text, std::size_t at) noexcept {
    return at > 1 && text[at - 1] == '.' && is_digit(text[at - 2]);
}

/// 2026-11-22, 22.11.2026 and the like.
std::size_t date(const Around& text, std::size_t at) {
    if (is_continued(text, at)) return at;
    for (const char separator : {'-', '.', '/'}) {
        const std::array<char, 10> year_first{'d', 'd', 'd', 'd', separator, 'd', 'd', separator, 'd', 'd'};
        const std::array<char, 10> year_last{'d', 'd', separator, 'd', 'd', separator, 'd', 'd', 'd', 'd'};
        if (is_digit(text[at + 10])) return at;
        if (has_shape(text, at, {year_first.data(), year_first.size()}) && is_year(number_at(text, at, 4)) &&
            is_day(number_at(text, at + 5, 2), number_at(text, at + 8, 2))) {
            return at + 10;
        }
        if (!has_shape(text, at, {year_last.data(), year_last.size()}) || !is_year(number_at(text, at + 6, 4))) continue;
        const int first = number_at(text, at, 2);
        const int second = number_at(text, at + 3, 2);
        if (is_day(first, second) || is_day(second, first)) return at + 10;
    }
    return at;
}

/// 10:00:36 with a fraction and a distance from UTC, where given.
std::size_t time_of_day(const Around& text, std::size_t at) {
    if (!has_shape(text, at, "dd:dd:dd") || number_at(text, at, 2) > 24 || number_at(text, at + 3, 2) > 59 ||
        number_at(text, at + 6, 2) > 60) {
        return at;
    }
    std::size_t end = at + 8;
    if (text[end] == '.' || text[end] == ',') {
        std::size_t fraction = 0;
        while (fraction < 10 && is_digit(text[end + 1 + fraction])) ++fraction;
        if (fraction > 0 && fraction < 10 && fraction != 4) end += 1 + fraction;  // fours are a card's
    }
    const std::size_t sign = text[end] == ' ' ? end + 1 : end;
    if (text[sign] != '+' && text[sign] != '-') return end;
    const std::size_t minutes = has_shape(text, sign + 1, "dd:dd")  ? sign + 4
                                : has_shape(text, sign + 1, "dddd") ? sign + 3
                                                                    : 0;
    return minutes != 0 && number_at(text, sign + 1, 2) <= 14 && number_at(text, minutes, 2) % 15 == 0 ? minutes + 2 : end;
}

std::size_t ipv4(const Around& text, std::size_t at) {
    if (is_continued(text, at)) return at;
    std::size_t end = at;
    for (int part = 0; part < 4; ++part) {
        if (part > 0 && text[end++] != '.') return at;
        int value = 0;
        const std::size_t begin = end;
        for (; is_digit(text[end]) && end - begin < 4; ++end) value = value * 10 + (text[end] - '0');
        if (end == begin || value > 255) return at;
    }
    return text[end] == '.' && is_digit(text[end + 1]) ? at : end;
}

/// Whether something of that kind begins before the end of the span, ends behind its begin, and begins a word.
bool touches(const Around& text, Token token, std::size_t longest) noexcept {
    for (std::size_t at = text.begin() - std::min(text.begin(), longest - 1); at < text.end(); ++at) {
        if (!is_hex(text[at]) || (at > 0 && is_alnum(text[at - 1]))) continue;
        if (token(text, at) > std::max(at, text.begin())) return true;
    }
    return false;
}

/// The lengths of its groups.
struct Grouping {
    std::array<std::size_t, 19> lengths{};
    std::size_t count = 0;

    explicit Grouping(const Around& text) noexcept {
        for (std::size_t at = text.begin(); at < text.end() && count < lengths.size(); ++count) {
            while (at < text.end() && is_digit(text[at])) ++at, ++lengths[count];
            while (at < text.end() && !is_digit(text[at])) ++at;
        }
    }

    /// Fours with a shorter rest, or 4-6-5 and 4-6-4.
    [[nodiscard]] bool is_a_cards() const noexcept {
        if (count == 1) return true;
        if (count == 3 && lengths[0] == 4 && lengths[1] == 6) return lengths[2] == 4 || lengths[2] == 5;
        return std::all_of(lengths.begin(), lengths.begin() + count - 1, [](std::size_t n) { return n == 4; }) &&
               lengths[count - 1] <= 4;
    }
};

bool goes_on(const Around& text, std::size_t at) noexcept {
    return text[at] == '.' && is_digit(text[at + 1]);
}

/// Whether the span is the fraction of a decimal number. A double has at most 17 digits that say something.
bool is_fraction(const Around& text) noexcept {
    std::size_t begin = text.begin();
    if (begin < 2 || text[begin - 1] != '.' || goes_on(text, text.end())) return false;
    std::size_t whole = 0;
    for (--begin; whole <= 4 && begin > 0 && is_digit(text[begin - 1]); --begin) ++whole;
    const char before = begin == 0 ? '~' : text[begin - 1];
    if (whole == 0 || is_alnum(before) || before == '.' || before == '_') return false;
    return (whole == 1 && text[begin] == '0') || whole + text.end() - text.begin() <= 17;
}

/// Whether the span is decimal numbers and nothing else, or begins or ends within one.
bool is_decimals(const Around& text, const Grouping& grouping) noexcept {
    const bool cut =
        (text.begin() > 1 && text[text.begin() - 1] == '.' && is_digit(text[text.begin() - 2])) || goes_on(text, text.end());
    if (cut) return true;
    int numbers = 0;
    int points = 0;
    for (std::size_t at = text.begin(); at <= text.end(); ++at) {
        if (at < text.end() && is_digit(text[at])) continue;
        if (at < text.end() && text[at] == '.') {
            if (!is_digit(text[at + 1]) || ++points > 1) return false;
        } else if (is_digit(text[at - 1])) {
            if (points != 1) return false;
            ++numbers;
            points = 0;
        }
    }
    return numbers > 1 || grouping.lengths[0] <= 3;
}

/// "+49 151 23456789" (ITU-T E.164). Of the numbers that begin with a plus only those with 13 digits can be both, and hardly
/// any card has so few.
bool is_phone_number(const Around& text, const Grouping& grouping) noexcept {
    const std::size_t begin = text.begin();
    if (begin == 0 || text[begin - 1] != '+' || (begin > 1 && is_alnum(text[begin - 2]))) return false;
    return std::accumulate(grouping.lengths.begin(), grouping.lengths.end(), std::size_t{0}) == 13;
}

/// Whether nothing but ASCII digits and spaces is in it and nothing beside it that one of those kinds has.
bool stands_alone(std::string_view text, CardSpan span) noexcept {
    const std::size_t begin = span.begin == 0 ? 0 : span.begin - 1;
    const std::size_t end = std::min(span.end + 1, text.size());
    return std::all_of(text.begin() + begin, text.begin() + end, [](char c) {
        const bool divides = std::string_view("-.:/,+%\\").find(c) != std::string_view::npos;
        return static_cast<unsigned char>(c) < 0x80 && !divides && !is_hex_letter(c);
    });
}

}  // namespace

bool is_near_number(std::string_view text, CardSpan span, Reading reading) noexcept {
    if (stands_alone(text, span)) return false;
    const Around around(text, span, reading);
    if (touches(around, uuid, 36) || touches(around, traceparent, 55) || touches(around, hash, 64)) return true;
    const Grouping grouping(around);
    if (is_phone_number(around, grouping)) return true;
    if (grouping.is_a_cards()) return grouping.count == 1 && is_fraction(around);
    return is_decimals(around, grouping) || touches(around, date, 10) || touches(around, time_of_day, 34) ||
           touches(around, ipv4, 15);
}

}  // namespace tollgate
