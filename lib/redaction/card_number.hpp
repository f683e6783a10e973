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
/// begin like a known brand's and are as many as that brand uses. The digits may be those of any script, and grouped at will by
/// up to three spaces, dashes, dots, pluses and characters without width between two of them (redaction/unicode.hpp). Digits
/// and separators may be escapes of JSON and percent escapes, and escapes of these; since nobody says whether a text is JSON or
/// percent-encoded, it is read in each way that it has signs for (redaction/symbols.hpp). A card number is not looked for
/// inside a longer unbroken run of digits, and what plainly is something else is none: a UUID, a trace id, a hash, a date, a
/// time, an address, a decimal (redaction/near_number.hpp). Linear in the length of the text.
[[nodiscard]] std::optional<CardSpan> find_card_number(std::string_view text, std::size_t from = 0) noexcept;

[[nodiscard]] inline bool holds_card_number(std::string_view text) noexcept {
    return find_card_number(text).has_value();
}

/// Whether a member of that (decoded) name would hold a card's verification code: cvv, cvc, cvv2, cvc2, cid, csc,
/// card_verification…, security_code and the like, in any case, with "-", "_" or spaces anywhere between; and as a word of a
/// longer name ("card_cvv", "cvcCode"), but for cid and csc, which alone mean too many other things.
[[nodiscard]] bool names_card_secret(std::string_view member_name) noexcept;

}  // namespace tollgate
