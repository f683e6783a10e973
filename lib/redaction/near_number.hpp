#pragma once

#include <string_view>

#include "redaction/card_number.hpp"
#include "redaction/symbols.hpp"

namespace tollgate {

/// Whether what could be a card number is one of the other things that have so many digits: a UUID (RFC 9562), a traceparent
/// (W3C Trace Context) or a hash in hexadecimal with at least one letter; and, where the digits are not grouped as card numbers
/// are written, a date, a time of day, an IPv4 address or a decimal number; and a telephone number with its plus. It is one
/// when it has only a digit in common with them. Looks at a bounded stretch around it.
[[nodiscard]] bool is_near_number(std::string_view text, CardSpan span, Reading reading) noexcept;

}  // namespace tollgate
