#include "service/reconciler.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "reconciliation/report.hpp"
#include "resilience/backoff.hpp"
#include "telemetry/log.hpp"

namespace tollgate {

using namespace std::chrono_literals;
using reconciliation::Alarm;
using reconciliation::Discrepancy;
using reconciliation::Repairs;

namespace {

constexpr Milliseconds look_every{500};
constexpr Milliseconds wait_step{20};
constexpr int looks_back = 7;
constexpr std::chrono::hours longest_run{6};  // then it is given up, and another process may try
constexpr Backoff between_repeats{Milliseconds(60'000), Milliseconds(3'600'000), 2.0};

std::string date_of(std::chrono::sys_days day) {
    return to_rfc3339(day).substr(0, 10);
}

PaymentError stopping() {
    return {Code::shutting_down, "the service shuts down"};
}

}  // namespace

Reconciler::Reconciler(const Runtime& runtime, ReconcilerParts parts)
    : runtime_(runtime), parts_(std::move(parts)), gauges_(parts_.metrics), timer_(runtime.timers.make()), ended_(runtime) {}

Task<void> Reconciler::run() {
    while (!stopping_) {
        if (!asked_.empty()) {
            co_await answer_first();
            continue;
        }
        co_await compare_daily();
        if (stopping_ || !asked_.empty()) continue;
        co_await timer_->wait_until(parts_.daily ? runtime_.clock.steady() + look_every : SteadyTime::max());
    }
    for (auto& [day, asked] : asked_) asked->answer.emplace(fail(stopping()));
    asked_.clear();
    ended_.set(true);
}

void Reconciler::stop() noexcept {
    stopping_ = true;
    timer_->wake();
}

Task<bool> Reconciler::ended(SteadyTime by) {
    const auto end = co_await ended_.wait_until(by);
    co_return end.has_value();
}

Task<Result<std::optional<std::string>>> Reconciler::compare(std::chrono::sys_days day, AuditRecord asker,
                                                             Milliseconds patience) {
    co_return co_await asio::co_spawn(runtime_.executor, wait_for(day, std::move(asker), patience), asio::use_awaitable);
}

/// Who asks for a day that waits already waits for the same answer.
Task<Result<std::optional<std::string>>> Reconciler::wait_for(std::chrono::sys_days day, AuditRecord asker,
                                                              Milliseconds patience) {
    if (stopping_) co_return fail(stopping());
    const auto known = asked_.find(day);
    if (known == asked_.end() && asked_.size() >= asked_max) {
        co_return fail(Code::overloaded, "too many days wait to be compared; ask again in a minute");
    }
    const auto asked = known != asked_.end() ? known->second : std::make_shared<Asked>();
    if (known == asked_.end()) {
        asked->asker = std::move(asker);
        asked->since = runtime_.clock.wall() + 1ms;
        asked_.emplace(day, asked);
        timer_->wake();
    }
    const SteadyTime until = runtime_.clock.steady() + patience;
    while (!asked->answer && runtime_.clock.steady() < until) co_await sleep_for(runtime_, wait_step);
    if (!asked->answer) co_return std::optional<std::string>();
    if (!*asked->answer) co_return fail(asked->answer->error());
    co_return std::optional<std::string>(**asked->answer);
}

Task<bool> Reconciler::is_asked(std::chrono::sys_days day) {
    const auto look = [](const Reconciler* self, std::chrono::sys_days one) -> Task<bool> {
        co_return self->asked_.contains(one);
    };
    co_return co_await asio::co_spawn(runtime_.executor, look(this, day), asio::use_awaitable);
}

Task<void> Reconciler::answer_first() {
    const auto [day, asked] = *asked_.begin();
    auto done = co_await have(day, asked->asker, asked->since);
    if (done) {
        asked->answer.emplace(std::move(done->report));
    } else {
        asked->answer.emplace(fail(std::move(done.error())));
    }
    asked_.erase(day);
}

/// The first day of the last week that should have been compared and was not: one that was begun, one behind another that was
/// compared, or yesterday.
Task<Result<std::optional<Reconciler::Due>>> Reconciler::first_due(std::chrono::sys_days yesterday) {
    bool follows = false;
    for (auto day = yesterday - std::chrono::days(looks_back - 1); day <= yesterday; day += std::chrono::days(1)) {
        const auto run = co_await parts_.books.ledger.find_run(day);
        if (!run) co_return fail(run.error());
        const bool finished = *run && (*run)->finished_at;
        const bool done = finished && *(*run)->finished_at >= due_at(day);
        if (!done && (follows || *run || day == yesterday)) co_return Due{.day = day, .again = finished};
        follows = follows || done;
    }
    co_return std::optional<Due>();
}

Task<void> Reconciler::compare_daily() {
    if (!parts_.daily || runtime_.clock.steady() < not_before_) co_return;
    const auto yesterday = std::chrono::floor<std::chrono::days>(runtime_.clock.wall() - *parts_.daily) - std::chrono::days(1);
    if (done_ == yesterday) co_return;
    const auto due = co_await first_due(yesterday);
    if (due && !*due) {
        done_ = yesterday;
        co_return;
    }
    // Whoever was just done with a day that is to be done again has told nobody else when.
    if (due && (*due)->again && std::exchange(waited_for_, (*due)->day) != (*due)->day) co_return wait_to_repeat();
    if (due) {
        const auto day = (*due)->day;
        const auto done = co_await have(day, {.who = "tollgate", .origin = "reconcile.at"}, due_at(day));
        if (done && !done->again) {
            repeats_ = 0;
            co_return;
        }
        waited_for_ = day;
    }
    wait_to_repeat();
}

WallTime Reconciler::due_at(std::chrono::sys_days day) const {
    return day + std::chrono::days(1) + *parts_.daily;
}

void Reconciler::wait_to_repeat() {
    not_before_ = runtime_.clock.steady() + exponential(between_repeats, repeats_++);
}

/// The day's report of that time or later: that of another process, which is waited for while it holds its lease, or our own.
Task<Result<Reconciler::Done>> Reconciler::have(std::chrono::sys_days day, AuditRecord asker, WallTime since) {
    while (!stopping_) {
        auto report = co_await report_since(day, since);
        if (!report) co_return fail(std::move(report.error()));
        if (*report) co_return Done{std::move(**report)};
        const WallTime now = runtime_.clock.wall();
        const auto fence = co_await parts_.books.ledger.claim_run(day, now, now + parts_.lease, since);
        if (!fence) co_return fail(fence.error());
        if (*fence) {
            auto claimed = std::make_shared<Claimed>(Claimed{.day = day, .fence = **fence});
            auto done = co_await compare_claimed(std::move(claimed), asker);
            if (done || done.error().code != Code::lease_lost) co_return done;
        }
        co_await sleep_for(runtime_, look_every);
    }
    co_return fail(stopping());
}

Task<Result<std::optional<std::string>>> Reconciler::report_since(std::chrono::sys_days day, WallTime since) {
    auto run = co_await parts_.books.ledger.find_run(day);
    if (!run) co_return fail(std::move(run.error()));
    const bool fresh = *run && (*run)->finished_at && *(*run)->finished_at >= since;
    co_return fresh ? std::optional(std::move((*run)->report)) : std::nullopt;
}

Task<Result<Reconciler::Done>> Reconciler::compare_claimed(std::shared_ptr<Claimed> claimed, AuditRecord asker) {
    const std::string what = "reconcile.run " + date_of(claimed->day);
    write_down(asker, what, "attempt");
    spawn(runtime_.executor, keep_lease(claimed));
    auto done = co_await compare_and_act(claimed, asker);
    claimed->over = true;
    write_down(std::move(asker), what, done ? "compared" : std::string(info(done.error().code).name));
    if (done) co_return done;
    log::warn("a day could not be compared with the gateway", {{"date", date_of(claimed->day)}, {"why", done.error().detail}});
    static_cast<void>(co_await parts_.books.ledger.extend_run(claimed->day, claimed->fence, runtime_.clock.wall()));
    co_return done;
}

Task<Result<Reconciler::Done>> Reconciler::compare_and_act(std::shared_ptr<Claimed> claimed, const AuditRecord& asker) {
    const std::chrono::sys_days day = claimed->day;
    Alarm alarm(parts_.books.ledger, parts_.page, day, Alarm::Notes::write);
    const auto repaired = [&](const Discrepancy& found, std::string_view action) {
        write_down(asker, "reconcile." + std::string(action), std::string(name(found.kind)), found.charge_id);
    };
    const auto may_go_on = [&]() -> Result<void> {
        if (stopping_) return fail(stopping());
        if (claimed->lost) return fail(Code::lease_lost, "another process compares the day by now");
        return {};
    };
    Repairs repairs(runtime_, {parts_.books.ledger, parts_.events, parts_.look_up, may_go_on, repaired}, day);
    const auto act = [&](std::vector<Discrepancy>& found) -> Task<Result<void>> {
        std::vector<Discrepancy*> missed;
        for (Discrepancy& one : found) {
            if (auto goes_on = may_go_on(); !goes_on) co_return goes_on;
            if (Repairs::is_for(one)) missed.push_back(&one);
            if (!Alarm::is_for(one)) continue;
            const auto called = co_await alarm.call(one);
            if (!called) co_return fail(called.error());
            if (*called) write_down(asker, "reconcile.page", std::string(name(one.kind)), one.charge_id);
        }
        co_return co_await repairs.repair(std::move(missed));
    };
    reconciliation::Books books = parts_.books;
    books.gateway = [this, may_go_on](std::chrono::sys_days asked, std::string cursor) -> Task<Result<TransactionPage>> {
        if (auto goes_on = may_go_on(); !goes_on) co_return fail(std::move(goes_on.error()));
        co_return co_await parts_.books.gateway(asked, std::move(cursor));
    };
    auto outcome = co_await parts_.compare(runtime_, std::move(books), day, act, {});
    if (!outcome) co_return fail(std::move(outcome.error()));

    Done done{.report = {}, .again = repairs.repairs() > 0 || alarm.unheard()};
    const auto written = write_json(
        *outcome,
        [&done](std::string_view piece) -> Result<void> {
            done.report += piece;
            return {};
        },
        discrepancies_max);
    if (!written) co_return fail(written.error());
    const WallTime now = runtime_.clock.wall();
    // What is to be done again counts as done so long ago that whoever looks next finds it due.
    const WallTime as_of = done.again ? WallTime(day) : now;
    auto finished = co_await parts_.books.ledger.finish_run(day, claimed->fence, done.report, as_of);
    if (!finished) co_return fail(std::move(finished.error()));
    gauges_.show(outcome->tally, now);
    log::write(outcome->tally.discrepancies() == 0 ? log::Level::info : log::Level::warn, "a day was compared with the gateway",
               {{"date", date_of(day)}, {"summary", summary(outcome->tally)}});
    co_return done;
}

Task<void> Reconciler::keep_lease(std::shared_ptr<Claimed> claimed) {
    const SteadyTime end = runtime_.clock.steady() + longest_run;
    SteadyTime next = runtime_.clock.steady() + parts_.lease / 3;
    while (!claimed->over && !stopping_) {
        co_await sleep_for(runtime_, std::min<Milliseconds>(parts_.lease / 3, look_every));
        if (claimed->over || runtime_.clock.steady() < next) continue;
        next = runtime_.clock.steady() + parts_.lease / 3;
        if (next > end) claimed->lost = true;
        if (claimed->lost) co_return;
        const WallTime until = runtime_.clock.wall() + parts_.lease;
        const auto kept = co_await parts_.books.ledger.extend_run(claimed->day, claimed->fence, until);
        claimed->lost = !kept && kept.error().code == Code::lease_lost;
    }
}

void Reconciler::write_down(AuditRecord record, std::string what, std::string outcome, std::string charge_id) {
    record.at = runtime_.clock.wall();
    record.what = std::move(what);
    record.outcome = std::move(outcome);
    record.charge_id = std::move(charge_id);
    parts_.audit.append(std::move(record));
}

}  // namespace tollgate
