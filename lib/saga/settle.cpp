#include "saga/settle.hpp"

#include <algorithm>
#include <array>

#include "resilience/backoff.hpp"

namespace tollgate {
namespace {

constexpr std::array<std::string_view, 8> step_names{"reserve",         "authorize", "capture", "ship",
                                                     "cancel_shipment", "refund",    "void",    "release"};

/// A call sent at the very end of the window may arrive after it: stay well inside.
bool key_is_still_known(const Intent& intent, const GatewayTraits& traits, WallTime now) noexcept {
    return std::max(now, intent.seen) - intent.since < traits.key_window - traits.key_window / 10;
}

/// The schedule of look-ups, at most a lease apart; a Retry-After is honoured when it asks for more.
Milliseconds next_look(int tries, const PaymentError& error, const SettlePolicy& policy) noexcept {
    const Milliseconds asked_for = std::min(error.retry_after.value_or(Milliseconds{0}), policy.lease);
    return std::max(look_up_delay(tries, policy.lease), asked_for);
}

bool stuck(const Intent& intent, const SettlePolicy& policy, WallTime now) noexcept {
    return !intent.paged && now - intent.since >= 10 * policy.lease;
}

/// The same for a step that starts its window over with every try: there the tries tell how long it has waited.
bool stuck_anew(const Intent& intent, const SettlePolicy& policy) noexcept {
    Milliseconds waited{0};
    for (int i = 0; i < intent.tries && waited < 10 * policy.lease; ++i) waited += look_up_delay(i, policy.lease);
    return !intent.paged && waited >= 10 * policy.lease;
}

/// Only a look-up can tell that a call never arrived: sending again on any other word could go round without end.
bool found_nothing(const PaymentError& error, Asked asked) noexcept {
    return error.code == Code::never_arrived && asked.ask == Ask::look_up;
}

/// Whether nothing came of the call, for good. A plain "no" to a repeated call answers that call alone (an API key that was
/// changed meanwhile, say), not what an earlier one did; a look-up tells of the operation itself.
bool surely_refused(const PaymentError& error, Asked asked) noexcept {
    if (error.execution != Execution::refused) return false;
    return asked.first_call || asked.ask == Ask::look_up || error.code != Code::gateway_refused;
}

bool surely_not_executed(const PaymentError& error, Asked asked) noexcept {
    return error.execution == Execution::not_executed && asked.first_call;
}

}  // namespace

std::string_view name(Step step) noexcept {
    return step_names[static_cast<std::size_t>(step)];
}

Ask how_to_ask(const Intent& intent, bool first_call, const GatewayTraits& traits, WallTime now) noexcept {
    if (first_call) return Ask::perform;
    if (traits.looks_up || !key_is_still_known(intent, traits, now)) return Ask::look_up;
    return Ask::perform;
}

Verdict settle_forward(const PaymentError& error, Asked asked, const Intent& intent, const GatewayTraits& traits,
                       const SettlePolicy& policy, WallTime now) {
    using Next = Verdict::Next;
    const bool before_money = intent.step == Step::reserve || intent.step == Step::authorize;

    if (surely_refused(error, asked)) return {.next = Next::give_up};
    if (surely_not_executed(error, asked)) {
        if (before_money) return {.next = Next::give_up};
        return {.next = Next::wait_anew,
                .delay = next_look(intent.tries, error, policy),
                .page = stuck_anew(intent, policy) ? "unknown_outcome_stuck" : nullptr};
    }
    if (found_nothing(error, asked) && key_is_still_known(intent, traits, now)) return {.next = Next::send_again};

    Verdict verdict{.next = Next::wait, .delay = next_look(intent.tries, error, policy)};
    if (error.code == Code::echo_mismatch && !intent.paged) {
        verdict.page = "echo_mismatch";
    } else if (stuck(intent, policy, now)) {
        verdict.page = "unknown_outcome_stuck";
    }
    return verdict;
}

Verdict settle_undo(const PaymentError& error, Asked asked, const Intent& intent, const GatewayTraits& traits,
                    const SettlePolicy& policy, WallTime now) {
    using Next = Verdict::Next;
    if (found_nothing(error, asked) && key_is_still_known(intent, traits, now)) return {.next = Next::send_again};

    const bool refused = surely_refused(error, asked);
    const int failures = intent.tries + 1;
    Verdict verdict{.next = refused || surely_not_executed(error, asked) ? Next::wait_anew : Next::wait, .new_key = refused};
    verdict.delay = linear(policy.compensation_delay, intent.tries, compensation_delay_max);
    if (error.retry_after) verdict.delay = std::max(verdict.delay, std::min(*error.retry_after, compensation_delay_max));
    verdict.attention = failures > policy.compensation_retries;
    if (error.code == Code::echo_mismatch && !intent.paged) {
        verdict.page = "echo_mismatch";
    } else if (verdict.attention && !intent.paged) {
        verdict.page = "failed_compensation";
    }
    return verdict;
}

}  // namespace tollgate
