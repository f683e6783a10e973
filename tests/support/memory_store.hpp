#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/memory_charges.hpp"
#include "support/memory_events.hpp"
#include "support/memory_reconciliation.hpp"
#include "support/memory_sessions.hpp"

namespace tollgate::test {

/// Thrown out of a call at which the process "dies": it unwinds, and so destroys, every coroutine on the way. Whoever runs
/// them catches it.
struct Crash {};

/// A ChargeStore with its EventStore, ReconciliationStore and SessionStore, in memory for one thread. What was written stays
/// when its caller crashes.
///
///     store.fail_next_write({Code::store_unavailable, "…"});   // not written; `true`: written, but the caller is not told
///     store.crash_at_write(2, WriteFate::kept);                // the third write from now on; 0 is the next
class MemoryStore : public ChargeStore, public CensusStore {
public:
    enum class WriteFate : std::uint8_t { lost, kept };

    MemoryStore() { charges.keeps_transitions = true; }

    /// What it holds.
    MemoryCharges charges;
    MemoryEvents events;
    MemoryReconciliation reconciliation;
    MemorySessions sessions;

    [[nodiscard]] EventStore& event_store() noexcept { return event_store_; }
    [[nodiscard]] ReconciliationStore& reconciliation_store() noexcept { return reconciliation_store_; }
    [[nodiscard]] SessionStore& session_store() noexcept { return session_store_; }

    void fail_next_write(PaymentError error, WriteFate fate = WriteFate::lost, int times = 1) {
        failure_.emplace(Failure{std::move(error), fate, times});
    }
    void forget_failure() noexcept { failure_.reset(); }
    void crash_at_write(int index, WriteFate fate) { crash_.emplace(index, fate); }
    /// Whether a crash that was asked for has not come yet.
    [[nodiscard]] bool crash_pending() const noexcept { return crash_.has_value(); }
    void forget_crash() noexcept { crash_.reset(); }

    [[nodiscard]] const ChargeRow& row(const std::string& id) const { return *charges.find(id); }
    [[nodiscard]] bool knows(const std::string& id) const { return charges.find(id) != nullptr; }

    Task<Result<Begun>> begin(BeginCharge begin) override {
        Result<Begun> begun = fail(Code::internal, "unset");
        const auto error = write([&] { begun = charges.begin(begin); });
        if (error) co_return fail(*error);
        co_return begun;
    }

    Task<Result<void>> advance(Transition transition) override {
        Result<void> advanced;
        const auto error = write([&] {
            advanced = charges.advance(transition);
            if (advanced) events.queue(transition.events, transition.now);
        });
        if (error) co_return fail(*error);
        co_return advanced;
    }

    Task<Result<std::vector<ChargeRow>>> claim(WallTime now, WallTime lease_until, std::size_t limit) override {
        co_return charges.claim(now, lease_until, limit);
    }

    Task<Result<Taken>> take(std::string id, WallTime now, WallTime lease_until, Reach reach) override {
        co_return charges.take(id, now, lease_until, reach);
    }

    Task<Result<Taken>> take_for(std::string id, std::string operation, WallTime now, WallTime lease_until) override {
        co_return charges.take_for(id, operation, now, lease_until);
    }

    Task<Result<std::optional<ChargeRow>>> find(std::string id) override {
        const ChargeRow* const row = charges.find(id);
        co_return row == nullptr ? std::optional<ChargeRow>() : std::optional<ChargeRow>(*row);
    }

    Task<Result<ChargePage>> page(ChargeQuery query) override { co_return charges.page(query); }

    Task<Result<ChargePage>> survey(SurveyQuery query) override { co_return charges.survey(query); }

    Task<Result<std::vector<ChargeRow>>> expiring(WallTime until, std::size_t limit) override {
        co_return charges.expiring(until, limit);
    }

    Task<Result<std::optional<std::string>>> charge_of(std::string gateway_id) override {
        co_return charges.charge_of(gateway_id);
    }

    Task<Result<std::vector<CurrencyAtRisk>>> money_at_risk() override { co_return charges.money_at_risk(); }

    Task<Result<Census>> census(WallTime now) override {
        Census census;
        charges.count(census, now);
        events.count(census, now);
        co_return census;
    }

    Task<Result<std::vector<LedgerEntry>>> ledger(std::string charge_id) override { co_return charges.ledger(charge_id); }

private:
    class Events final : public EventStore {
    public:
        explicit Events(MemoryStore& store) : store_(store) {}

