// What a checkout does when a client asks something of a charge that exists.
#include <utility>

#include "payments/checkout.hpp"
#include "pipeline/idempotent.hpp"

namespace tollgate {
namespace {

/// While somebody else works on the charge: by chance, so that many who wait do not come in step.
constexpr Milliseconds look_again_least{10};
constexpr Milliseconds look_again_most{50};

constexpr Milliseconds ask_again{1'000};

ChargeAnswer replayed(Answer answer, const std::string& charge_id) {
    return {.answer = std::move(answer), .charge_id = charge_id, .replayed = true, .retry_after = {}};
}

}  // namespace

/// What can be told without owning the charge.
Task<Result<void>> Checkout::check(const OperationCommand& command) {
    auto row = co_await context_.store.find(command.charge_id);
    if (!row) co_return fail(std::move(row.error()));
    if (!*row || (*row)->tenant != command.tenant) co_return fail(Code::not_found, "there is no charge with this id");
    if (const auto& amount = command.request.amount; amount && context_.outside.check_amount) {
        const auto currency = Currency::from_code((*row)->currency);
        if (currency) co_return context_.outside.check_amount(Money{*amount, *currency});
    }
    co_return Result<void>();
}

Task<Result<ChargeAnswer>> Checkout::operate(OperationCommand command) {
    const SteadyTime deadline = context_.runtime.clock.steady() + charge_timeout_;
    auto checked = co_await check(command);
    if (!checked) co_return fail(std::move(checked.error()));

    std::string id = operation_id(command.charge_id, command.request.kind, command.idempotency_key);
    for (;;) {
        const WallTime now = context_.runtime.clock.wall();
        auto taken = co_await context_.store.take_for(command.charge_id, id, now, now + context_.policy.settle.lease);
        if (!taken) co_return fail(std::move(taken.error()));
        if (taken->kind == Taken::Kind::taken) {
            co_return co_await carry_out(std::move(taken->row), std::move(command), std::move(id), deadline);
        }
        if (taken->kind == Taken::Kind::known) {
            OperationRecord& known = *taken->operation;
            if (known.fingerprint != command.fingerprint) {
                co_return fail(refusal_of({.kind = Begun::Kind::reused, .row = {}, .error = {}, .limit = {}}));
            }
            if (known.answer) co_return replayed(std::move(*known.answer), command.charge_id);
            auto charge = from_state(taken->row);
            if (!charge) co_return fail(std::move(charge.error()));
            co_return accepted(*charge);
        }
        if (taken->kind != Taken::Kind::owned) co_return fail(Code::not_found, "there is no charge with this id");

        const auto spread = static_cast<std::uint64_t>((look_again_most - look_again_least).count());
        const Milliseconds pause =
            look_again_least + Milliseconds(static_cast<std::int64_t>(context_.runtime.random.below(spread)));
        const SteadyTime next = context_.runtime.clock.steady() + pause;
        if (next >= deadline || context_.hand_over.requested()) {
            co_return fail(Code::idempotency_in_flight, "something else is under way with this charge; ask again", ask_again);
        }
        co_await context_.hand_over.sleep_until(context_.runtime, next);
    }
}

/// The charge is ours: what it allows becomes durable, and then it is done.
Task<Result<ChargeAnswer>> Checkout::carry_out(ChargeRow row, OperationCommand command, std::string id, SteadyTime deadline) {
    const auto due_at = row.due_at;
    auto charge = from_state(row);
    if (!charge) {
        co_await give_back(std::move(row), due_at);
        co_return fail(std::move(charge.error()));
    }
    OpenOperation operation{id, command.request.kind, std::move(command.fingerprint), std::move(command.request_id), {}};
    if (was_asked(*charge, id)) {  // its record has outlived its time
        co_await give_back(std::move(row), due_at);
        auto outcome = outcome_of(*charge, operation);
        if (!outcome) co_return accepted(*charge);
        co_return replayed(std::move(*outcome), charge->id);
    }
    if (auto asked = ask(*charge, command.request, id); !asked) {
        co_await give_back(std::move(row), due_at);
        co_return fail(std::move(asked.error()));
    }
    charge->operations.push_back(std::move(operation));
    const std::string charge_id = charge->id;
    ChargeSaga saga(context_, std::move(*charge), row.fence, false, row.lease_until);
    const auto end = co_await saga.note({}, due_at);
    if (end) co_return answer_of(saga, *end, id);
    auto answer = co_await run_until(std::move(saga), deadline, std::move(id));
    if (answer) co_return std::move(*answer);
    auto now = co_await context_.store.find(charge_id);
    if (!now) co_return fail(std::move(now.error()));
    auto standing = from_state(now->value_or(std::move(row)));
    if (!standing) co_return fail(std::move(standing.error()));
    co_return accepted(*standing);
}

}  // namespace tollgate
