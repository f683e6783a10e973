#include "redaction/card_number.hpp"

#include <array>
#include <bit>
#include <cstdint>

#include "redaction/card_brands.hpp"

namespace tollgate {
namespace {

constexpr std::size_t digits_min = 13;
constexpr std::size_t digits_max = 19;
constexpr int separators_max = 3;

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

constexpr bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// One character of the text as a reader sees it: an escape is what it stands for.
struct Symbol {
    enum class Kind : std::uint8_t { digit, separator, other } kind;
    std::uint8_t digit;
    std::uint8_t length;  // in bytes
};

constexpr Symbol plain(char c, std::uint8_t length) {
    if (is_digit(c)) return {Symbol::Kind::digit, static_cast<std::uint8_t>(c - '0'), length};
    if (c == ' ' || c == '-') return {Symbol::Kind::separator, 0, length};
    return {Symbol::Kind::other, 0, length};
}

Symbol escaped(std::string_view text, std::size_t at) noexcept {
    const auto rest = text.substr(at, 6);
    const bool four_digits =
        rest.size() == 6 && rest[1] == 'u' && is_hex(rest[2]) && is_hex(rest[3]) && is_hex(rest[4]) && is_hex(rest[5]);
    // Of all others only an escaped backslash matters: what follows it is no escape.
    if (!four_digits) return {Symbol::Kind::other, 0, static_cast<std::uint8_t>(rest.starts_with("\\\\") ? 2 : 1)};
    if (rest.starts_with("\\u003") && is_digit(rest[5])) return plain(rest[5], 6);
    if (rest == "\\u0020") return plain(' ', 6);
    if (rest == "\\u002d" || rest == "\\u002D") return plain('-', 6);
    return {Symbol::Kind::other, 0, 6};
}

/// Whether a backslash begins an escape. Nobody says whether a text is JSON, and `\u4111` may be a letter or digits of a card.
enum class Reading : std::uint8_t { as_json, as_it_stands };

Symbol symbol_at(std::string_view text, std::size_t at, Reading reading) noexcept {
    return text[at] == '\\' && reading == Reading::as_json ? escaped(text, at) : plain(text[at], 1);
}

/// The last digits read, at most a card's worth, and where groups begin among them. A candidate begins where a group begins
/// and ends where one ends; so it is never part of a longer unbroken run, and there are few of them.
class Window {
public:
    void push(std::uint8_t digit, std::size_t at, bool begins_group) noexcept {
        last_ = (last_ + 1) % size;
        digits_[last_] = digit;
        places_[last_] = at;
        group_starts_ = (group_starts_ << 1) | (begins_group ? 1U : 0U);
    }

    void clear() noexcept { group_starts_ = 0; }

    /// The longest card number that ends with the last digit, which ends a group. `end` is its end in the text.
    [[nodiscard]] std::optional<CardSpan> card(std::size_t end) const noexcept {
        // Bit n - 1 says that the candidate of n digits begins where a group begins.
        for (auto starts = group_starts_ & candidates; starts != 0;) {
            const auto length = static_cast<std::size_t>(std::bit_width(starts));
            if (is_card(length)) return CardSpan{place(length), end};
            starts &= ~(1U << (length - 1));
        }
        return std::nullopt;
    }

private:
    static constexpr std::size_t size = 32;
    static constexpr std::uint32_t candidates = (1U << digits_max) - (1U << (digits_min - 1));

    [[nodiscard]] std::uint8_t digit(std::size_t from_end) const noexcept { return digits_[(last_ + size - from_end) % size]; }
    [[nodiscard]] std::size_t place(std::size_t length) const noexcept { return places_[(last_ + size - (length - 1)) % size]; }

    [[nodiscard]] bool is_card(std::size_t length) const noexcept {
        std::uint32_t prefix = 0;
        for (std::size_t i = 0; i < card_prefix_digits; ++i) prefix = prefix * 10 + digit(length - 1 - i);
        return is_card_prefix(prefix, length) && luhn(length);
    }

