// What each step of a checkout asks of the outside, and what it learns from the answer.
#include <utility>

#include "payments/charge_saga.hpp"

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

}  // namespace

Task<Result<void>> ChargeSaga::call(Ask ask) {
    const OutsideCalls& outside = context_.outside;
    const ChargeRequest& request = charge_.request;
    const auto moved = [this](std::string type, std::string id, std::int64_t amount) {
        ledger_.push_back({std::move(type), std::move(id), amount, std::string(charge_.request.amount.currency.code())});
    };
    const std::string authorization_id = charge_.authorization ? charge_.authorization->id : std::string();
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
            auto answer = co_await outside.authorize({std::move(authorize), std::move(context)});
            if (!answer) co_return fail(std::move(answer.error()));
            const bool says_nothing = answer->authorized ? answer->authorized->id.empty() : answer->redirect_url.empty();
            if (says_nothing) co_return fail(Code::unreadable_answer, "answered without an id");
            charge_.redirect_url = std::move(answer->redirect_url);
            if (!answer->authorized) co_return kept;
            charge_.authorization = std::move(answer->authorized);
            if (!charge_.authorization->expires_at) charge_.authorization->expires_at = now() + authorization_validity;
            moved("authorize", charge_.authorization->id, request.amount.minor);
            co_return kept;
        }
        case Step::capture: {
            auto answer = co_await outside.capture({{charge_.id, authorization_id, request.amount}, std::move(context)});
            kept = keep(std::move(answer), charge_.capture_id);
            if (!kept) co_return kept;
            charge_.captured = request.amount.minor;
            moved("capture", charge_.capture_id, charge_.captured);
            co_return kept;
        }
        case Step::refund: {
            const Money rest{unrefunded(charge_), request.amount.currency};
            auto answer = co_await outside.refund({{charge_.id, charge_.capture_id, rest}, std::move(context)});
            kept = keep(std::move(answer), charge_.refund_id);
            if (kept) moved("refund", charge_.refund_id, rest.minor);
            co_return kept;
        }
        case Step::void_authorization: {
            auto answer = co_await outside.void_authorization({{charge_.id, authorization_id}, std::move(context)});
            kept = keep(std::move(answer), charge_.void_id);
            if (kept) moved("void", charge_.void_id, request.amount.minor);
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
