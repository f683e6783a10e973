#include "stores/sqlite/reconciliation_writes.hpp"

namespace tollgate::sqlite {
namespace {

std::unexpected<PaymentError> lost() {
    return fail(Code::lease_lost, "another run of this day has begun, or it is done");
}

}  // namespace

// A lease of 0 has ended for good: under that fence it is not taken up again.
ReconciliationWrites::ReconciliationWrites(Database& database)
    : claim_(database,
             "INSERT INTO reconciliation_runs (day, fence, lease_until) VALUES (?1, 1, ?3) ON CONFLICT (day) DO UPDATE"
             " SET fence = fence + 1, lease_until = excluded.lease_until"
             " WHERE lease_until <= ?2 AND (finished_at IS NULL OR finished_at < ?4) RETURNING fence"),
      extend_(database, "UPDATE reconciliation_runs SET lease_until = ?3 WHERE day = ?1 AND fence = ?2 AND lease_until <> 0"),
      finish_(database,
              "UPDATE reconciliation_runs SET lease_until = 0, report = ?3, finished_at = ?4 WHERE day = ?1 AND fence = ?2"),
      note_(database, "INSERT INTO reconciliation_notes (day, action) VALUES (?1, ?2) ON CONFLICT (day, action) DO NOTHING"),
      end_leases_(database, "UPDATE reconciliation_runs SET lease_until = 0 WHERE lease_until <> 0") {}

Result<std::optional<std::uint64_t>> ReconciliationWrites::claim_run(std::chrono::sys_days day, WallTime now,
                                                                     WallTime lease_until, WallTime done_since) {
    std::optional<std::uint64_t> fence;
    Rows rows = claim_.rows(WallTime(day), now, lease_until, done_since);
    while (rows.next()) fence = static_cast<std::uint64_t>(rows.number(0));
    return fence;
}

Result<void> ReconciliationWrites::extend_run(std::chrono::sys_days day, std::uint64_t fence, WallTime lease_until) {
    if (extend_.run(WallTime(day), fence, lease_until) == 0) return lost();
    return {};
}

Result<void> ReconciliationWrites::finish_run(std::chrono::sys_days day, std::uint64_t fence, const std::string& report,
                                              WallTime now) {
    if (finish_.run(WallTime(day), fence, Blob{report}, now) == 0) return lost();
    return {};
}

Result<void> ReconciliationWrites::note_action(std::chrono::sys_days day, const std::string& action) {
    note_.run(WallTime(day), action);
    return {};
}

void ReconciliationWrites::end_all_leases() {
    end_leases_.run();
}

}  // namespace tollgate::sqlite