        Task<Result<Accepted>> accept(Event event, Milliseconds lease) override {
            Accepted accepted{};
            const auto error = store_.write([&] { accepted = store_.events.accept(event, lease); });
            if (error) co_return fail(*error);
            co_return accepted;
        }
        Task<Result<std::vector<StoredEvent>>> claim(EventQueue queue, WallTime now, Milliseconds lease,
                                                     std::size_t limit) override {
            co_return store_.events.claim(queue, now, lease, limit);
        }
        Task<Result<void>> settle(std::vector<Settlement> settlements, WallTime now) override {
            const auto error = store_.write([&] { store_.events.settle(settlements, now); });
            if (error) co_return fail(*error);
            co_return Result<void>();
        }
        Task<Result<std::optional<StoredEvent>>> find(std::string id) override {
            const StoredEvent* const event = store_.events.find(id);
            co_return event == nullptr ? std::optional<StoredEvent>() : std::optional<StoredEvent>(*event);
        }
        Task<Result<EventPage>> dead_letters(DeadLetterQuery query) override { co_return store_.events.dead_letters(query); }
        Task<Result<EventPage>> archive(ArchiveQuery query) override { co_return store_.events.archive(query); }
        Task<Result<Replayed>> replay(std::string id, WallTime now) override {
            Replayed replayed{};
            const auto error = store_.write([&] { replayed = store_.events.replay(id, now); });
            if (error) co_return fail(*error);
            co_return replayed;
        }

    private:
        MemoryStore& store_;
    };

    class Reconciliation final : public ReconciliationStore {
    public:
        explicit Reconciliation(MemoryStore& store) : store_(store) {}

        Task<Result<LedgerPage>> ledger_of(LedgerQuery query) override { co_return store_.charges.ledger_of(query); }
        Task<Result<std::optional<std::uint64_t>>> claim_run(std::chrono::sys_days day, WallTime now, WallTime lease_until,
                                                             WallTime done_since) override {
            std::optional<std::uint64_t> fence;
            const auto error =
                store_.write([&] { fence = store_.reconciliation.claim_run(day, now, lease_until, done_since); });
            if (error) co_return fail(*error);
            co_return fence;
        }
        Task<Result<void>> extend_run(std::chrono::sys_days day, std::uint64_t fence, WallTime lease_until) override {
            Result<void> extended;
            const auto error = store_.write([&] { extended = store_.reconciliation.extend_run(day, fence, lease_until); });
            if (error) co_return fail(*error);
            co_return extended;
        }
        Task<Result<void>> finish_run(std::chrono::sys_days day, std::uint64_t fence, std::string report,
                                      WallTime now) override {
            Result<void> finished;
            const auto error = store_.write([&] { finished = store_.reconciliation.finish_run(day, fence, report, now); });
            if (error) co_return fail(*error);
            co_return finished;
        }
        Task<Result<std::optional<ReconciliationRun>>> find_run(std::chrono::sys_days day) override {
            co_return store_.reconciliation.find_run(day);
        }
        Task<Result<void>> note_action(std::chrono::sys_days day, std::string action) override {
            const auto error = store_.write([&] { store_.reconciliation.note_action(day, action); });
            if (error) co_return fail(*error);
            co_return Result<void>();
        }
        Task<Result<bool>> is_noted(std::chrono::sys_days day, std::string action) override {
            co_return store_.reconciliation.is_noted(day, action);
        }

    private:
        MemoryStore& store_;
    };

    class Sessions final : public SessionStore {
    public:
        explicit Sessions(MemoryStore& store) : store_(store) {}

        Task<Result<void>> open_session(Session session, WallTime now) override {
            const auto error = store_.write([&] { store_.sessions.open(session, now); });
            if (error) co_return fail(*error);
            co_return Result<void>();
        }
        Task<Result<std::optional<Session>>> find_session(std::string id, WallTime now) override {
            co_return store_.sessions.find(id, now);
        }
        Task<Result<void>> end_session(std::string id) override {
            const auto error = store_.write([&] { store_.sessions.end(id); });
            if (error) co_return fail(*error);
            co_return Result<void>();
        }

    private:
        MemoryStore& store_;
    };

    /// One write, with what the test has in store for it.
    template <class Write>
    std::optional<PaymentError> write(Write act) {
        if (crash_ && crash_->first-- == 0) {
            const bool kept = std::exchange(crash_, std::nullopt)->second == WriteFate::kept;
            if (kept) act();
            throw Crash{};
        }
        if (failure_) {
            const Failure failure = *failure_;
            if (--failure_->times == 0) failure_.reset();
            if (failure.fate == WriteFate::kept) act();
            return failure.error;
        }
        act();
        return std::nullopt;
    }

    struct Failure {
        PaymentError error;
        WriteFate fate;
        int times;
    };
    std::optional<Failure> failure_;
    std::optional<std::pair<int, WriteFate>> crash_;
    Events event_store_{*this};
    Reconciliation reconciliation_store_{*this};
    Sessions session_store_{*this};
};

}  // namespace tollgate::test