    [[nodiscard]] bool luhn(std::size_t length) const noexcept {
        static constexpr std::array<std::uint8_t, 10> doubled{0, 2, 4, 6, 8, 1, 3, 5, 7, 9};
        unsigned sum = 0;
        for (std::size_t i = 0; i < length; ++i) sum += i % 2 == 0 ? digit(i) : doubled[digit(i)];
        return sum % 10 == 0;
    }

    std::array<std::uint8_t, size> digits_{};
    std::array<std::size_t, size> places_{};
    std::size_t last_ = 0;
    std::uint32_t group_starts_ = 0;
};

/// A UUID of a real version and variant: no card number is written like that, and its digits look like one now and then.
bool is_uuid(std::string_view text) noexcept {
    constexpr std::string_view shape = "hhhhhhhh-hhhh-vhhh-rhhh-hhhhhhhhhhhh";
    if (text.size() != shape.size()) return false;
    for (std::size_t i = 0; i < shape.size(); ++i) {
        const char c = text[i];
        if (shape[i] == '-' ? c != '-' : !is_hex(c)) return false;
        if (shape[i] == 'v' && (c < '1' || c > '8')) return false;
        if (shape[i] == 'r' && (is_digit(c) ? c < '8' : (c | 0x20) > 'b')) return false;
    }
    return true;
}

bool is_in_uuid(std::string_view text, CardSpan span) noexcept {
    const auto dash = text.find('-', span.begin);
    if (dash >= span.end) return false;
    for (const std::size_t before : {8U, 13U, 18U, 23U}) {
        if (dash < before) continue;
        const auto begin = dash - before;
        if (begin <= span.begin && span.end <= begin + 36 && is_uuid(text.substr(begin, 36))) return true;
    }
    return false;
}

/// The next byte that may begin a digit: nothing before it matters.
std::size_t skip_to_digit(std::string_view text, std::size_t at) noexcept {
    while (at < text.size() && !is_digit(text[at]) && text[at] != '\\') ++at;
    return at;
}

/// Reads one run of digits and separators and leaves `at` behind it, or behind whatever else stood there.
std::optional<CardSpan> scan_run(std::string_view text, std::size_t& at, Window& window, Reading reading) noexcept {
    constexpr Symbol end_of_text{Symbol::Kind::other, 0, 0};
    window.clear();
    bool in_group = false;
    int separators = 0;
    std::size_t end = at;
    for (;;) {
        const Symbol symbol = at < text.size() ? symbol_at(text, at, reading) : end_of_text;
        if (symbol.kind == Symbol::Kind::digit) {
            window.push(symbol.digit, at, !in_group);
            in_group = true;
            separators = 0;
            end = at + symbol.length;
        } else {
            if (in_group) {
                if (const auto card = window.card(end); card && !is_in_uuid(text, *card)) return card;
            }
            in_group = false;
            ++separators;
        }
        at += symbol.length;
        if (symbol.kind == Symbol::Kind::other || separators > separators_max) return std::nullopt;
    }
}

std::optional<CardSpan> find(std::string_view text, std::size_t from, Reading reading) noexcept {
    Window window;
    for (std::size_t at = skip_to_digit(text, from); at < text.size(); at = skip_to_digit(text, at)) {
        if (const auto card = scan_run(text, at, window, reading)) return card;
    }
    return std::nullopt;
}

}  // namespace

std::optional<CardSpan> find_card_number(std::string_view text, std::size_t from) noexcept {
    const auto as_json = find(text, from, Reading::as_json);
    if (text.find('\\', from) == text.npos) return as_json;
    const auto as_it_stands = find(text, from, Reading::as_it_stands);
    if (!as_json || (as_it_stands && as_it_stands->begin < as_json->begin)) return as_it_stands;
    return as_json;
}

}  // namespace tollgate
