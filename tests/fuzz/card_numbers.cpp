// The finder of card numbers beside a slow one that is plainly right: every group against every other.
#include <algorithm>
#include <vector>

#include "fuzz/support/fuzz.hpp"
#include "redaction/card_brands.hpp"
#include "redaction/card_number.hpp"

namespace tollgate::fuzz {
namespace {

constexpr std::size_t separators_max = 3;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_separator(char c) {
    return c == ' ' || c == '-';
}

struct Symbol {
    char meant;  // 'x' for all that is neither digit nor separator
    std::size_t begin;
    std::size_t end;
};

/// As JSON (RFC 8259 section 7) when `escapes`, else as it stands.
std::vector<Symbol> symbols_of(std::string_view text, bool escapes) {
    std::vector<Symbol> all;
    for (std::size_t at = 0; at < text.size(); at = all.back().end) {
        char meant = text[at];
        std::size_t length = 1;
        if (escapes && meant == '\\' && at + 1 < text.size()) {
            const std::string_view four = text.substr(std::min(at + 2, text.size()), 4);
            meant = 'x';
            if (text[at + 1] == 'u' && four.size() == 4 && std::ranges::all_of(four, is_hex)) {
                const auto code = std::stoul(std::string(four), nullptr, 16);
                length = 6;
                if (code < 0x80) meant = static_cast<char>(code);
            } else if (std::string_view("\"\\/bfnrt").find(text[at + 1]) != std::string_view::npos) {
                length = 2;
            }
        }
        all.push_back({is_digit(meant) || is_separator(meant) ? meant : 'x', at, at + length});
    }
    return all;
}

bool is_card(std::string_view digits) {
    if (digits.size() < 13 || digits.size() > 19) return false;
    if (!is_card_prefix(static_cast<std::uint32_t>(std::stoul(std::string(digits.substr(0, 6)))), digits.size())) return false;
    int sum = 0;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        const int digit = digits[digits.size() - 1 - i] - '0';
        sum += i % 2 == 0 ? digit : digit * 2 / 10 + digit * 2 % 10;
    }
    return sum % 10 == 0;
}

bool is_in_uuid(std::string_view text, const CardSpan& span) {
    constexpr std::size_t size = 36;
    for (std::size_t at = span.end < size ? 0 : span.end - size; at <= span.begin && at + size <= text.size(); ++at) {
        bool fits = true;
        for (std::size_t i = 0; i < size; ++i) {
            const char c = text[at + i];
            if (i == 8 || i == 13 || i == 18 || i == 23)
                fits = fits && c == '-';
            else if (i == 14)
                fits = fits && c >= '1' && c <= '8';
            else if (i == 19)
                fits = fits && std::string_view("89abAB").find(c) != std::string_view::npos;
            else
                fits = fits && is_hex(c);
        }
        if (fits) return true;
    }
    return false;
}

/// Every card number that begins with the group at `from`.
void add_cards(std::string_view text, const std::vector<Symbol>& symbols, std::size_t from, std::vector<CardSpan>& cards) {
    std::string digits;
    std::size_t separators = 0;
    for (std::size_t i = from; i < symbols.size() && digits.size() <= 19 && separators <= separators_max; ++i) {
        if (is_separator(symbols[i].meant)) ++separators;
        if (is_separator(symbols[i].meant)) continue;
        if (!is_digit(symbols[i].meant)) return;
        separators = 0;
        digits += symbols[i].meant;
        const bool ends_group = i + 1 == symbols.size() || !is_digit(symbols[i + 1].meant);
        const CardSpan span{symbols[from].begin, symbols[i].end};
        if (ends_group && is_card(digits) && !is_in_uuid(text, span)) cards.push_back(span);
    }
}

std::vector<CardSpan> cards_in(std::string_view text) {
    std::vector<CardSpan> cards;
    for (const bool escapes : {true, false}) {
        const auto symbols = symbols_of(text, escapes);
        for (std::size_t i = 0; i < symbols.size(); ++i) {
            if (is_digit(symbols[i].meant) && (i == 0 || !is_digit(symbols[i - 1].meant))) add_cards(text, symbols, i, cards);
        }
    }
    return cards;
}

}  // namespace

void judge(std::string_view text) {
    const auto all = cards_in(text);
    const auto found = find_card_number(text);
    expect(found.has_value() == !all.empty(), "a card number is found where there is one, and nowhere else");
    if (!found) return;
    expect(std::ranges::find(all, *found) != all.end(), "what is found is a card number from its first digit to its last");
    expect(holds_card_number(text.substr(found->begin, found->end - found->begin)), "a card number alone is one");
    const auto next = find_card_number(text, found->end);
    expect(!next || next->begin >= found->end, "the search goes on behind what was found");
    (void)names_card_secret(text);
}

}  // namespace tollgate::fuzz
