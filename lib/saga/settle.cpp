#include "saga/settle.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "core/mutant.hpp"
#include "resilience/backoff.hpp"

namespace tollgate {
namespace {

constexpr std::array<std::string_view, 8> step_names{"reserve",         "authorize", "capture", "ship",
                                                     "cancel_shipment", "refund",    "void",    "release"};

/// The latest time that is known of an intent.
WallTime latest(const Intent& intent) noexcept {
    return std::max({intent.since, intent.seen, intent.last});
}

/// Whether a call sent now is sure to arrive as the same call.
bool key_is_still_known(const Intent& intent, const GatewayTraits& traits, WallTime now) noexcept {
    const Milliseconds tolerance = clock_tolerance(traits);
    const bool clock_is_wrong = now + tolerance < latest(intent);
    const Milliseconds age = std::max(now, latest(intent)) - intent.since;
    return !clock_is_wrong && age < traits.key_window - traits.longest_delay - tolerance;
}

/// Whether no call under this key can have an effect any more that it has not had yet.
bool nothing_is_under_way(const Intent& intent, const GatewayTraits& traits, WallTime now) noexcept {
    return now - std::max(intent.since, intent.last) >= traits.longest_delay + clock_tolerance(traits);
}

/// The schedule of look-ups, at most a lease apart; a Retry-After is honoured when it asks for more.
Milliseconds next_look(int tries, const PaymentError& error, const SettlePolicy& policy) noexcept {
    const Milliseconds asked_for = std::min(error.retry_after.value_or(Milliseconds{0}), policy.lease);
    return std::max(look_up_delay(tries, policy.lease), asked_for);
}

/// Unsettled for ten leases: by the clock, or by the waits alone where the window started over or the clock jumped.
bool stuck(const Intent& intent, const SettlePolicy& policy, WallTime now) noexcept {
    Milliseconds waited{0};
    for (int i = 0; i < intent.tries && waited < 10 * policy.lease; ++i) waited += look_up_delay(i, policy.lease);
    return !intent.paged && std::max(waited, now - intent.since) >= 10 * policy.lease;
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

/// A fault that is the key's own answer from now on.
bool spends_the_key(const PaymentError& error, Asked asked, const GatewayTraits& traits) noexcept {
    return traits.replays_faults && error.code == Code::gateway_fault && asked.ask == Ask::perform;
}

/// What follows when a look-up that works found nothing, while its memory is sure to reach back to the first call. Only a
/// look-up can tell that: sending again on any other word could go round without end.
std::optional<Verdict> found_nothing(const PaymentError& error, Asked asked, const Intent& intent, const GatewayTraits& traits,
                                     WallTime now) noexcept {
    const bool looked = traits.looks_up && asked.ask == Ask::look_up;
    if (!looked || error.code != Code::never_arrived || !key_is_still_known(intent, traits, now)) return std::nullopt;
    if (nothing_is_under_way(intent, traits, now)) return Verdict{.next = Verdict::Next::wait_anew, .new_key = intent.spent};
    if (intent.spent) return std::nullopt;
    return Verdict{.next = Verdict::Next::send_again};
}

}  // namespace

std::string_view name(Step step) noexcept {
    return step_names[static_cast<std::size_t>(step)];
}

Ask how_to_ask(const Intent& intent, bool first_call, const GatewayTraits& traits, WallTime now) noexcept {
    if (first_call || without(Safeguard::look_up)) return Ask::perform;
    if (traits.looks_up || intent.spent || !key_is_still_known(intent, traits, now)) return Ask::look_up;
    return Ask::perform;
}

Verdict settle_forward(const PaymentError& error, Asked asked, const Intent& intent, const GatewayTraits& traits,
                       const SettlePolicy& policy, WallTime now) {
    using Next = Verdict::Next;
    const bool before_money = intent.step == Step::reserve || intent.step == Step::authorize;

    if (surely_refused(error, asked)) return {.next = Next::give_up};
    if (surely_not_executed(error, asked)) {
        // A customer who has authenticated is not asked to do so again because the gateway was away for a moment.
        if (before_money && intent.round == 0) return {.next = Next::give_up};
        return {.next = Next::wait_anew,
                .delay = next_look(intent.tries, error, policy),
                .page = stuck(intent, policy, now) ? "unknown_outcome_stuck" : nullptr};
    }
    if (const auto verdict = found_nothing(error, asked, intent, traits, now)) {
        // A spent key cannot be asked again, and before money a new one is the client's to begin.
        return verdict->new_key && before_money ? Verdict{.next = Next::give_up} : *verdict;
    }

    Verdict verdict{.next = Next::wait, .delay = next_look(intent.tries, error, policy)};
    verdict.spent = spends_the_key(error, asked, traits);
    if (error.code == Code::echo_mismatch) {
        if (!intent.mismatch_paged) verdict.page = "echo_mismatch";
    } else if (stuck(intent, policy, now)) {
        verdict.page = "unknown_outcome_stuck";
    }
    return verdict;
}

Verdict settle_undo(const PaymentError& error, Asked asked, const Intent& intent, const GatewayTraits& traits,
                    const SettlePolicy& policy, WallTime now) {
    using Next = Verdict::Next;
    if (const auto verdict = found_nothing(error, asked, intent, traits, now)) return *verdict;

    const bool refused = surely_refused(error, asked);
    const int failures = intent.tries + 1;
    Verdict verdict{.next = refused || surely_not_executed(error, asked) ? Next::wait_anew : Next::wait, .new_key = refused};
    verdict.delay = linear(policy.compensation_delay, intent.tries, compensation_delay_max);
    if (error.retry_after) verdict.delay = std::max(verdict.delay, std::min(*error.retry_after, compensation_delay_max));
    verdict.attention = failures > policy.compensation_retries;
    verdict.spent = spends_the_key(error, asked, traits);
    if (error.code == Code::echo_mismatch && !intent.mismatch_paged) {
        verdict.page = "echo_mismatch";
    } else if (verdict.attention && !intent.paged) {
        verdict.page = "failed_compensation";
    }
    return verdict;
}

}  // namespace tollgate
