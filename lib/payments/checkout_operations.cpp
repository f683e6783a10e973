// What a checkout does when a client asks something of a charge that exists.
#include <algorithm>
#include <utility>

#include "payments/checkout.hpp"
#include "pipeline/idempotent.hpp"

namespace tollgate {
namespace {

/// While somebody else works on the charge: by chance, so that many who wait do not come in step, and the more seldom the
/// longer it takes.
constexpr Milliseconds look_again_first{20};
constexpr Milliseconds look_again_most{500};

constexpr Milliseconds ask_again{1'000};

ChargeAnswer replayed(Answer answer, const std::string& charge_id) {
    return {.answer = std::move(answer), .charge_id = charge_id, .replayed = true, .retry_after = {}};
}

PaymentError no_such_charge() {
    return {Code::not_found, "there is no charge with this id"};
}

/// For the timeline.
std::string in_words(const OperationRequest& request, Currency currency) {
    std::string words = request.amount ? to_string(Money{*request.amount, currency}) : "";
    if (!request.reason.empty()) words += (words.empty() ? "" : ": ") + request.reason;
    return words;
}

OpenOperation open_operation(std::string id, OperationCommand command) {
    return {std::move(id), command.request.kind, std::move(command.fingerprint), std::move(command.request_id), {}};
}

}  // namespace

Task<Result<ChargeAnswer>> Checkout::operate(OperationCommand command) {
    const SteadyTime deadline = context_.runtime.clock.steady() + charge_timeout_;
    auto row = co_await context_.store.find(command.charge_id);
    if (!row) co_return fail(std::move(row.error()));
    if (!*row || (*row)->tenant != command.tenant) co_return fail(no_such_charge());

    std::string id = operation_id(command.charge_id, (*row)->attempt, command.request.kind, command.idempotency_key);
    for (Milliseconds pause = look_again_first;; pause = std::min(pause * 2, look_again_most)) {
        auto taken = co_await take_for(command, id);
        if (!taken) co_return fail(std::move(taken.error()));
        if (taken->kind == Taken::Kind::known) co_return recall(std::move(*taken), command);
        if (taken->kind == Taken::Kind::taken) {
            co_return co_await carry_out(std::move(taken->row), std::move(command), std::move(id), deadline);
        }
        if (taken->kind != Taken::Kind::owned) co_return fail(no_such_charge());

        const auto most = static_cast<std::uint64_t>(pause.count());
        const Milliseconds wait(1 + static_cast<std::int64_t>(context_.runtime.random.below(most)));
        const SteadyTime next = context_.runtime.clock.steady() + wait;
        if (next >= deadline || context_.hand_over.requested()) {
            co_return fail(Code::idempotency_in_flight, "something else is under way with this charge; ask again", ask_again);
        }
        co_await context_.hand_over.sleep_until(context_.runtime, next);
    }
}

/// Also for an operation that is known, when it is one that goes on.
Task<Result<Taken>> Checkout::take_for(const OperationCommand& command, std::string id) {
    const WallTime now = context_.runtime.clock.wall();
    const WallTime lease_until = now + context_.policy.settle.lease;
    auto taken = co_await context_.store.take_for(command.charge_id, std::move(id), now, lease_until);
    const bool open = taken && taken->kind == Taken::Kind::known && !taken->operation->answer;
    if (!open || taken->operation->fingerprint != command.fingerprint) co_return taken;
    const auto charge = from_state(taken->row);
    if (!charge || !resumes(*charge, command.request.kind)) co_return taken;
    co_return co_await context_.store.take(command.charge_id, now, lease_until, Reach::any);
}

/// What an operation that was asked for before came to.
Result<ChargeAnswer> Checkout::recall(Taken taken, const OperationCommand& command) const {
    OperationRecord& known = *taken.operation;
    if (known.fingerprint != command.fingerprint) {
        return fail(refusal_of({.kind = Begun::Kind::reused, .row = {}, .error = {}, .limit = {}}));
    }
    if (known.answer) return replayed(std::move(*known.answer), command.charge_id);
    auto charge = from_state(taken.row);
    if (!charge) return fail(std::move(charge.error()));
    const bool under_way = std::ranges::find(charge->operations, known.id, &OpenOperation::id) != charge->operations.end();
    auto outcome = under_way ? std::nullopt : outcome_of(*charge, open_operation(known.id, command));
    if (outcome) return replayed(std::move(*outcome), command.charge_id);  // of a confirm that a later one has replaced
    return accepted(*charge);
}

/// The charge is ours: what it allows becomes durable, and then it is done.
Task<Result<ChargeAnswer>> Checkout::carry_out(ChargeRow row, OperationCommand command, std::string id, SteadyTime deadline) {
    const auto due_at = row.due_at;
    auto charge = from_state(row);
    if (!charge) {
        [[maybe_unused]] const auto written = co_await give_back(std::move(row), due_at);
        co_return fail(std::move(charge.error()));
    }
    OpenOperation operation = open_operation(id, command);
    if (was_asked(*charge, id)) {  // its record has outlived its time
        [[maybe_unused]] const auto written = co_await give_back(std::move(row), due_at);
        auto outcome = outcome_of(*charge, operation);
        if (!outcome) co_return accepted(*charge);
        co_return replayed(std::move(*outcome), charge->id);
    }
    if (auto asked = ask_for(*charge, command.request, id); !asked) {
        co_return co_await refuse(std::move(row), *charge, std::move(operation), std::move(asked.error()));
    }
    charge->actor = {command.who(), std::move(command.origin), operation.request_id};
    remember(*charge, {.at = context_.runtime.clock.wall(),
                       .who = charge->actor.who,
                       .what = (command.operated_by.empty() ? "asked." : "operator.") + std::string(name(command.request.kind)),
                       .outcome = in_words(command.request, charge->request.amount.currency)});
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

/// The charge stays as it is. What it will not allow later either is the key's answer from now on.
Task<Result<ChargeAnswer>> Checkout::refuse(ChargeRow row, const Charge& charge, OpenOperation operation, PaymentError error) {
    const auto due_at = row.due_at;
    const bool keeps = error.code == Code::invalid_state || error.code == Code::refund_exceeds_capture;
    if (!keeps) {
        [[maybe_unused]] const auto written = co_await give_back(std::move(row), due_at);
        co_return fail(std::move(error));
    }
    Answer answer = refusal_answer(charge, operation, std::move(error));
    std::vector<OperationRecord> records{{std::move(operation.id), std::move(operation.fingerprint), answer}};
    auto written = co_await give_back(std::move(row), due_at, std::move(records));
    if (!written) co_return fail(not_ours(std::move(written.error())));
    co_return ChargeAnswer{.answer = std::move(answer), .charge_id = charge.id};
}

/// What neither the charge nor the gateway allows changes nothing.
Result<void> Checkout::ask_for(Charge& charge, const OperationRequest& request, const std::string& id) const {
    if (request.amount && context_.outside.check_amount) {
        auto fits = context_.outside.check_amount(Money{*request.amount, charge.request.amount.currency});
        if (!fits) return fits;
    }
    return ask(charge, request, id);
}

}  // namespace tollgate
