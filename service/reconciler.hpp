#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "async/one_shot.hpp"
#include "reconciliation/alarm.hpp"
#include "reconciliation/reconcile.hpp"
#include "reconciliation/repairs.hpp"
#include "service/reconciliation_gauges.hpp"

namespace tollgate {

/// What a comparison reads, and what it may do; all that is borrowed outlives the reconciler.
struct ReconcilerParts {
    reconciliation::Books books;
    EventStore& events;
    AuditLog& audit;
    Metrics& metrics;
    std::function<Task<Result<bool>>(std::string charge_id)> look_up;
    reconciliation::Alarm::Deliver page;
    Milliseconds lease{30'000};         // of a run; a process that dies is followed by another one after it
    std::optional<Milliseconds> daily;  // after midnight UTC, compares the day before; none: only who asks
    /// How a day is compared: a test makes it short.
    std::function<decltype(reconciliation::reconcile)> compare = reconciliation::reconcile;
};

/// Compares days, one at a time, on its runtime's thread: those that are asked for, and every day the day before. Of the
/// processes that share a store one does it: whoever takes the run's lease, and another one when that ran out.
///
/// A comparison that fails leaves no report and is tried again: the daily one by itself, after a minute at first and at most an
/// hour. So is a day after something was repaired, to see what came of it, or when nobody took a page, whichever process is
/// there by then. A day that nobody compared in its time, because no process ran or none could, is made up for within a week.
class Reconciler {
public:
    static constexpr std::size_t asked_max = 32;            // days that wait at once
    static constexpr std::size_t discrepancies_max = 1000;  // in a report that is kept; the rest is counted

    Reconciler(const Runtime& runtime, ReconcilerParts parts);

    /// Works until `stop`.
    Task<void> run();
    void stop() noexcept;
    /// Whether `run` completes by then. One waiter.
    Task<bool> ended(SteadyTime by);

    /// Asks for a day, from any thread, and waits for its report: nothing when it is not there by then, though it will be.
    /// `asker` is who, origin and request id for the audit log. Fails as the comparison does, with `overloaded`, or with
    /// `shutting_down`.
    Task<Result<std::optional<std::string>>> compare(std::chrono::sys_days day, AuditRecord asker, Milliseconds patience);

    /// Whether somebody waits for that day here; from any thread.
    Task<bool> is_asked(std::chrono::sys_days day);

private:
    struct Asked {
        AuditRecord asker;
        WallTime since{};  // a report from before will not do
        std::optional<Result<std::string>> answer;
    };
    /// A run that this process has claimed.
    struct Claimed {
        std::chrono::sys_days day;
        std::uint64_t fence = 0;
        bool over = false;
        bool lost = false;
    };
    struct Done {
        std::string report;
        bool again = false;  // more may have become of it
    };

    Task<Result<std::optional<std::string>>> wait_for(std::chrono::sys_days day, AuditRecord asker, Milliseconds patience);
    Task<void> answer_first();
    Task<void> compare_daily();
    struct Due {
        std::chrono::sys_days day;
        bool again = false;  // it was compared, and is to be once more
    };
    Task<Result<std::optional<Due>>> first_due(std::chrono::sys_days yesterday);
    [[nodiscard]] WallTime due_at(std::chrono::sys_days day) const;
    void wait_to_repeat();
    Task<Result<Done>> have(std::chrono::sys_days day, AuditRecord asker, WallTime since);
    Task<Result<std::optional<std::string>>> report_since(std::chrono::sys_days day, WallTime since);
    Task<Result<Done>> compare_claimed(std::shared_ptr<Claimed> claimed, AuditRecord asker);
    Task<Result<Done>> compare_and_act(std::shared_ptr<Claimed> claimed, const AuditRecord& asker);
    Task<void> keep_lease(std::shared_ptr<Claimed> claimed);
    void write_down(AuditRecord record, std::string what, std::string outcome, std::string charge_id = {});

    const Runtime& runtime_;
    ReconcilerParts parts_;
    ReconciliationGauges gauges_;
    std::unique_ptr<Timer> timer_;
    OneShot<bool> ended_;
    std::map<std::chrono::sys_days, std::shared_ptr<Asked>> asked_;
    std::optional<std::chrono::sys_days> done_;        // up to this day nothing is due
    std::optional<std::chrono::sys_days> waited_for_;  // to be compared again
    SteadyTime not_before_ = SteadyTime::min();
    int repeats_ = 0;
    bool stopping_ = false;
};

}  // namespace tollgate
