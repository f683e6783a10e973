#pragma once

#include <string>
#include <vector>

#include "core/error.hpp"

namespace tollgate {

/// Where in the body something is wrong: an RFC 6901 pointer and the mend.
struct FieldError {
    std::string pointer;
    std::string detail;

    friend bool operator==(const FieldError&, const FieldError&) = default;
};

/// A failure as a client reads it (RFC 9457, `application/problem+json`).
struct Problem {
    PaymentError error;
    std::string request_id;
    std::string instance;   // the path asked for; empty: left out
    std::string charge_id;  // empty: left out
    std::vector<FieldError> errors;
};

/// The name on the wire: what happens on the way to a gateway is `gateway_error` to a client.
[[nodiscard]] Code public_code(Code code) noexcept;

/// The status a code is answered with.
[[nodiscard]] int http_status(Code code) noexcept;

/// Whatever somebody else may have written (detail, instance, errors) passes `redact`.
[[nodiscard]] std::string to_json(const Problem& problem);

}  // namespace tollgate
