#include "payments/operation.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "payments/hear.hpp"
#include "stores/digest.hpp"

namespace tollgate {
namespace {

constexpr Milliseconds ask_again{1'000};
constexpr std::array<std::string_view, 4> kind_names{"capture", "void", "refund", "confirm"};

/// What is still going on may come to allow it.
std::unexpected<PaymentError> invalid_state(const Charge& charge, const std::string& mend) {
    if (status_of(charge) == ChargeStatus::processing) {
        return fail(Code::idempotency_in_flight, "the charge is still processing; ask again", ask_again);
    }
    return fail(Code::invalid_state, "the charge is " + std::string(name(status_of(charge))) + "; " + mend);
}

Result<void> ask_capture(Charge& charge, const OperationRequest& request, const std::string& id) {
    if (status_of(charge) != ChargeStatus::authorized) {
        return invalid_state(charge, "only one that is authorized, with manual capture, can be captured");
    }
    const std::int64_t authorized = charge.request.amount.minor;
    const std::int64_t amount = request.amount.value_or(authorized);
    if (amount > authorized) {
        return fail(Code::validation_failed, "at most the authorized amount can be captured: " + std::to_string(authorized));
    }
    charge.to_capture = amount;
    charge.concluded_by = id;
    return {};
}

Result<void> ask_void(Charge& charge, const std::string& id) {
    const ChargeStatus status = status_of(charge);
    if (status != ChargeStatus::authorized && status != ChargeStatus::requires_action) {
        return invalid_state(charge, "only one that is authorized, or waits for its customer, can be voided");
    }
    const Step step = status == ChargeStatus::authorized ? Step::capture : Step::authorize;
    charge.failure = Failure{.step = step, .error = {Code::checkout_reversed, "the payment was voided"}, .voided = true};
    charge.concluded_by = id;
    return {};
}

Result<void> ask_refund(Charge& charge, const OperationRequest& request, const std::string& id) {
    if (status_of(charge) != ChargeStatus::succeeded) {
        return invalid_state(charge, "only one that has succeeded can be refunded");
    }
    const std::int64_t left = refundable(charge);
    const std::int64_t amount = request.amount.value_or(left);
    if (amount > left || amount <= 0) {
        return fail(Code::refund_exceeds_capture,
                    "of what was captured, " + std::to_string(left) + " is neither refunded nor about to be");
    }
    if (charge.refunds.size() >= returns_max) return invalid_state(charge, "it has too many refunds to take another one");
    charge.refunds.push_back({{}, amount, id, request.reason});
    return {};
}

/// Whoever says it first, the shop or the gateway, resumes; the other one finds that done.
Result<void> ask_confirm(Charge& charge) {
    const auto is_confirm = [](const OpenOperation& one) { return one.kind == OperationKind::confirm; };
    if (status_of(charge) == ChargeStatus::requires_action) {
        std::erase_if(charge.operations, is_confirm);
        customer_is_back(charge);
        return {};
    }
    const bool canceled = charge.failure && (charge.failure->timed_out || charge.failure->voided);
    if (charge.actions == 0 || canceled || frees_key(charge)) return invalid_state(charge, "it does not wait for its customer");
    return {};
}

bool settled_by_status(const Charge& charge) noexcept {
    const ChargeStatus status = status_of(charge);
    return status != ChargeStatus::processing && status != ChargeStatus::requires_action;
}

}  // namespace

std::string_view name(OperationKind kind) noexcept {
    return kind_names[static_cast<std::size_t>(kind)];
}

std::string operation_id(std::string_view charge_id, int attempt, OperationKind kind, std::string_view idempotency_key) {
    const std::string_view place = charge_id.substr(charge_id.find('_') + 1, 2);
    const Digest digest = digest_of({"operation", charge_id, std::to_string(attempt), name(kind), idempotency_key});
    return "op_" + std::string(place) + base32(digest, 20);
}

bool resumes(const Charge& charge, OperationKind kind) noexcept {
    return kind == OperationKind::confirm && status_of(charge) == ChargeStatus::requires_action;
}

bool was_asked(const Charge& charge, const std::string& id) noexcept {
    return charge.concluded_by == id || std::ranges::find(charge.refunds, id, &Refund::operation) != charge.refunds.end() ||
           std::ranges::find(charge.refused, id) != charge.refused.end();
}

Result<void> ask(Charge& charge, const OperationRequest& request, const std::string& id) {
    if (charge.operations.size() >= operations_max && !resumes(charge, request.kind)) {
        return fail(Code::idempotency_in_flight, "too many operations of this charge are under way; ask again", ask_again);
    }
    switch (request.kind) {
        case OperationKind::capture:
            return ask_capture(charge, request, id);
        case OperationKind::void_authorization:
            return ask_void(charge, id);
        case OperationKind::refund:
            return ask_refund(charge, request, id);
        case OperationKind::confirm:
            return ask_confirm(charge);
    }
    std::unreachable();
}

void customer_is_back(Charge& charge) {
    charge.redirect_url.clear();
    ++charge.actions;
    charge.told.clear();  // to be asked a second time is news
}

Answer refusal_answer(const Charge& charge, const OpenOperation& operation, PaymentError error) {
    std::string path = "/charge/" + charge.id + "/" + std::string(name(operation.kind));
    return failure_answer(charge, std::move(error), std::move(path), operation.request_id);
}

std::optional<Answer> outcome_of(const Charge& charge, const OpenOperation& operation) {
    if (operation.refused) return refusal_answer(charge, operation, *operation.refused);
    const Answer done{200, to_json(charge)};
    if (operation.kind == OperationKind::refund) {
        const auto refund = std::ranges::find(charge.refunds, operation.id, &Refund::operation);
        if (refund == charge.refunds.end()) {  // the gateway's own words were told, and are forgotten by now
            return refusal_answer(charge, operation, {Code::gateway_refused, "the gateway refused it"});
        }
        return refund->id.empty() ? std::nullopt : std::optional(done);
    }
    if (!settled_by_status(charge)) return std::nullopt;
    const bool voids = operation.kind == OperationKind::void_authorization;
    if (!charge.failure || (voids && status_of(charge) == ChargeStatus::canceled)) return done;
    PaymentError error = client_error(charge);
    if (error.retriable) {  // what is kept cannot be tried again; the charge itself can
        error = {Code::checkout_reversed, error.detail + "; everything was undone, and the charge may be sent again"};
    }
    return refusal_answer(charge, operation, std::move(error));
}

}  // namespace tollgate
