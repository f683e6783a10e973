#pragma once

#include <vector>

#include "core/meter.hpp"
#include "core/pager.hpp"
#include "payments/charge.hpp"
#include "payments/hear.hpp"
#include "payments/outside_calls.hpp"
#include "saga/hand_over.hpp"
#include "saga/settle.hpp"

namespace tollgate {

struct SagaPolicy {
    SettlePolicy settle;
    Milliseconds action_timeout{3'600'000};
    bool tells_shop = false;         // writes the shop's events with the steps they tell of
    bool captures_expiring = false;  // what nobody has captured shortly before its authorization runs out; else it is voided
};

/// What every saga of one thread borrows; all of it outlives them.
struct SagaContext {
    const Runtime& runtime;
    ChargeStore& store;
    AuditLog& audit;
    const OutsideCalls& outside;
    const fraud::Screen& screen;
    Pager& pager;
    HandOver& hand_over;
    SagaPolicy policy;
    DurationMeter* meter = nullptr;  // hears, as "charge_settled", how long a charge took to each status; none: nobody
};

/// One owner's run of a checkout: reserve, authorize, capture, ship, and their undoing in reverse.
///
/// Every call outward is preceded by its durable intent and followed by its durable result, which carries the next intent:
/// a crash at any instruction leaves a row from which a successor goes on under the same derived keys. Every write carries
/// the owner's fence.
class ChargeSaga {
public:
    enum class End : std::uint8_t {
        finished,   // nothing is left to do; the answer is durable, or the key free
        parked,     // it waits in the store, owned by nobody, until it is due
        abandoned,  // the store stayed away, or another owner took over: the store has the truth
    };

    /// `resumed`: the row was somebody else's before; its intent may have left. `lease_until` is the row's own.
    ChargeSaga(SagaContext context, Charge charge, std::uint64_t fence, bool resumed, WallTime lease_until = WallTime::max());

    /// Writes what was heard of the charge or asked of it, which `charge` holds already, and what follows from it; for an owner
    /// that took the charge for this, before any `run`. What is under way by an intent that still stands goes on when it is
    /// due, at `due_at`. Nothing when it is durable and there is more to do: then `run` it.
    Task<std::optional<End>> note(Heard heard, std::optional<WallTime> due_at);

    /// Runs until one of the ends. Waits for an unknown outcome only as long as `patience` lasts, then parks.
    Task<End> run(SteadyTime patience);

    [[nodiscard]] const Charge& charge() const noexcept { return charge_; }
    /// How an operation ended, where that is durable since this owner's time began.
    [[nodiscard]] const Answer* answer_to(const std::string& operation) const noexcept;
    /// Why it was abandoned.
    [[nodiscard]] const PaymentError& error() const noexcept { return error_; }

    /// The intent a charge begins with; the caller makes it durable with `begin`.
    static Intent first_intent(WallTime now) noexcept { return {.step = Step::reserve, .since = now}; }

private:
    [[nodiscard]] bool left_nothing() const noexcept;
    Task<std::optional<End>> take_up();
    bool expire(WallTime at);
    Task<bool> hold();
    Task<Result<void>> call(Ask ask);
    [[nodiscard]] CallContext call_context(Ask ask) const;
    [[nodiscard]] const GatewayTraits& traits() const noexcept;
    void choose_next(WallTime now);
    void screen();
    void step_up();
    void count_failure();
    void remember_call(Step step, Ask ask, const Result<void>& answer);
    void remember_payments();
    void write_down();
    void write_down(std::string what, std::string outcome);
    void keep_refund(std::string id);
    void refuse_refund(const PaymentError& error);
    Verdict judge(const PaymentError& error, Asked asked, WallTime now);
    void page(const char* kind, const PaymentError& error);
    /// `lease` counts from the write on; none gives the charge back.
    Task<bool> save(Milliseconds lease, std::optional<WallTime> due_at);
    [[nodiscard]] Transition transition(WallTime at, WallTime lease_until, std::optional<WallTime> due_at) const;
    Task<End> close();
    void tell_status();
    void settle_operations();
    /// Well within the lease: what is learned must be written under it.
    [[nodiscard]] SteadyTime call_deadline() const noexcept { return held_until_ - context_.policy.settle.lease / 5; }
    [[nodiscard]] WallTime now() const noexcept { return context_.runtime.clock.wall(); }

    SagaContext context_;
    Charge charge_;
    std::uint64_t fence_;
    bool resumed_;
    WallTime due_;                             // when a successor may go on, once the lease is over; moves only with a wait
    WallTime lease_until_;                     // the lease as the store knows it …
    SteadyTime held_until_{};                  // … and as this process may count on it: from before it was written
    WallTime last_before_{};                   // the intent's `last`, but for the call sent again just now
    std::vector<LedgerEntry> ledger_;          // what moved since the last write …
    std::vector<Event> events_;                // … and what the shop is told of it
    std::vector<Velocity> velocities_;         // … and what is counted with it
    std::vector<OperationRecord> operations_;  // … and those asked for or settled with it
    std::vector<OperationRecord> settled_;     // what came of them
    PaymentError error_;
};

}  // namespace tollgate
