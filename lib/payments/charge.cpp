#include "payments/charge.hpp"

#include "core/mutant.hpp"
#include "payments/problem.hpp"

namespace tollgate {
namespace {

std::optional<Step> next_undo(const Charge& charge) noexcept {
    if (without(Safeguard::reverse_order) && !charge.reservation_id.empty() && !charge.released) return Step::release;
    if (!charge.shipment_id.empty() && !charge.shipment_canceled) return Step::cancel_shipment;
    if (!charge.capture_id.empty() && unrefunded(charge) > 0) return Step::refund;
    if (charge.authorization && charge.capture_id.empty() && charge.void_id.empty()) return Step::void_authorization;
    if (!charge.reservation_id.empty() && !charge.released) return Step::release;
    return std::nullopt;
}

bool needs_customer(const Charge& charge) noexcept {
    return !charge.redirect_url.empty() && !charge.authorization && !charge.failure;
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
    if (charge.request.manual_capture && charge.capture_id.empty()) return std::nullopt;
    if (charge.capture_id.empty()) return Step::capture;
    if (charge.shipment_id.empty()) return Step::ship;
    return std::nullopt;
}

ChargeStatus status_of(const Charge& charge) noexcept {
    if (charge.failure) {
        if (next_undo(charge)) return charge.attention ? ChargeStatus::needs_attention : ChargeStatus::processing;
        if (charge.failure->timed_out || charge.failure->voided) return ChargeStatus::canceled;
        const bool by_gateway = charge.failure->step == Step::authorize && !charge.failure->error.retriable;
        return by_gateway ? ChargeStatus::declined : ChargeStatus::reversed;
    }
    if (needs_customer(charge)) return ChargeStatus::requires_action;
    if (!charge.shipment_id.empty()) return ChargeStatus::succeeded;
    if (charge.request.manual_capture && charge.authorization && charge.capture_id.empty()) return ChargeStatus::authorized;
    return ChargeStatus::processing;
}

bool finished(const Charge& charge) noexcept {
    return !next_step(charge) && !needs_customer(charge);
}

bool frees_key(const Charge& charge) noexcept {
    return finished(charge) && charge.failure && charge.failure->error.retriable && !charge.attention;
}

std::int64_t unrefunded(const Charge& charge) noexcept {
    if (!charge.refund_id.empty()) return 0;
    std::int64_t rest = charge.captured;
    for (const Refund& refund : charge.refunds) rest -= refund.amount;
    return rest;
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
            return "COMPLETED";
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
    if (failure.voided) {
        return {Code::checkout_reversed, "the payment was canceled at the gateway" + at_step + " and everything was undone"};
    }
    const Code code = failure.error.code;
    if (code == Code::cannot_ship) return {code, failure.error.detail + at_step + " and everything was undone"};
    const bool own_code = code == Code::out_of_stock || failure.step == Step::authorize;
    if (own_code) return failure.error;
    return {Code::checkout_reversed, "everything was undone" + at_step + ": " + failure.error.detail};
}

Answer final_answer(const Charge& charge) {
    if (!charge.failure) return {201, to_json(charge)};
    Problem problem{.error = charge.attention ? attention_error(charge) : client_error(charge),
                    .request_id = charge.request_id,
                    .instance = "/charge",
                    .charge_id = charge.id,
                    .errors = {}};
    return {http_status(problem.error.code), to_json(problem)};
}

}  // namespace tollgate
