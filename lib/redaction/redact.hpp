#pragma once

#include <string>
#include <string_view>

namespace tollgate {

/// The text without card data, as it may be logged, stored or shown (PCI DSS 4.0, requirements 3.3 and 3.4).
/// - A card number (`find_card_number`) is "************1111", whose last four digits stay.
/// - The content of a magnetic stripe's track (ISO/IEC 7813) behind its number is "[track]".
/// - Three or four digits that are labelled as a verification code ("CVV: 123", `"cvc":"123"`, `security%20code%3D123`), in any
///   case and any of the names that `names_card_secret` knows, are "***"; the label stays.
/// Brand, expiry and last four digits by themselves stay, as does everything else. What comes back holds no card data, so it is
/// the same when it is redacted again. Linear in the length of the text.
[[nodiscard]] std::string redact(std::string_view text);

/// Whether `redact` would change the text: a search without a copy.
[[nodiscard]] bool holds_card_data(std::string_view text) noexcept;

}  // namespace tollgate
