#pragma once

#include "stores/reconciliation.hpp"
#include "stores/sqlite/store_parts.hpp"

namespace tollgate::sqlite {

/// What a SqliteStore, whose parts it borrows, has for reconciliation.
class SqliteReconciliation final : public ReconciliationStore {
public:
    explicit SqliteReconciliation(StoreParts& parts) noexcept : parts_(parts) {}

    Task<Result<LedgerPage>> ledger_of(LedgerQuery query) override;
    Task<Result<std::optional<std::uint64_t>>> claim_run(std::chrono::sys_days day, WallTime now, WallTime lease_until,
                                                         WallTime done_since) override;
    Task<Result<void>> extend_run(std::chrono::sys_days day, std::uint64_t fence, WallTime lease_until) override;
    Task<Result<void>> finish_run(std::chrono::sys_days day, std::uint64_t fence, std::string report, WallTime now) override;
    Task<Result<std::optional<ReconciliationRun>>> find_run(std::chrono::sys_days day) override;
    Task<Result<void>> note_action(std::chrono::sys_days day, std::string action) override;
    Task<Result<bool>> is_noted(std::chrono::sys_days day, std::string action) override;

private:
    StoreParts& parts_;
};

}  // namespace tollgate::sqlite
