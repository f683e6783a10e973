#pragma once

#include <string>
#include <string_view>

namespace tollgate {

/// The text without card data, as it may be logged, stored or shown (PCI DSS 4.0, requirements 3.3 and 3.4): every card number
/// is "************1111", whose last four digits stay.
[[nodiscard]] std::string redact(std::string_view text);

}  // namespace tollgate
