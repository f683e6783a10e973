#pragma once

#include "stores/reconciliation.hpp"
#include "stores/sqlite/database.hpp"

namespace tollgate::sqlite {

/// The questions of ReconciliationStore, on one connection, as ChargeReads has those of ChargeStore.
class ReconciliationReads {
public:
    explicit ReconciliationReads(Database& database);

    [[nodiscard]] Result<LedgerPage> ledger_of(const LedgerQuery& query);
    [[nodiscard]] Result<std::optional<ReconciliationRun>> find_run(std::chrono::sys_days day);
    [[nodiscard]] Result<bool> is_noted(std::chrono::sys_days day, const std::string& action);

private:
    Statement ledger_of_;
    Statement find_run_;
    Statement find_note_;
};

}  // namespace tollgate::sqlite
