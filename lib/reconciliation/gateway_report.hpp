#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "gateway/outside.hpp"

namespace tollgate::reconciliation {

/// A report that a gateway gave out as a file, read piece by piece: the JSON of GET /v1/transactions (one page, or several one
/// after the other), or for a name that ends in .csv (any case) RFC 4180 with the header
/// `id,reference,type,amount,currency,status,created_at`. Rows are checked like those of the gateway's own answers
/// (gateway/transactions.hpp); types that the contract does not name (payout, fee, …) are passed over. A byte order mark,
/// CRLF and a missing last line end are borne.
class GatewayReport {
public:
    /// Fails with a sentence that names the file and the mend.
    [[nodiscard]] static Result<std::unique_ptr<GatewayReport>> open(const std::string& file);
    virtual ~GatewayReport() = default;

    /// The next rows, a thousand or fewer; none: that was all. Fails naming file, line and column, or row and member. Blocks.
    [[nodiscard]] virtual Result<std::vector<GatewayTransaction>> next() = 0;
};

}  // namespace tollgate::reconciliation
