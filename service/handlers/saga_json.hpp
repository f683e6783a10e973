#pragma once

#include <string>
#include <vector>

#include "payments/charge.hpp"

namespace tollgate {

/// What an operator reads of a saga in a list. `charge` is the row's own; where its state cannot be read, the row must do.
[[nodiscard]] std::string to_saga_json(const ChargeRow& row, const Result<Charge>& charge, WallTime now);

/// The same of one saga alone, with the facts so far and the money that moved.
[[nodiscard]] std::string to_saga_json(const ChargeRow& row, const Result<Charge>& charge, WallTime now,
                                       const std::vector<LedgerEntry>& ledger);

}  // namespace tollgate
