// The finder of card numbers beside a slow one that is plainly right: every group against every other, in every reading.
#include "redaction/card_number.hpp"

#include "fuzz/support/card_text.hpp"
#include "fuzz/support/fuzz.hpp"

namespace tollgate::fuzz {
namespace {

constexpr std::size_t separators_max = 3;

struct Card {
    CardSpan span;
    bool plain;  // one group or fours divided by one separator, and nothing beside it that could make it part of something else
};

bool is_digit(const Letter& letter) {
    return decimal_digit(letter.code) >= 0;
}

bool is_apart(const Letters& letters, std::size_t at) {
    if (at >= letters.size()) return true;  // also one before the first
    constexpr std::string_view apart = " \t\r\n\"'(){}[]<>;=|!?*@#$^&~";
    return letters[at].code < 0x80 && apart.find(static_cast<char>(letters[at].code)) != std::string_view::npos;
}

bool is_plain(const Letters& letters, std::size_t begin, std::size_t end) {
    if (!is_apart(letters, begin - 1) || !is_apart(letters, end)) return false;
    bool fours = true;
    bool one_group = true;
    for (std::size_t i = begin; i < end; ++i) {
        one_group = one_group && is_digit(letters[i]);
        fours = fours && ((i - begin) % 5 == 4 ? letters[i].code == ' ' : is_digit(letters[i]));
    }
    return fours || one_group;
}

/// Every card number that begins with the group at `from`.
void add_cards(const Letters& letters, std::size_t from, std::vector<Card>& cards) {
    std::string digits;
    std::size_t separators = 0;
    for (std::size_t i = from; i < letters.size() && digits.size() <= 19 && separators <= separators_max; ++i) {
        if (!is_digit(letters[i])) {
            if (!is_digit_separator(letters[i].code)) return;
            ++separators;
            continue;
        }
        separators = 0;
        digits += static_cast<char>('0' + decimal_digit(letters[i].code));
        const bool ends_group = i + 1 == letters.size() || !is_digit(letters[i + 1]);
        if (ends_group && is_card(digits))
            cards.push_back({{letters[from].begin, letters[i].end}, is_plain(letters, from, i + 1)});
    }
}

std::vector<Card> cards_in(std::string_view text) {
    std::vector<Card> cards;
    for (const Letters& letters : readings_of(text)) {
        for (std::size_t i = 0; i < letters.size(); ++i) {
            if (is_digit(letters[i]) && (i == 0 || !is_digit(letters[i - 1]))) add_cards(letters, i, cards);
        }
    }
    return cards;
}

}  // namespace

void judge(std::string_view text) {
    const auto all = cards_in(text);
    const auto found = find_card_number(text);
    if (std::ranges::any_of(all, &Card::plain)) expect(found.has_value(), "a card number is found where one plainly is");
    (void)names_card_secret(text);
    if (!found) return;
    expect(std::ranges::find(all, *found, &Card::span) != all.end(),
           "what is found is a card number from its first digit to its last");
    const auto next = find_card_number(text, found->end);
    expect(!next || next->begin >= found->end, "the search goes on behind what was found");
}

}  // namespace tollgate::fuzz
