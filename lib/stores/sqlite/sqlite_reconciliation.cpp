#include "stores/sqlite/sqlite_reconciliation.hpp"

namespace tollgate::sqlite {

using std::chrono::sys_days;

Task<Result<LedgerPage>> SqliteReconciliation::ledger_of(LedgerQuery query) {
    return parts_.read<LedgerPage>(
        [query = std::move(query)](Session& session) { return session.reconciliation_reads.ledger_of(query); });
}

Task<Result<std::optional<std::uint64_t>>> SqliteReconciliation::claim_run(sys_days day, WallTime now, WallTime lease_until,
                                                                           WallTime done_since) {
    return parts_.write<std::optional<std::uint64_t>>(
        [=](Session& session) { return session.reconciliation_writes.claim_run(day, now, lease_until, done_since); });
}

Task<Result<void>> SqliteReconciliation::extend_run(sys_days day, std::uint64_t fence, WallTime lease_until) {
    return parts_.write<void>(
        [=](Session& session) { return session.reconciliation_writes.extend_run(day, fence, lease_until); });
}

Task<Result<void>> SqliteReconciliation::finish_run(sys_days day, std::uint64_t fence, std::string report, WallTime now) {
    return parts_.write<void>([day, fence, report = std::move(report), now](Session& session) {
        return session.reconciliation_writes.finish_run(day, fence, report, now);
    });
}

Task<Result<std::optional<ReconciliationRun>>> SqliteReconciliation::find_run(sys_days day) {
    return parts_.read<std::optional<ReconciliationRun>>(
        [day](Session& session) { return session.reconciliation_reads.find_run(day); });
}

Task<Result<void>> SqliteReconciliation::note_action(sys_days day, std::string action) {
    return parts_.write<void>(
        [day, action = std::move(action)](Session& session) { return session.reconciliation_writes.note_action(day, action); });
}

Task<Result<bool>> SqliteReconciliation::is_noted(sys_days day, std::string action) {
    return parts_.read<bool>(
        [day, action = std::move(action)](Session& session) { return session.reconciliation_reads.is_noted(day, action); });
}

}  // namespace tollgate::sqlite
