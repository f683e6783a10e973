#include "payments/charge_saga.hpp"

#include <algorithm>
#include <utility>

#include "core/mutant.hpp"
#include "payments/operation.hpp"
#include "payments/shop_events.hpp"
#include "resilience/backoff.hpp"

namespace tollgate {
namespace {

constexpr Backoff between_writes{.base_delay = Milliseconds(50), .max_delay = Milliseconds(1000), .multiplier = 2.0};

bool store_is_away(const PaymentError& error) {
    return error.code == Code::store_unavailable || error.code == Code::store_unknown;
}

}  // namespace

ChargeSaga::ChargeSaga(SagaContext context, Charge charge, std::uint64_t fence, bool resumed, WallTime lease_until)
    : context_(std::move(context)),
      charge_(std::move(charge)),
      fence_(fence),
      resumed_(resumed),
      due_(charge_.begun_at),
      lease_until_(lease_until) {
    const Milliseconds lease = context_.policy.settle.lease;
    held_until_ = context_.runtime.clock.steady() + std::clamp(lease_until_ - now(), Milliseconds(0), lease);
}

Task<ChargeSaga::End> ChargeSaga::run(SteadyTime patience) {
    const Milliseconds lease = context_.policy.settle.lease;
    bool first_call = !resumed_ || left_nothing();
    if (resumed_ && first_call) {
        if (const auto end = co_await take_up()) co_return *end;
    }

    bool send_again = false;
    while (charge_.intent) {
        if (!co_await hold()) co_return End::abandoned;
        const Ask ask = send_again ? Ask::perform : how_to_ask(*charge_.intent, first_call, traits(), now());
        const Asked asked{first_call, ask};
        const Step step = charge_.intent->step;
        const auto answer = co_await call(asked.ask);
        const WallTime at = now();
        remember_call(step, asked.ask, answer);

        Verdict verdict{.next = Verdict::Next::give_up};
        if (answer) {
            choose_next(at);
        } else {
            verdict = judge(answer.error(), asked, at);
        }
        if (!charge_.intent) break;

        // Stay the owner, through a wait if there is one, or leave the charge to whoever is there when it is due.
        send_again = verdict.next == Verdict::Next::send_again;
        const bool waits = verdict.next == Verdict::Next::wait || verdict.next == Verdict::Next::wait_anew;
        const SteadyTime wake = context_.runtime.clock.steady() + verdict.delay;
        const bool stays = !context_.hand_over.requested() && (!waits || (wake < patience && !verdict.attention));
        first_call = !send_again && verdict.next != Verdict::Next::wait;
        charge_.intent->sent = stays || !first_call;
        if (!stays) charge_.parked = true;
        if (waits || !stays) due_ = at + verdict.delay;
        if (without(Safeguard::durable_intent) && stays && !waits) continue;
        if (!co_await save(stays ? verdict.delay + lease : Milliseconds(0), due_)) co_return End::abandoned;
        if (!stays) co_return End::parked;
        if (!waits) continue;
        co_await context_.hand_over.sleep_until(context_.runtime, wake);
        if (context_.hand_over.requested()) {
            charge_.intent->sent = !first_call;
            charge_.parked = true;
            co_return co_await save(Milliseconds(0), due_) ? End::parked : End::abandoned;
        }
    }
    co_return co_await close();
}

Task<std::optional<ChargeSaga::End>> ChargeSaga::note(Heard heard, std::optional<WallTime> due_at) {
    ledger_ = std::move(heard.ledger);
    remember_payments();
    if (context_.policy.tells_shop) {
        for (const Occurrence& one : heard.occurrences) events_.push_back(occurrence_event(charge_, one, now()));
    }
    const auto next = next_step(charge_);
    if (charge_.intent && next == charge_.intent->step) {
        co_return co_await save(Milliseconds(0), due_at) ? End::parked : End::abandoned;
    }
    choose_next(now());
    if (!charge_.intent) co_return co_await close();
    due_ = now();
    if (!co_await save(context_.policy.settle.lease, due_)) co_return End::abandoned;
    co_return std::nullopt;
}

/// Calls are made by the owner only. One that was held up beyond its lease asks the store first whether it still is that: by
/// now another may have settled the charge, so long ago that the other side has forgotten the key.
Task<bool> ChargeSaga::hold() {
    if (context_.runtime.clock.steady() < call_deadline() && now() < lease_until_) co_return true;
    co_return co_await save(context_.policy.settle.lease, due_);
}

Verdict ChargeSaga::judge(const PaymentError& error, Asked asked, WallTime at) {
    Intent& intent = *charge_.intent;
    const SettlePolicy& policy = context_.policy.settle;
    const bool undoing = charge_.failure || steps_up(charge_);
    Verdict verdict = undoing ? settle_undo(error, asked, intent, traits(), policy, at)
                              : settle_forward(error, asked, intent, traits(), policy, at);
    // A customer who only has to authenticate can wait for a gateway that is away.
    const bool young = at - charge_.begun_at < policy.lease * 10;
    if (undoing && !charge_.failure && verdict.attention && error.execution != Execution::refused && young) {
        verdict.attention = false;
        verdict.page = nullptr;
    }
    if (verdict.page != nullptr) {
        page(verdict.page, error);
        (error.code == Code::echo_mismatch ? intent.mismatch_paged : intent.paged) = true;
    }
    if (verdict.attention) charge_.attention = true;
    if (verdict.attention && !charge_.failure) {
        charge_.failure = Failure{.step = Step::authorize,
                                  .error = {Code::fraud_blocked,
                                            "the customer should have authenticated, and the authorization "
                                            "without that could not be voided in time"}};
    }
    switch (verdict.next) {
        case Verdict::Next::give_up:
            if (intent.step == Step::refund) {
                refuse_refund(error);
            } else {
                charge_.failure = Failure{.step = intent.step, .error = error};
                // What a look-up did not find did not happen: the client may try again.
                if (error.code == Code::never_arrived)
                    charge_.failure->error = {Code::gateway_error, "nothing came of the call"};
                // A new attempt would not know the authorization that this one has replaced, and that news may tell of.
                if (!charge_.superseded_id.empty()) charge_.failure->error.retriable = false;
            }
            choose_next(at);
            break;
        case Verdict::Next::send_again:
            last_before_ = intent.last;
            intent.seen = intent.last = std::max(intent.seen, at);
            break;
        case Verdict::Next::wait_anew:
            intent.since = intent.seen = intent.last = at;
            intent.spent = false;
            ++intent.tries;
            break;
        case Verdict::Next::wait:
            // A call that was told no leaves nothing under way; only those before it may.
            if (asked.ask == Ask::perform && error.execution != Execution::unknown) intent.last = last_before_;
            intent.seen = std::max(intent.seen, at);
            intent.spent = intent.spent || verdict.spent;
            ++intent.tries;
            break;
    }
    if (verdict.new_key) ++intent.round;
    return verdict;
}

void ChargeSaga::choose_next(WallTime at) {
    screen();
    const auto step = next_step(charge_);
    charge_.intent = step ? std::optional(Intent{.step = *step, .since = at}) : std::nullopt;
    if (step == Step::authorize) charge_.intent->round = charge_.actions + (charge_.step_up == StepUp::done ? 1 : 0);
    if (step == Step::void_authorization) charge_.intent->round = charge_.void_round;
}

void ChargeSaga::page(const char* kind, const PaymentError& error) {
    remember(charge_, {.at = now(), .what = "page", .outcome = kind});
    context_.pager.page({.kind = kind,
                         .severity = "critical",
                         .charge_id = charge_.id,
                         .detail = "step \"" + std::string(name(charge_.intent->step)) + "\": " + error.detail});
}

/// A store that is away for a moment costs its owner that moment and not the charge: it asks again while the lease that it
/// holds lasts. A write may run twice.
Task<bool> ChargeSaga::save(Milliseconds lease, std::optional<WallTime> due_at) {
    const SteadyTime last_try = held_until_ - context_.policy.settle.lease / 10;
    const WallTime at = now();
    count_failure();
    tell_status();
    settle_operations();
    const ChargeStatus before = charge_.kept_status;
    write_down();
    for (int retry = 0;; ++retry) {
        const SteadyTime begun = context_.runtime.clock.steady();
        const WallTime until = now() + lease;
        auto written = co_await context_.store.advance(transition(at, until, due_at));
        if (written) {
            held_until_ = begun + lease;
            lease_until_ = until;
            const ChargeStatus status = charge_.kept_status;
            if (context_.meter != nullptr && status != before)
                context_.meter->observe("charge_settled", at - charge_.begun_at, name(status));
            ledger_.clear();
            events_.clear();
            operations_.clear();
            velocities_.clear();
            co_return true;
        }
        const SteadyTime next = context_.runtime.clock.steady() + exponential(between_writes, retry);
        if (!store_is_away(written.error()) || next > last_try || context_.hand_over.requested()) {
            error_ = std::move(written.error());
            const bool unknown = error_.code == Code::store_unknown;
            write_down("charge.step",
                       (unknown ? "not known to be kept: " : "not kept: ") + std::string(info(error_.code).name));
            co_return false;
        }
        co_await context_.hand_over.sleep_until(context_.runtime, next);
    }
}

/// What came of a call. Money that it moved is told by the ledger, so its moment only says when.
void ChargeSaga::remember_call(Step step, Ask ask, const Result<void>& answer) {
    remember_payments();
    if (answer && !ledger_.empty()) return;
    std::string what = ask == Ask::look_up ? "look up " : "";
    what += name(step);
    std::string outcome = answer ? "done" : std::string(info(answer.error().code).name) + ": " + answer.error().detail;
    const bool challenged = answer && step == Step::authorize && !charge_.redirect_url.empty();
    if (challenged) outcome = "the customer must authenticate";
    remember(charge_, {.at = now(), .what = std::move(what), .outcome = std::move(outcome)});
}

void ChargeSaga::remember_payments() {
    for (const LedgerEntry& entry : ledger_)
        remember(charge_, {.at = now(), .what = std::string(payment_moment) + entry.type, .outcome = {}});
}

/// The shop hears of a status once, with the step that reaches it.
void ChargeSaga::tell_status() {
    const std::string_view type = told_of_status(charge_);
    if (!context_.policy.tells_shop || type.empty() || type == charge_.told) return;
    charge_.told = type;
    events_.push_back(status_event(charge_, now()));
}

/// An operation is written with the first step after it was asked for, and its answer with the one that ends it.
void ChargeSaga::settle_operations() {
    std::erase_if(charge_.operations, [this](const OpenOperation& one) {
        OperationRecord record{one.id, one.fingerprint, outcome_of(charge_, one)};
        if (record.answer) settled_.push_back(record);
        operations_.push_back(std::move(record));
        return operations_.back().answer.has_value();
    });
}

const Answer* ChargeSaga::answer_to(const std::string& operation) const noexcept {
    const auto found = std::ranges::find(settled_, operation, &OperationRecord::id);
    return found == settled_.end() ? nullptr : &*found->answer;
}

Transition ChargeSaga::transition(WallTime at, WallTime lease_until, std::optional<WallTime> due_at) const {
    const bool frees = frees_key(charge_);
    Transition transition{.id = charge_.id,
                          .fence = fence_,
                          .status = status_of(charge_),
                          .live = is_live(charge_),
                          .state = to_state(charge_),
                          .lease_until = lease_until,
                          .due_at = due_at,
                          .answer = {},
                          .frees_key = frees,
                          .ledger = ledger_,
                          .velocities = velocities_,
                          .events = events_,
                          .operations = operations_,
                          .at_risk = at_risk(charge_),
                          .now = at};
    if ((finished(charge_) && !frees) || charge_.attention) transition.answer = final_answer(charge_);
    return transition;
}

CallContext ChargeSaga::call_context(Ask ask) const {
    return {.key = outward_key(charge_), .traceparent = charge_.traceparent, .deadline = call_deadline(), .ask = ask};
}

const GatewayTraits& ChargeSaga::traits() const noexcept {
    switch (charge_.intent->step) {
        case Step::reserve:
        case Step::release:
            return context_.outside.inventory;
        case Step::ship:
        case Step::cancel_shipment:
            return context_.outside.shipping;
        default:
            return context_.outside.gateway;
    }
}

}  // namespace tollgate
