#include "payments/checkout.hpp"

#include <utility>

#include "async/one_shot.hpp"
#include "payments/keys.hpp"
#include "payments/problem.hpp"
#include "pipeline/idempotent.hpp"

namespace tollgate {
namespace {

/// How soon a client should ask again about a charge that is on its way.
constexpr Milliseconds ask_again{1'000};

/// How often somebody is called about a charge that cannot be read.
constexpr Milliseconds page_again{3'600'000};

using Outcome = OneShot<Result<ChargeAnswer>>;

/// What is told of a charge with which nothing is left to do.
ChargeAnswer ended(const Charge& charge) {
    ChargeAnswer answer{.answer = final_answer(charge), .charge_id = charge.id};
    if (charge.failure) answer.retry_after = charge.failure->error.retry_after;
    return answer;
}

/// The refusal of a second charge of an order, naming the first.
ChargeAnswer duplicate_of(const std::string& earlier_id, const Charge& charge) {
    Problem problem{
        .error = {Code::probable_duplicate, "charge " + earlier_id +
                                                " is for the same order, amount and currency; if a second one is meant, say "
                                                "\"allow_duplicate\": true"},
        .request_id = charge.request_id,
        .instance = "/charge",
        .charge_id = earlier_id,
        .errors = {}};
    return {.answer = {http_status(problem.error.code), to_json(problem)}, .charge_id = earlier_id, .retry_after = {}};
}

/// Counts a running saga for as long as it lives.
class Running {
public:
    explicit Running(std::shared_ptr<std::size_t> count) : count_(std::move(count)) { ++*count_; }
    ~Running() { --*count_; }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

private:
    std::shared_ptr<std::size_t> count_;
};

}  // namespace

ChargeAnswer Checkout::accepted(const Charge& charge) {
    return {.answer = {202, to_json(charge)}, .charge_id = charge.id, .retry_after = ask_again};
}

/// What the client hears of a write that failed: who took the charge up meanwhile goes on with it.
PaymentError Checkout::not_ours(PaymentError error) {
    if (error.code != Code::lease_lost) return error;
    return {Code::idempotency_in_flight, "the charge is settled by another process; ask again", ask_again};
}

/// What the client hears of a run's end: who asked for the charge, or for an operation of it.
Result<ChargeAnswer> Checkout::answer_of(const ChargeSaga& saga, ChargeSaga::End end, const std::string& operation) {
    const Charge& charge = saga.charge();
    if (end == ChargeSaga::End::abandoned) return fail(not_ours(saga.error()));
    if (!operation.empty()) {
        const Answer* const settled = saga.answer_to(operation);
        if (settled == nullptr) return accepted(charge);
        return ChargeAnswer{.answer = *settled, .charge_id = charge.id};
    }
    if (end == ChargeSaga::End::finished) return ended(charge);
    if (charge.attention) return ChargeAnswer{.answer = final_answer(charge), .charge_id = charge.id};
    return accepted(charge);
}

/// Runs a saga to its end and waits for that until the time is up; nothing then, and the saga goes on by itself.
Task<std::optional<Result<ChargeAnswer>>> Checkout::run_until(ChargeSaga saga, SteadyTime deadline, std::string operation) {
    auto outcome = std::make_shared<Outcome>(context_.runtime);
    spawn(context_.runtime.executor,
          [](ChargeSaga its, SteadyTime patience, std::string asked, std::shared_ptr<Outcome> told,
             std::shared_ptr<std::size_t> count) -> Task<void> {
              const Running running(std::move(count));
              const auto end = co_await its.run(patience);
              told->set(answer_of(its, end, asked));
          }(std::move(saga), deadline, std::move(operation), outcome, running_));
    co_return co_await outcome->wait_until(deadline);
}

ChargeCommand make_charge_command(Charge charge, std::string fingerprint, WallTime now, const SettlePolicy& policy) {
    charge.id = charge_id(charge.tenant, charge.idempotency_key);
    charge.created_at = now;
    charge.begun_at = now;
    charge.intent = ChargeSaga::first_intent(now);
    BeginCharge begin;
    begin.row.id = charge.id;
    begin.row.tenant = charge.tenant;
    begin.row.idempotency_key = charge.idempotency_key;
    begin.row.fingerprint = std::move(fingerprint);
    begin.row.order_id = charge.request.order_id;
    begin.row.customer_id = charge.request.customer.id;
    begin.row.amount = charge.request.amount.minor;
    begin.row.currency = charge.request.amount.currency.code();
    begin.row.state = to_state(charge);
    begin.row.created_at = now;
    begin.row.begun_at = now;
    begin.row.lease_until = now + policy.lease;
    begin.row.due_at = now;
    begin.allow_duplicate = charge.request.allow_duplicate;
    begin.now = now;
    return {std::move(begin), std::move(charge)};
}

void Checkout::admit(const ChargeCommand& command, Admission& admission) const {
    admission.velocities = context_.screen.counts(subject_of(command.charge));
}

Task<Result<ChargeAnswer>> Checkout::operator()(ChargeCommand command, Begun begun) {
    const SteadyTime deadline = context_.runtime.clock.steady() + charge_timeout_;
    const bool resumed = begun.kind == Begun::Kind::taken_over;
    if (resumed) {
        auto charge = from_state(begun.row);
        if (!charge) co_return fail(std::move(charge.error()));
        charge->actor = std::move(command.charge.actor);
        command.charge = std::move(*charge);
    } else {
        command.charge.counts = context_.screen.counted(subject_of(command.charge), begun.velocities);
        command.charge.attempt = begun.row.attempt;
        command.charge.created_at = begun.row.created_at;
        command.charge.begun_at = begun.row.begun_at;
    }
    const std::string id = command.charge.id;
    ChargeSaga saga(context_, std::move(command.charge), begun.row.fence, resumed, begun.row.lease_until);
    auto answer = co_await run_until(std::move(saga), deadline, {});
    if (answer) co_return std::move(*answer);
    co_return co_await still_running(id, std::move(begun.row.fingerprint));
}

/// The time is up and the saga goes on: the charge as it stands in the store, where it may have ended meanwhile, its key been
/// freed, and another payload begun under it.
Task<Result<ChargeAnswer>> Checkout::still_running(std::string id, std::string fingerprint) {
    auto row = co_await context_.store.find(id);
    if (!row) co_return fail(std::move(row.error()));
    if (!*row) co_return fail(Code::internal, "charge " + id + " is not in the store");
    if ((*row)->fingerprint != fingerprint) {
        co_return fail(refusal_of({.kind = Begun::Kind::reused, .row = {}, .error = {}, .limit = {}}));
    }
    if ((*row)->answer) co_return ChargeAnswer{.answer = *(*row)->answer, .charge_id = id};
    auto charge = from_state(**row);
    if (!charge) co_return fail(std::move(charge.error()));
    co_return finished(*charge) ? ended(*charge) : accepted(*charge);
}

Result<ChargeAnswer> Checkout::present(const ChargeCommand& command, const Begun& begun) const {
    const ChargeRow& row = begun.row;
    if (begun.kind == Begun::Kind::duplicate) return duplicate_of(row.id, command.charge);
    if (begun.kind == Begun::Kind::replay) return ChargeAnswer{.answer = *row.answer, .charge_id = row.id, .replayed = true};
    auto charge = from_state(row);
    if (!charge) return fail(std::move(charge.error()));
    if (begun.kind == Begun::Kind::settled) {
        return ChargeAnswer{.answer = final_answer(*charge), .charge_id = row.id, .replayed = true};
    }
    // Who was told 202 once is never told 409 again.
    const bool first_still_waits =
        row.status == ChargeStatus::processing && !charge->parked && command.begin.now < row.begun_at + charge_timeout_;
    if (first_still_waits) {
        return fail(Code::idempotency_in_flight, "a request with this key is still running; ask again for its answer",
                    ask_again);
    }
    return accepted(*charge);
}

/// Leaves a charge that this version cannot read as it is, for the page to be answered.
Task<void> Checkout::set_aside(ChargeRow row) {
    [[maybe_unused]] const auto written = co_await give_back(std::move(row), context_.runtime.clock.wall() + page_again);
}

/// Writes a charge as it is, owned by nobody; and what it was asked for and does not allow.
Task<Result<void>> Checkout::give_back(ChargeRow row, std::optional<WallTime> due_at, std::vector<OperationRecord> refused) {
    const WallTime now = context_.runtime.clock.wall();
    Transition transition{.id = row.id, .fence = row.fence, .status = row.status, .live = row.live};
    transition.lease_until = now;
    transition.due_at = due_at;
    transition.frees_key = row.key_free;
    if (const auto charge = from_state(row)) transition.at_risk = at_risk(*charge);
    transition.state = std::move(row.state);
    transition.operations = std::move(refused);
    transition.now = now;
    return context_.store.advance(std::move(transition));
}

Task<void> Checkout::resume(ChargeRow row) {
    return go_on(std::move(row), context_.runtime.clock.steady(), {});
}

Task<bool> Checkout::retry(ChargeRow row, Milliseconds patience, Actor actor) {
    const SteadyTime until = context_.runtime.clock.steady() + patience;
    const auto ended = std::make_shared<OneShot<bool>>(context_.runtime);
    spawn(context_.runtime.executor, [](Task<void> run, std::shared_ptr<OneShot<bool>> told) -> Task<void> {
        co_await std::move(run);
        told->set(true);
    }(go_on(std::move(row), until, std::move(actor)), ended));
    co_return (co_await ended->wait_until(until)).has_value();
}

Task<void> Checkout::go_on(ChargeRow row, SteadyTime patience, std::optional<Actor> actor) {
    auto charge = from_state(row);
    if (!charge) {
        context_.pager.page(
            {.kind = "unknown_outcome_stuck", .severity = "critical", .charge_id = row.id, .detail = charge.error().detail});
        co_await set_aside(std::move(row));
        co_return;
    }
    if (actor) {
        charge->actor = std::move(*actor);
        remember(*charge, {.at = context_.runtime.clock.wall(), .who = charge->actor.who, .what = "saga.retry", .outcome = ""});
    }
    ChargeSaga saga(context_, std::move(*charge), row.fence, true, row.lease_until);
    co_await run_alone(std::move(saga), patience);
}

/// Without anybody who waits for its end.
Task<void> Checkout::run_alone(ChargeSaga saga, SteadyTime patience) {
    const Running running(running_);
    [[maybe_unused]] const auto end = co_await saga.run(patience);
}

}  // namespace tollgate
