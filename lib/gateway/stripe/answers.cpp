#include "gateway/stripe/answers.hpp"

#include <boost/json/parse.hpp>
#include <optional>

#include "gateway/http_call.hpp"

namespace tollgate::stripe {
namespace {

using boost::json::object;
using section6::text_in;

boost::json::string_view view(std::string_view text) {
    return {text.data(), text.size()};
}

object parse(std::string_view body) {
    boost::system::error_code error;
    auto value = boost::json::parse(view(body), error);
    return error || !value.is_object() ? object() : std::move(value.get_object());
}

PaymentError with(Execution execution, Code code, std::string detail, const OutboundReply& reply) {
    PaymentError error(code, std::move(detail), reply.retry_after);
    error.execution = execution;
    return error;
}

/// A 4xx that speaks of how we asked.
std::optional<PaymentError> trouble(const OutboundReply& reply, const object& error) {
    const std::string status = std::to_string(reply.status);
    const std::string_view code = text_in(error, "code");
    const bool told_to = reply.should_retry == true;
    const bool told_not_to = reply.should_retry == false;
    if (text_in(error, "type") == "idempotency_error" && reply.status != 409)
        return PaymentError(Code::gateway_fault, "Stripe knows the key with other parameters");
    if (reply.status == 401)
        return with(Execution::not_executed, Code::gateway_busy,
                    "Stripe does not take our API key (401): gateway.api_key is to be mended", reply);
    if (reply.status == 403)
        return with(Execution::unknown, Code::gateway_busy,
                    "Stripe does not let our API key do or see all of this (403): its permissions are to be mended", reply);
    if (reply.status == 429 || reply.status == 425) {
        const bool locked = code == "lock_timeout";
        return with(locked ? Execution::unknown : Execution::not_executed, Code::gateway_busy,
                    "Stripe answered " + status + ": to be asked again", reply);
    }
    if (reply.status == 409 && told_not_to && code != "idempotency_key_in_use" && code != "lock_timeout")
        return PaymentError(Code::gateway_fault, "Stripe answered 409, and not to be asked again");
    if (reply.status == 408 || reply.status == 409 || (reply.status != 402 && told_to))
        return with(Execution::unknown, Code::gateway_busy, "Stripe answered " + status + ": another call may be under way",
                    reply);
    return std::nullopt;
}

PaymentError judge(const OutboundReply& reply) {
    const std::string status = std::to_string(reply.status);
    if (reply.status >= 500 && reply.status <= 599) {
        if (reply.should_retry == true)
            return with(Execution::unknown, Code::gateway_busy, "Stripe answered " + status + ": to be asked again", reply);
        return {Code::gateway_fault, "Stripe answered " + status, reply.retry_after};
    }
    if (reply.status < 400 || reply.status > 499)
        return {Code::unreadable_answer, "Stripe answered with the unexpected status " + status};
    const object body = parse(reply.body);
    const object& error = object_in(body, "error");
    if (auto other = trouble(reply, error)) return *std::move(other);
    if (text_in(error, "type").empty()) return {Code::unreadable_answer, "Stripe answered " + status + " without an error"};
    if (reply.status == 402) return decline(error);
    return {Code::gateway_refused, "Stripe refused with status " + status};
}

}  // namespace

const object& object_in(const object& outer, std::string_view member) noexcept {
    static const object none;
    const auto* const value = outer.if_contains(view(member));
    const object* const inner = value == nullptr ? nullptr : value->if_object();
    return inner == nullptr ? none : *inner;
}

std::optional<std::int64_t> number_in(const object& outer, std::string_view member) noexcept {
    const auto* const value = outer.if_contains(view(member));
    const std::int64_t* const number = value == nullptr ? nullptr : value->if_int64();
    return number == nullptr ? std::nullopt : std::optional(*number);
}

std::string_view reference_in(const object& outer, std::string_view member) noexcept {
    const std::string_view id = text_in(outer, member);
    return id.empty() ? text_in(object_in(outer, member), "id") : id;
}

PaymentError decline(const object& error) {
    for (const std::string_view member : {"decline_code", "code"}) {
        const std::string_view why = text_in(error, member);
        if (why == "insufficient_funds") return {Code::insufficient_funds, "the card has insufficient funds"};
        if (why == "expired_card") return {Code::expired_card, "the card has expired"};
    }
    return {Code::card_declined, "the card was declined"};
}

object waiting_intent(const OutboundReply& reply) {
    if (reply.status != 402) return {};
    const object body = parse(reply.body);
    const object& intent = object_in(object_in(body, "error"), "payment_intent");
    return text_in(intent, "status") == "requires_action" ? intent : object();
}

Result<object> read_answer(const OutboundReply& reply, Kind kind) {
    if (reply.status == 200) {
        object body = parse(reply.body);
        if (body.empty()) return fail(Code::unreadable_answer, "Stripe answered with a body that is no JSON object");
        return body;
    }
    PaymentError error = judge(reply);
    if (kind == Kind::call || error.execution == Execution::unknown) return fail(std::move(error));
    if (error.code == Code::gateway_busy && reply.status != 401) {
        error.execution = Execution::unknown;
        return fail(std::move(error));
    }
    return fail(Code::gateway_fault, "Stripe refused to tell, with status " + std::to_string(reply.status));
}

}  // namespace tollgate::stripe
