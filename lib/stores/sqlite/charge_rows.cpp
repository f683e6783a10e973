#include "stores/sqlite/charge_rows.hpp"

namespace tollgate::sqlite {

ChargeRow read_charge(const Rows& rows) {
    ChargeRow row;
    row.id = rows.text(1);
    row.tenant = rows.text(2);
    row.idempotency_key = rows.text(3);
    row.fingerprint = rows.text(ChargeColumn::fingerprint);
    row.order_id = rows.text(5);
    row.amount = rows.number(6);
    row.currency = rows.text(7);
    // An unknown name can only come from a hand in the file: somebody has to look at that charge.
    row.status = charge_status_from(rows.text(8)).value_or(ChargeStatus::needs_attention);
    row.live = rows.number(9) != 0;
    row.created_at = rows.time(10);
    row.begun_at = rows.time(11);
    row.attempt = static_cast<int>(rows.number(12));
    row.fence = static_cast<std::uint64_t>(rows.number(13));
    row.lease_until = rows.time(14);
    if (!rows.null(15)) row.due_at = rows.time(15);
    row.key_free = rows.number(16) != 0;
    row.state = rows.blob(19);
    row.customer_id = rows.text(21);
    if (!rows.null(ChargeColumn::answer_status)) {
        row.answer = Answer{static_cast<int>(rows.number(ChargeColumn::answer_status)), std::string(rows.blob(20))};
    }
    return row;
}

}  // namespace tollgate::sqlite
