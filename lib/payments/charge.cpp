#include "payments/charge.hpp"

#include <algorithm>

#include "core/mutant.hpp"
#include "payments/keys.hpp"
#include "payments/problem.hpp"

namespace tollgate {
namespace {

/// Money is held at the gateway, or something that may come to hold it.
bool holds_authorization(const Charge& charge) noexcept {
    return (charge.authorization || !charge.waiting_id.empty()) && charge.capture_id.empty() && charge.void_id.empty();
}

std::optional<Step> next_undo(const Charge& charge) noexcept {
    if (without(Safeguard::reverse_order) && !charge.reservation_id.empty() && !charge.released) return Step::release;
    if (!charge.shipment_id.empty() && !charge.shipment_canceled) return Step::cancel_shipment;
    if (!charge.capture_id.empty() && unrefunded(charge) > 0) return Step::refund;
    if (holds_authorization(charge)) return Step::void_authorization;
    if (!charge.reservation_id.empty() && !charge.released) return Step::release;
    return std::nullopt;
}

bool needs_customer(const Charge& charge) noexcept {
    return !charge.redirect_url.empty() && !charge.authorization && !charge.failure;
}

/// Authorized, and the shop has not said how much it wants.
bool waits_for_capture(const Charge& charge) noexcept {
    return charge.request.manual_capture && charge.authorization && charge.capture_id.empty() && charge.to_capture == 0 &&
           !steps_up(charge);
}

std::int64_t pending(const Charge& charge) noexcept {
    std::int64_t sum = 0;
    for (const Refund& refund : charge.refunds) sum += refund.id.empty() ? refund.amount : 0;
    return sum;
}

std::string where_it_failed(const Failure& failure) {
    return "; it failed at the step \"" + std::string(name(failure.step)) + "\"";
}

PaymentError attention_error(const Charge& charge) {
    return {Code::needs_attention,
            "the checkout failed and undoing it failed as well" + where_it_failed(*charge.failure) + "; somebody was called"};
}

}  // namespace

std::optional<Step> next_step(const Charge& charge) noexcept {
    if (charge.failure) return next_undo(charge);
    if (charge.reservation_id.empty()) return Step::reserve;
    if (needs_customer(charge)) return std::nullopt;
    if (!charge.authorization) return Step::authorize;
    if (steps_up(charge)) return Step::void_authorization;
    if (waits_for_capture(charge)) return std::nullopt;
    if (charge.capture_id.empty()) return Step::capture;
    if (charge.shipment_id.empty()) return Step::ship;
    if (first_pending(charge) != charge.refunds.end()) return Step::refund;
    return std::nullopt;
}

ChargeStatus status_of(const Charge& charge) noexcept {
    if (charge.failure) {
        if (next_undo(charge)) return charge.attention ? ChargeStatus::needs_attention : ChargeStatus::processing;
        if (charge.failure->timed_out || charge.failure->voided) return ChargeStatus::canceled;
        if (charge.failure->error.code == Code::fraud_blocked) return ChargeStatus::blocked;
        const bool by_gateway = charge.failure->step == Step::authorize && !charge.failure->error.retriable;
        return by_gateway ? ChargeStatus::declined : ChargeStatus::reversed;
    }
    if (needs_customer(charge)) return ChargeStatus::requires_action;
    if (!charge.shipment_id.empty()) return ChargeStatus::succeeded;
    if (waits_for_capture(charge)) return ChargeStatus::authorized;
    return ChargeStatus::processing;
}

bool finished(const Charge& charge) noexcept {
    return !next_step(charge) && !needs_customer(charge);
}

bool frees_key(const Charge& charge) noexcept {
    return finished(charge) && charge.failure && charge.failure->error.retriable && !charge.attention;
}

bool steps_up(const Charge& charge) noexcept {
    return charge.step_up == StepUp::voiding && charge.authorization && charge.capture_id.empty();
}

void conclude_step_up(Charge& charge) {
    charge.step_up = StepUp::done;
    charge.superseded_id = std::move(charge.authorization->id);
    charge.authorization.reset();
    // What is voided later has a key of its own.
    if (charge.intent) charge.void_round = charge.intent->round + 1;
}

fraud::Subject subject_of(const Charge& charge) noexcept {
    return {charge.tenant, charge.request.customer, charge.request.payment_method, charge.request.amount};
}

std::int64_t unrefunded(const Charge& charge) noexcept {
    if (!charge.refund_id.empty()) return 0;
    std::int64_t rest = charge.captured;
    for (const Refund& refund : charge.refunds) rest -= refund.id.empty() ? 0 : refund.amount;
    return rest;
}

std::int64_t refundable(const Charge& charge) noexcept {
    return unrefunded(charge) - pending(charge);
}

std::vector<Refund>::const_iterator first_pending(const Charge& charge) noexcept {
    return std::ranges::find_if(charge.refunds, [](const Refund& refund) { return refund.id.empty(); });
}

std::int64_t amount_to_capture(const Charge& charge) noexcept {
    return charge.to_capture > 0 ? charge.to_capture : charge.request.amount.minor;
}

AtRisk at_risk(const Charge& charge) noexcept {
    AtRisk risk;
    const std::int64_t amount = charge.request.amount.minor;
    // Steps that are answered at once are not told of: their money is in good hands.
    const bool unanswered = charge.intent && charge.intent->sent && charge.intent->tries > 0;
    const std::optional<Step> step = unanswered ? std::optional(charge.intent->step) : std::nullopt;
    if (step == Step::authorize) risk.unknown = amount;
    if (step == Step::capture) {
        risk.unknown = amount_to_capture(charge);
    } else if (charge.authorization && holds_authorization(charge)) {
        const bool waits = charge.request.manual_capture || charge.failure || (charge.intent && charge.intent->tries > 0);
        if (waits) risk.uncaptured = amount;
    }
    risk.pending_refund = charge.failure && !charge.capture_id.empty() ? unrefunded(charge) : pending(charge);
    return risk;
}

std::string outward_key(const Charge& charge) {
    const Intent& intent = *charge.intent;
    if (intent.step == Step::refund && !charge.failure) {
        return refund_key(charge.id, first_pending(charge)->operation, intent.round);
    }
    return call_key(charge.tenant, charge.idempotency_key, charge.attempt, intent.step, intent.round);
}

bool is_live(const Charge& charge) noexcept {
    const bool given_back = !charge.capture_id.empty() && unrefunded(charge) == 0;
    return !(finished(charge) && (charge.failure || given_back));
}

std::string_view saga_state(const Charge& charge) noexcept {
    if (charge.failure) {
        if (finished(charge)) return "COMPENSATED";
        return charge.attention ? "NEEDS_ATTENTION" : "COMPENSATING";
    }
    switch (status_of(charge)) {
        case ChargeStatus::succeeded:
            return charge.intent ? "RUNNING" : "COMPLETED";
        case ChargeStatus::authorized:
            return "AUTHORIZED";
        case ChargeStatus::requires_action:
            return "WAITING";
        default:
            return "RUNNING";
    }
}

PaymentError client_error(const Charge& charge) {
    if (status_of(charge) == ChargeStatus::needs_attention) return attention_error(charge);
    const Failure& failure = *charge.failure;
    const std::string at_step = where_it_failed(failure);
    if (failure.error.retriable) return failure.error;
    if (failure.timed_out) {
        return {Code::checkout_reversed, "the customer did not authenticate in time" + at_step + " and everything was undone"};
    }
    if (failure.voided) return {Code::checkout_reversed, failure.error.detail + ", and everything was undone"};
    const Code code = failure.error.code;
    if (code == Code::cannot_ship) return {code, failure.error.detail + at_step + " and everything was undone"};
    const bool own_code = code == Code::out_of_stock || failure.step == Step::authorize;
    if (own_code) return failure.error;
    return {Code::checkout_reversed, "everything was undone" + at_step + ": " + failure.error.detail};
}

Answer failure_answer(const Charge& charge, PaymentError error, std::string instance, std::string request_id) {
    const int status = http_status(error.code);
    return {status, to_json(Problem{.error = std::move(error),
                                    .request_id = std::move(request_id),
                                    .instance = std::move(instance),
                                    .charge_id = charge.id,
                                    .errors = {}})};
}

Answer final_answer(const Charge& charge) {
    if (!charge.failure) return {201, to_json(charge)};
    return failure_answer(charge, charge.attention ? attention_error(charge) : client_error(charge), "/charge",
                          charge.request_id);
}

}  // namespace tollgate
