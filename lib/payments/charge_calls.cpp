// What each step of a checkout asks of the outside, and what it learns from the answer.
#include <algorithm>
#include <utility>

#include "payments/charge_saga.hpp"
#include "payments/operation.hpp"
#include "payments/shop_events.hpp"

namespace tollgate {
namespace {

/// Keeps the id a call was answered with; passes its failure on. The next step follows from the ids that are there, so an
/// empty one would ask for the same step for ever.
Result<void> keep(Result<std::string> answer, std::string& where) {
    if (!answer) return fail(std::move(answer.error()));
    if (answer->empty()) return fail(Code::unreadable_answer, "answered without an id");
    where = std::move(*answer);
    return {};
}

bool is_payment(Step step) noexcept {
    return step == Step::authorize || step == Step::capture || step == Step::refund || step == Step::void_authorization;
}

/// Only who made a payment knows anything about it.
PaymentError other_gateway(const Charge& charge) {
    PaymentError error(Code::gateway_error, "the charge was made through the gateway \"" + charge.gateway_name +
                                                "\", which is not the one that is configured now");
    error.execution = Execution::unknown;
    return error;
}

}  // namespace

/// What was given back, at the shop's wish or in undoing. News may have brought it under the same id before.
void ChargeSaga::keep_refund(std::string id) {
    if (charge_.failure) {
        charge_.refund_id = std::move(id);
        return;
    }
    const auto pending = charge_.refunds.begin() + (first_pending(charge_) - charge_.refunds.begin());
    if (const auto told = std::ranges::find(charge_.refunds, id, &Refund::id); told != charge_.refunds.end()) {
        told->operation = std::move(pending->operation);
        charge_.refunds.erase(pending);
        return;
    }
    pending->id = id;
    pending->reason.clear();
    const Occurrence occurrence{Occurrence::Kind::refunded, std::move(id)};
    if (context_.policy.tells_shop) events_.push_back(occurrence_event(charge_, occurrence, now()));
}

/// The gateway said no, for good: what was reserved for it may be asked for again.
void ChargeSaga::refuse_refund(const PaymentError& error) {
    const auto pending = first_pending(charge_);
    const auto one = std::ranges::find(charge_.operations, pending->operation, &OpenOperation::id);
    if (one != charge_.operations.end()) one->refused = error;
    if (charge_.refused.size() >= refused_max) charge_.refused.erase(charge_.refused.begin());
    charge_.refused.push_back(pending->operation);
    charge_.refunds.erase(pending);
}

Task<Result<void>> ChargeSaga::call(Ask ask) {
    const bool elsewhere = !charge_.gateway_name.empty() && charge_.gateway_name != context_.outside.gateway_name;
    if (elsewhere && is_payment(charge_.intent->step)) co_return fail(other_gateway(charge_));
    const OutsideCalls& outside = context_.outside;
    const ChargeRequest& request = charge_.request;
    const Currency currency = request.amount.currency;
    const auto moved = [this](std::string type, std::string id, std::int64_t amount) {
        ledger_.push_back({std::move(type), std::move(id), amount, std::string(charge_.request.amount.currency.code()), {}});
    };
    const std::string authorization_id = charge_.authorization ? charge_.authorization->id : charge_.waiting_id;
    CallContext context = call_context(ask);
    Result<void> kept;

    switch (charge_.intent->step) {
        case Step::reserve:
        case Step::ship: {
            const bool reserve = charge_.intent->step == Step::reserve;
            OutsideCall<GoodsRequest> goods{{charge_.id, request.order_id, request.items}, std::move(context)};
            const auto& service = reserve ? outside.reserve : outside.ship;
            auto answer = co_await service(std::move(goods));
            co_return keep(std::move(answer), reserve ? charge_.reservation_id : charge_.shipment_id);
        }
        case Step::authorize: {
            AuthorizeRequest authorize{charge_.id, request.order_id, request.amount, request.payment_method, request.customer};
            authorize.authenticate = charge_.risk.decision == fraud::Decision::challenge;
            if (charge_.actions > 0) authorize.continues = charge_.waiting_id;
            auto answer = co_await outside.authorize({std::move(authorize), std::move(context)});
            if (!answer) co_return fail(std::move(answer.error()));
            const bool says_nothing = answer->authorized ? answer->authorized->id.empty() : answer->redirect_url.empty();
            if (says_nothing) co_return fail(Code::unreadable_answer, "answered without an id");
            charge_.redirect_url = std::move(answer->redirect_url);
            charge_.waiting_id = std::move(answer->waiting_id);
            if (!answer->authorized) co_return kept;
            charge_.authorization = std::move(answer->authorized);
            if (!charge_.authorization->expires_at) charge_.authorization->expires_at = now() + authorization_validity;
            moved("authorize", charge_.authorization->id, request.amount.minor);
            co_return kept;
        }
        case Step::capture: {
            const Money amount{amount_to_capture(charge_), currency};
            auto answer = co_await outside.capture({{charge_.id, authorization_id, amount}, std::move(context)});
            kept = keep(std::move(answer), charge_.capture_id);
            if (!kept) co_return kept;
            charge_.captured = amount.minor;
            moved("capture", charge_.capture_id, charge_.captured);
            if (charge_.captured < request.amount.minor)
                moved("release", charge_.capture_id, request.amount.minor - charge_.captured);
            co_return kept;
        }
        case Step::refund: {
            const auto asked = first_pending(charge_);
            const bool undoing = charge_.failure.has_value();
            RefundRequest refund{charge_.id, charge_.capture_id, {undoing ? unrefunded(charge_) : asked->amount, currency}, {}};
            if (!undoing) refund.reason = asked->reason;
            const std::int64_t amount = refund.amount.minor;
            auto answer = co_await outside.refund({std::move(refund), std::move(context)});
            std::string id;
            kept = keep(std::move(answer), id);
            if (!kept) co_return kept;
            moved("refund", id, amount);
            keep_refund(std::move(id));
            co_return kept;
        }
        case Step::void_authorization: {
            auto answer = co_await outside.void_authorization({{charge_.id, authorization_id}, std::move(context)});
            std::string id;
            kept = keep(std::move(answer), id);
            if (!kept) co_return kept;
            if (charge_.authorization) moved("void", id, request.amount.minor);
            if (steps_up(charge_) && !charge_.failure) {
                conclude_step_up(charge_);
            } else {
                charge_.void_id = std::move(id);
            }
            co_return kept;
        }
        case Step::cancel_shipment: {
            auto answer = co_await outside.cancel_shipment({charge_.shipment_id, std::move(context)});
            if (!answer) co_return fail(std::move(answer.error()));
            charge_.shipment_canceled = true;
            co_return kept;
        }
        case Step::release: {
            auto answer = co_await outside.release({charge_.reservation_id, std::move(context)});
            if (!answer) co_return fail(std::move(answer.error()));
            charge_.released = true;
            co_return kept;
        }
    }
    std::unreachable();
}

}  // namespace tollgate
