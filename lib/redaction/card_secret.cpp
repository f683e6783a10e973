#include <algorithm>
#include <array>
#include <cstddef>

#include "redaction/card_number.hpp"
#include "redaction/secret_names.hpp"

namespace tollgate {
namespace {

constexpr bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}

constexpr char lower(char c) {
    return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr bool is_separator(char c) {
    return c == '-' || c == '_' || c == ' ';
}

/// A name in lower case and without its separators, cut off where it could no longer be one of ours.
class Squeezed {
public:
    explicit Squeezed(std::string_view name) noexcept {
        for (const char c : name) {
            if (is_separator(c)) continue;
            if (length_ == letters_.size()) break;
            letters_[length_++] = lower(c);
        }
    }

    [[nodiscard]] std::string_view text() const noexcept { return {letters_.data(), length_}; }

private:
    std::array<char, 64> letters_;
    std::size_t length_ = 0;
};

/// Where the word that begins at `at` ends: at a separator, or before a capital after anything else ("cardCvv").
std::size_t word_end(std::string_view name, std::size_t at) noexcept {
    while (++at < name.size() && !is_separator(name[at])) {
        if (is_upper(name[at]) && !is_upper(name[at - 1])) break;
    }
    return at;
}

/// "cvv", "CVV2", "cvcCode" and "cardcvc", but not the "cvc" across the words of "mac_vcard".
bool is_secret_word(std::string_view word) noexcept {
    const Squeezed squeezed(word);
    auto text = squeezed.text();
    if (text.starts_with("cvv") || text.starts_with("cvc")) return true;
    if (text.ends_with('2')) text.remove_suffix(1);
    return text.ends_with("cvv") || text.ends_with("cvc");
}

bool has_secret_word(std::string_view name) noexcept {
    for (std::size_t begin = 0; begin < name.size();) {
        const auto end = word_end(name, begin);
        if (is_secret_word(name.substr(begin, end - begin))) return true;
        begin = end;
    }
    return false;
}

}  // namespace

bool names_card_secret(std::string_view member_name) noexcept {
    const Squeezed squeezed(member_name);
    const auto text = squeezed.text();
    if (std::ranges::find(secret_names, text) != secret_names.end()) return true;
    if (std::ranges::any_of(secret_phrases, [text](std::string_view phrase) { return text.find(phrase) != text.npos; }))
        return true;
    return has_secret_word(member_name);
}

}  // namespace tollgate
