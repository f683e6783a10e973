#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "payments/operation.hpp"
#include "payments/request.hpp"

namespace tollgate {

struct ParsedOperation {
    OperationRequest request;
    std::string fingerprint;  // equal for payloads that are equal as JSON values; an empty body is an empty object
};

/// Reads the body of POST /charge/ID/capture (`amount`), /refund (`amount`, `reason`), /void and /confirm (no members). All
/// members are optional, and so is the body. Fails as `parse_charge_request` does.
[[nodiscard]] std::expected<ParsedOperation, Rejection> parse_operation_request(OperationKind kind, std::string_view body);

}  // namespace tollgate
