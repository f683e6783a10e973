#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "stores/reconciliation.hpp"

namespace tollgate::test {

/// What stores/reconciliation.hpp says of runs and of what was noted, in memory and at once: the model, as MemoryCharges is
/// that of charges and of their ledger.
class MemoryReconciliation {
public:
    std::optional<std::uint64_t> claim_run(std::chrono::sys_days day, WallTime now, WallTime lease_until, WallTime done_since) {
        ReconciliationRun& run = runs_[day];
        if (run.lease_until > now || (run.finished_at && *run.finished_at >= done_since)) return std::nullopt;
        run.lease_until = lease_until;
        return ++run.fence;
    }

    Result<void> extend_run(std::chrono::sys_days day, std::uint64_t fence, WallTime lease_until) {
        ReconciliationRun* const run = owned(day, fence);
        if (run == nullptr || run->lease_until == WallTime{}) return fail(Code::lease_lost, "it is over");
        run->lease_until = lease_until;
        return {};
    }

    Result<void> finish_run(std::chrono::sys_days day, std::uint64_t fence, std::string report, WallTime now) {
        ReconciliationRun* const run = owned(day, fence);
        if (run == nullptr) return fail(Code::lease_lost, "it is over");
        *run = {.fence = fence, .lease_until = {}, .finished_at = now, .report = std::move(report)};
        return {};
    }

    [[nodiscard]] std::optional<ReconciliationRun> find_run(std::chrono::sys_days day) const {
        const auto at = runs_.find(day);
        return at == runs_.end() ? std::nullopt : std::optional(at->second);
    }

    void note_action(std::chrono::sys_days day, std::string action) { notes_.emplace(day, std::move(action)); }
    [[nodiscard]] bool is_noted(std::chrono::sys_days day, const std::string& action) const {
        return notes_.contains({day, action});
    }

    /// For an owner that knows every earlier one to be dead.
    void end_leases() {
        for (auto& [day, run] : runs_) run.lease_until = {};
    }

private:
    [[nodiscard]] ReconciliationRun* owned(std::chrono::sys_days day, std::uint64_t fence) {
        const auto at = runs_.find(day);
        return at == runs_.end() || at->second.fence != fence ? nullptr : &at->second;
    }

    std::map<std::chrono::sys_days, ReconciliationRun> runs_;
    std::set<std::pair<std::chrono::sys_days, std::string>> notes_;
};

}  // namespace tollgate::test
