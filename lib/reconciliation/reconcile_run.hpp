#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reconciliation/pair_judge.hpp"
#include "reconciliation/reconcile.hpp"
#include "reconciliation/reconcile_first.hpp"
#include "reconciliation/spool.hpp"
#include "reconciliation/spool_thread.hpp"

namespace tollgate::reconciliation {

/// One comparison under way. May go while it waits.
class Run {
public:
    Run(const Runtime& runtime, Books books, std::chrono::sys_days day, Handle handle, Watch watch);
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;
    ~Run();

    Task<Result<Outcome>> all();

private:
    using Phase = Progress::Phase;
    using KnownBy = std::map<std::string, Known, std::less<>>;

    Task<Result<void>> compare();
    Task<Result<void>> read_ledger();
    Task<Result<void>> read_gateway(std::chrono::sys_days listed_under);
    Task<Result<std::vector<Movement>>> movements_of(std::vector<GatewayTransaction> rows, std::chrono::sys_days listed_under);
    Task<Result<void>> spool(std::vector<Movement>& waiting, Spool::Sheet sheet, bool all);
    Task<Result<void>> name_unnamed(std::vector<Movement>& movements);
    Task<Result<void>> look_first();
    Task<Result<void>> read_neighbours();
    Task<Result<void>> judge_open();
    Task<Result<KnownBy>> look_up(const std::vector<Movement>& movements, std::string_view but);
    Task<Result<void>> keep(Verdict& verdict);
    Task<Result<void>> act();
    void tell(Phase phase, std::uint64_t done, std::uint64_t total = 0);

    const Runtime& runtime_;
    Books books_;
    Handle handle_;
    Watch watch_;
    std::optional<Progress> told_;
    Tally tally_;
    std::uint64_t ledger_records_ = 0;
    std::uint64_t gateway_records_ = 0;
    std::unique_ptr<Spool> spool_;
    std::optional<FirstPass> first_;
    SpoolThread thread_;  // goes before what its work borrows
};

}  // namespace tollgate::reconciliation
