#include "redaction/labelled_code.hpp"

#include <algorithm>
#include <array>

#include "redaction/secret_names.hpp"
#include "redaction/skip.hpp"
#include "redaction/unicode.hpp"

namespace tollgate {
namespace {

constexpr std::size_t name_max = 24;
constexpr int tail_max = 32;     // letters of "_number" in "cvv_number"
constexpr int between_max = 24;  // characters between name and value
constexpr char32_t end_of_text = 0xFFFD;

constexpr char32_t lower(char32_t code) {
    return code >= 'A' && code <= 'Z' ? code + 0x20 : code;
}

constexpr bool is_letter(char32_t code) {
    return lower(code) >= 'a' && lower(code) <= 'z';
}

bool is_word(char32_t code) noexcept {
    return is_letter(code) || (code >= '0' && code <= '9');
}

/// Reads on, symbol by symbol.
class Cursor {
public:
    Cursor(std::string_view text, std::size_t at, Reading reading) noexcept : text_(text), at_(at), reading_(reading) {
        look();
    }

    [[nodiscard]] char32_t code() const noexcept { return symbol_.code; }
    [[nodiscard]] std::size_t at() const noexcept { return at_; }
    [[nodiscard]] std::size_t end() const noexcept { return at_ + symbol_.length; }
    [[nodiscard]] bool at_end() const noexcept { return at_ >= text_.size(); }
    void step() noexcept {
        at_ += symbol_.length;
        look();
    }

private:
    void look() noexcept { symbol_ = at_end() ? Symbol{end_of_text, 0} : symbol_at(text_, at_, reading_); }

    std::string_view text_;
    std::size_t at_;
    Reading reading_;
    Symbol symbol_{};
};

bool divides_name(char32_t code) noexcept {
    return code == '_' || is_digit_separator(code);
}

bool stands_between(char32_t code) noexcept {
    return code == 0x09 || code == 0x0A || code == 0x0D || divides_name(code) ||
           (code < 0x80 && std::string_view(":=\"'`#()[]>/\\").find(static_cast<char>(code)) != std::string_view::npos);
}

/// Steps over the word if it is one that may stand between name and value.
bool skip_word(Cursor& cursor) noexcept {
    constexpr auto words = std::to_array<std::string_view>({"is", "was", "code", "value", "number", "no", "nr", "num"});
    std::array<char, 8> letters{};
    std::size_t size = 0;
    for (; is_letter(cursor.code()); cursor.step()) {
        if (size == letters.size()) return false;
        letters[size++] = static_cast<char>(lower(cursor.code()));
    }
    return std::ranges::find(words, std::string_view(letters.data(), size)) != words.end();
}

/// Three or four digits, and no letter, underscore or digit behind them.
std::optional<CardSpan> value_at(Cursor cursor) noexcept {
    const std::size_t begin = cursor.at();
    int digits = 0;
    for (; digits < 5 && decimal_digit(cursor.code()) >= 0; ++digits) cursor.step();
    if (digits < 3 || digits > 4 || is_letter(cursor.code()) || cursor.code() == '_') return std::nullopt;
    return CardSpan{begin, cursor.at()};
}

std::optional<CardSpan> value_behind(Cursor cursor) noexcept {
    for (int i = 0; i < between_max; ++i) {
        if (decimal_digit(cursor.code()) >= 0) return value_at(cursor);
        if (stands_between(cursor.code()))
            cursor.step();
        else if (!is_letter(cursor.code()) || !skip_word(cursor))
            return std::nullopt;
    }
    return std::nullopt;
}

/// What has been read of a name: its letters without separators.
struct Name {
    std::array<char, name_max> letters{};
    std::size_t size = 0;
    std::size_t gaps = 0;       // how often separators stood between two letters
    std::size_t first_gap = 0;  // behind how many letters

    [[nodiscard]] std::string_view text() const noexcept { return {letters.data(), size}; }
};

template <class Names>
bool is_one(const Names& all, std::string_view name) noexcept {
    return std::ranges::find(all, name) != all.end();
}

template <class Names>
bool begins_one(const Names& all, std::string_view name) noexcept {
    return std::ranges::any_of(all, [name](std::string_view known) { return known.starts_with(name); });
}

/// The value of the code that the name read so far, which ends before the cursor, is the label of.
std::optional<CardSpan> code_behind(const Name& name, bool begins_word, Cursor cursor) noexcept {
    const std::string_view text = name.text();
    const bool is_phrase = is_one(secret_phrases, text);
    if (!is_phrase && !is_one(secret_names, text)) return std::nullopt;
    const bool is_short = text.size() <= 4;
    // "c-v-v" and "CVV 2", but not the "cc v" of other words.
    if (is_short && name.gaps == 1 && text.back() != '2') return std::nullopt;
    if (!is_short && name.gaps > 0 && name.first_gap < 4) return std::nullopt;
    const bool anywhere = text.starts_with("cvv") || text.starts_with("cvc");
    if (!begins_word && !is_phrase && (!anywhere || name.gaps != 0 || is_letter(cursor.code()))) return std::nullopt;
    if (is_phrase || anywhere) {
        // "cvv_code", "cardVerificationNumber"
        for (int i = 0; i < tail_max && (is_letter(cursor.code()) || cursor.code() == '_'); ++i) cursor.step();
    } else if (is_word(cursor.code())) {
        return std::nullopt;
    }
    return value_behind(cursor);
}

/// The code whose label begins at the cursor.
std::optional<CardSpan> code_at(Cursor cursor, bool begins_word) noexcept {
    Name name;
    while (name.size < name_max) {
        const char32_t code = lower(cursor.code());
        if (!is_letter(code) && code != '2') return std::nullopt;
        name.letters[name.size++] = static_cast<char>(code);
        if (!begins_one(secret_names, name.text()) && !begins_one(secret_phrases, name.text())) return std::nullopt;
        cursor.step();
        if (const auto found = code_behind(name, begins_word, cursor)) return found;
        int divided = 0;
        for (; divided < 3 && divides_name(cursor.code()); ++divided) cursor.step();
        if (divided > 0 && name.gaps++ == 0) name.first_gap = name.size;
    }
    return std::nullopt;
}

/// What a plain letter follows: of what is beyond ASCII only its full-width forms make a difference, of escapes those that one
/// letter tells.
char32_t code_before(std::string_view text, std::size_t at, Reading reading) noexcept {
    constexpr std::size_t full_width = 3;  // bytes
    if (at >= full_width && static_cast<unsigned char>(text[at - full_width]) >= 0xE0) {
        return symbol_at(text, at - full_width, Reading::as_it_stands).code;
    }
    const bool escape = at > 1 && text[at - 2] == '\\' && (reading == Reading::json || reading == Reading::unwrapped);
    return escape ? U'\\' : static_cast<unsigned char>(text[at - 1]);
}

}  // namespace

std::optional<CardSpan> find_labelled_code(std::string_view text, std::size_t from, Reading reading) noexcept {
    char32_t before = end_of_text;
    for (std::size_t at = from;;) {
        const std::size_t place = skip_to_label(text, at, reading);
        if (place == text.size()) return std::nullopt;
        if (place > at) before = code_before(text, place, reading);
        const Cursor cursor(text, place, reading);
        const bool within_name = is_word(before) || before == '_' || before == '-' || before == '.';
        if (const auto found = code_at(cursor, !within_name)) return found;
        before = cursor.code();
        at = cursor.end();
    }
}

}  // namespace tollgate
