#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

/// Recognises payment card numbers (PAN) and the names of card secrets, so that neither is ever stored or logged
/// (PCI DSS 4.0, requirements 3.3 and 3.5).
namespace tollgate {

/// Where a card number stands in a text: bytes [begin, end), grouping and escapes included.
struct CardSpan {
    std::size_t begin;
    std::size_t end;

    friend bool operator==(const CardSpan&, const CardSpan&) = default;
};

/// The first card number at or after `from`: 13 to 19 digits with a valid check digit (Luhn, ISO/IEC 7812-1 annex B) that
/// begin like a known brand's and are as many as that brand uses. The digits may be grouped at will by spaces and dashes, up to
/// three between two digits, and digits and separators may be JSON escapes (\u0034), so raw JSON is searched as it is; a text
/// with backslashes is also read as it stands, since it may be none. A card number is not looked for inside a longer unbroken
/// run of digits, and a UUID (RFC 9562) is none. Linear in the length of the text.
[[nodiscard]] std::optional<CardSpan> find_card_number(std::string_view text, std::size_t from = 0) noexcept;

[[nodiscard]] inline bool holds_card_number(std::string_view text) noexcept {
    return find_card_number(text).has_value();
}

/// Whether a member of that (decoded) name would hold a card's verification code: cvv, cvc, cvv2, cvc2, cid, csc,
/// card_verification…, security_code and the like, in any case, with "-", "_" or spaces anywhere between; and as a word of a
/// longer name ("card_cvv", "cvcCode"), but for cid and csc, which alone mean too many other things.
[[nodiscard]] bool names_card_secret(std::string_view member_name) noexcept;

}  // namespace tollgate
