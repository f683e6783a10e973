#pragma once

#include <set>
#include <string>
#include <utility>

#include "stores/reconciliation.hpp"

namespace tollgate::test {

/// The process has died here.
struct Died {};

/// Keeps what was noted beyond the death of its callers; knows no ledger and no runs.
class NotedActions final : public ReconciliationStore {
public:
    std::set<std::pair<std::chrono::sys_days, std::string>> noted;
    int dies_at = -1;         // the call, from now on, whose caller dies
    bool dies_after = false;  // once it was done, not before
    bool is_away = false;

    Task<Result<LedgerPage>> ledger_of(LedgerQuery) override { co_return LedgerPage{}; }
    Task<Result<std::optional<std::uint64_t>>> claim_run(std::chrono::sys_days, WallTime, WallTime, WallTime) override {
        co_return std::nullopt;
    }
    Task<Result<void>> extend_run(std::chrono::sys_days, std::uint64_t, WallTime) override { co_return Result<void>(); }
    Task<Result<void>> finish_run(std::chrono::sys_days, std::uint64_t, std::string, WallTime) override {
        co_return Result<void>();
    }
    Task<Result<std::optional<ReconciliationRun>>> find_run(std::chrono::sys_days) override { co_return std::nullopt; }

    Task<Result<void>> note_action(std::chrono::sys_days day, std::string action) override {
        const bool dies = dies_at-- == 0;
        if (dies && !dies_after) throw Died();
        if (is_away) co_return fail(Code::store_unavailable, "the store is away");
        noted.emplace(day, std::move(action));
        if (dies) throw Died();
        co_return Result<void>();
    }
    Task<Result<bool>> is_noted(std::chrono::sys_days day, std::string action) override {
        if (is_away) co_return fail(Code::store_unavailable, "the store is away");
        co_return noted.contains({day, action});
    }
};

}  // namespace tollgate::test
