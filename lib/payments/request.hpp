#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "payments/charge.hpp"
#include "payments/problem.hpp"

namespace tollgate {

/// Why a body was refused, with every place that is wrong.
struct Rejection {
    PaymentError error;
    std::vector<FieldError> errors;
};

struct ParsedCharge {
    ChargeRequest request;
    std::string fingerprint;  // equal for payloads that are equal as JSON values
};

/// Limits of a charge's strings, in bytes; metadata has Stripe's (docs.stripe.com/api/metadata).
inline constexpr std::size_t text_max = 255;
inline constexpr std::size_t items_max = 100;
inline constexpr std::int64_t quantity_max = 1'000'000;
inline constexpr std::size_t metadata_max = 50;
inline constexpr std::size_t metadata_key_max = 40;
inline constexpr std::size_t metadata_value_max = 500;

/// Reads the body of POST /charge. Fails with `invalid_json`, with `pan_not_accepted` when any string or member name holds
/// a card number or a member is named like a card's security code, or with `validation_failed`. Nothing of the input is
/// quoted.
[[nodiscard]] std::expected<ParsedCharge, Rejection> parse_charge_request(std::string_view body);

/// The Idempotency-Key of a header line: 1–255 visible ASCII characters, bare or as a quoted structured-field string (RFC
/// 8941 section 3.3.3); both forms name the same key. Fails with `idempotency_key_invalid` or `pan_not_accepted`.
[[nodiscard]] Result<std::string> parse_idempotency_key(std::string_view header);

}  // namespace tollgate
