#pragma once

#include "stores/reconciliation.hpp"
#include "stores/sqlite/database.hpp"

namespace tollgate::sqlite {

/// The transitions of ReconciliationStore, inside the transaction the caller has open.
class ReconciliationWrites {
public:
    explicit ReconciliationWrites(Database& database);

    [[nodiscard]] Result<std::optional<std::uint64_t>> claim_run(std::chrono::sys_days day, WallTime now, WallTime lease_until,
                                                                 WallTime done_since);
    [[nodiscard]] Result<void> extend_run(std::chrono::sys_days day, std::uint64_t fence, WallTime lease_until);
    [[nodiscard]] Result<void> finish_run(std::chrono::sys_days day, std::uint64_t fence, const std::string& report,
                                          WallTime now);
    [[nodiscard]] Result<void> note_action(std::chrono::sys_days day, const std::string& action);

    /// For an owner that knows every earlier one to be dead.
    void end_all_leases();

private:
    Statement claim_;
    Statement extend_;
    Statement finish_;
    Statement note_;
    Statement end_leases_;
};

}  // namespace tollgate::sqlite
