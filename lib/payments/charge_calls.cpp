// What each step of a checkout asks of the outside, and what it learns from the answer.
#include <utility>

#include "payments/charge_saga.hpp"

namespace tollgate {

/// The next step follows from the ids that are there, so an empty one would ask for the same step for ever.
template <class Payload>
Task<Result<void>> ChargeSaga::ask_for_id(const OutsideService<Payload, std::string>& service, OutsideCall<Payload> asked,
                                          std::string& where, const char* moves) {
    auto answer = co_await service(std::move(asked));
    if (!answer) co_return fail(std::move(answer.error()));
    if (answer->empty()) co_return fail(Code::unreadable_answer, "answered without an id");
    where = std::move(*answer);
    if (moves != nullptr) moved(moves, where);
    co_return Result<void>();
}

Task<Result<void>> ChargeSaga::take_back(const OutsideService<std::string, std::string>& service,
                                         OutsideCall<std::string> asked, bool& done) {
    auto answer = co_await service(std::move(asked));
    if (!answer) co_return fail(std::move(answer.error()));
    done = true;
    co_return Result<void>();
}

Task<Result<void>> ChargeSaga::authorize(CallContext context) {
    const ChargeRequest& request = charge_.request;
    AuthorizeRequest asked{charge_.id, request.order_id, request.amount, request.payment_method, request.customer};
    auto answer = co_await context_.outside.authorize({std::move(asked), std::move(context)});
    if (!answer) co_return fail(std::move(answer.error()));
    const bool says_nothing = answer->authorized ? answer->authorized->id.empty() : answer->redirect_url.empty();
    if (says_nothing) co_return fail(Code::unreadable_answer, "answered without an id");
    charge_.redirect_url = std::move(answer->redirect_url);
    if (!answer->authorized) co_return Result<void>();
    charge_.authorization = std::move(answer->authorized);
    if (!charge_.authorization->expires_at) charge_.authorization->expires_at = now() + authorization_validity;
    moved("authorize", charge_.authorization->id);
    co_return Result<void>();
}

void ChargeSaga::moved(const char* type, const std::string& gateway_id) {
    const Money& amount = charge_.request.amount;
    ledger_.push_back({type, gateway_id, amount.minor, std::string(amount.currency.code())});
}

/// A step has a coroutine of its own, so that none pays for the room of the others.
Task<Result<void>> ChargeSaga::call(Ask ask) {
    const OutsideCalls& outside = context_.outside;
    const ChargeRequest& request = charge_.request;
    const std::string authorization_id = charge_.authorization ? charge_.authorization->id : std::string();
    CallContext context = call_context(ask);

    switch (charge_.intent->step) {
        case Step::reserve: {
            OutsideCall<GoodsRequest> goods{{charge_.id, request.order_id, request.items}, std::move(context)};
            return ask_for_id(outside.reserve, std::move(goods), charge_.reservation_id);
        }
        case Step::authorize:
            return authorize(std::move(context));
        case Step::capture: {
            OutsideCall<CaptureRequest> capture{{charge_.id, authorization_id, request.amount}, std::move(context)};
            return ask_for_id(outside.capture, std::move(capture), charge_.capture_id, "capture");
        }
        case Step::ship: {
            OutsideCall<GoodsRequest> goods{{charge_.id, request.order_id, request.items}, std::move(context)};
            return ask_for_id(outside.ship, std::move(goods), charge_.shipment_id);
        }
        case Step::cancel_shipment:
            return take_back(outside.cancel_shipment, {charge_.shipment_id, std::move(context)}, charge_.shipment_canceled);
        case Step::refund: {
            OutsideCall<RefundRequest> refund{{charge_.id, charge_.capture_id, request.amount}, std::move(context)};
            return ask_for_id(outside.refund, std::move(refund), charge_.refund_id, "refund");
        }
        case Step::void_authorization: {
            OutsideCall<VoidRequest> undo{{charge_.id, authorization_id}, std::move(context)};
            return ask_for_id(outside.void_authorization, std::move(undo), charge_.void_id, "void");
        }
        case Step::release:
            return take_back(outside.release, {charge_.reservation_id, std::move(context)}, charge_.released);
    }
    std::unreachable();
}

}  // namespace tollgate
