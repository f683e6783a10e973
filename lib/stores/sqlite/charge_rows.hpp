#pragma once

#include <string>

#include "stores/ports.hpp"
#include "stores/sqlite/database.hpp"

namespace tollgate::sqlite {

/// What a statement selects for `read_charge`, in its order; `seq` comes first.
inline const std::string charge_columns =
    "seq, id, tenant, idempotency_key, fingerprint, order_id, amount, currency, status, live, created_at, begun_at, "
    "attempt, fence, lease_until, due_at, key_free, answer_status, answered_at, state, answer_body, customer_id";

/// Where some of them stand, for decisions that need no whole row.
struct ChargeColumn {
    static constexpr int seq = 0;
    static constexpr int fingerprint = 4;
    static constexpr int answer_status = 17;
    static constexpr int answered_at = 18;
};

[[nodiscard]] ChargeRow read_charge(const Rows& rows);

}  // namespace tollgate::sqlite
