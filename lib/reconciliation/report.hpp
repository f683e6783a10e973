#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "reconciliation/reconcile.hpp"

namespace tollgate::reconciliation {

/// Takes a report piece by piece, in its order; fails where it cannot be kept.
using Sink = std::function<Result<void>(std::string_view piece)>;

/// As contract section 8 has it; beside amount, currency and status each side has its `id` and `at`. A side that has nothing,
/// and the id of a charge that is none of ours, are null. Reads the findings to their end. Of discrepancies beyond `most` only
/// how many there were is told, in `omitted`; 0: all of them are written.
[[nodiscard]] Result<void> write_json(Outcome& outcome, const Sink& sink, std::size_t most = 0);

/// A line for each discrepancy, RFC 4180, under the header `date,kind,reference,charge_id,type,internal_id,internal_amount,
/// internal_currency,internal_status,internal_at,gateway_id,gateway_amount,gateway_currency,gateway_status,gateway_at,action`.
[[nodiscard]] Result<void> write_csv(Outcome& outcome, const Sink& sink);

}  // namespace tollgate::reconciliation
