#include "payments/problem.hpp"

#include "core/json_writer.hpp"
#include "redaction/redact.hpp"

namespace tollgate {
namespace {

std::string_view title(Code code) noexcept {
    using enum Code;
    switch (code) {
        case idempotency_key_missing:
            return "An Idempotency-Key header is required";
        case idempotency_key_invalid:
            return "The Idempotency-Key header is not valid";
        case invalid_json:
            return "The body is not valid JSON";
        case webhook_signature_invalid:
            return "The webhook's signature is not valid";
        case webhook_timestamp_invalid:
            return "The webhook's time is outside the tolerance";
        case unauthenticated:
            return "An API key is required";
        case forbidden:
            return "The API key may not do this";
        case not_found:
            return "There is nothing here";
        case method_not_allowed:
            return "The method is not allowed here";
        case request_timeout:
            return "The request took too long to arrive";
        case length_required:
            return "The length of the body is required";
        case body_too_large:
            return "The body is too large";
        case uri_too_long:
            return "The request target is too long";
        case unsupported_media_type:
            return "The body must be application/json";
        case headers_too_large:
            return "The headers are too large";
        case not_implemented:
            return "The request asks for something that is not implemented";
        case http_version_not_supported:
            return "The HTTP version is not supported";
        case idempotency_in_flight:
            return "Another request is still running";
        case idempotency_key_reused:
            return "The key was used with another payload";
        case invalid_state:
            return "This is not possible as things stand";
        case probable_duplicate:
            return "The order was charged already";
        case validation_failed:
            return "The request is not valid";
        case pan_not_accepted:
            return "Card data is not accepted here";
        case refund_exceeds_capture:
            return "The refund exceeds what was captured";
        case rate_limited:
            return "Too many requests";
        case card_declined:
            return "The card was declined";
        case insufficient_funds:
            return "The card has insufficient funds";
        case expired_card:
            return "The card has expired";
        case fraud_blocked:
            return "The charge was blocked";
        case out_of_stock:
            return "An item is out of stock";
        case cannot_ship:
            return "The order cannot be shipped";
        case checkout_reversed:
            return "The checkout failed and was undone";
        case needs_attention:
            return "The checkout failed and could not be undone yet";
        case gateway_error:
            return "The payment could not be made";
        case circuit_open:
            return "A dependency is failing and is left alone for now";
        case overloaded:
            return "The service has too much to do";
        case store_unavailable:
            return "The store cannot be reached";
        case shutting_down:
            return "The service is shutting down";
        case internal:
            return "Something went wrong in the service";
        default:
            return "The request is not valid";
    }
}

}  // namespace

Code public_code(Code code) noexcept {
    using enum Code;
    switch (code) {
        case gateway_refused:
        case network_error:
        case gateway_timeout:
        case gateway_busy:
        case gateway_fault:
        case unreadable_answer:
        case echo_mismatch:
        case never_arrived:
            return gateway_error;
        case store_unknown:
        case lease_lost:
            return store_unavailable;
        case authentication_required:
            return card_declined;
        default:
            return code;
    }
}

int http_status(Code code) noexcept {
    using enum Code;
    switch (public_code(code)) {
        case unauthenticated:
            return 401;
        case card_declined:
        case insufficient_funds:
        case expired_card:
        case fraud_blocked:
            return 402;
        case forbidden:
            return 403;
        case not_found:
            return 404;
        case method_not_allowed:
            return 405;
        case request_timeout:
            return 408;
        case idempotency_in_flight:
        case out_of_stock:
        case checkout_reversed:
        case cannot_ship:
        case invalid_state:
        case probable_duplicate:
            return 409;
        case length_required:
            return 411;
        case body_too_large:
            return 413;
        case uri_too_long:
            return 414;
        case unsupported_media_type:
            return 415;
        case idempotency_key_reused:
        case validation_failed:
        case pan_not_accepted:
        case refund_exceeds_capture:
            return 422;
        case rate_limited:
            return 429;
        case headers_too_large:
            return 431;
        case needs_attention:
        case internal:
            return 500;
        case not_implemented:
            return 501;
        case gateway_error:
            return 502;
        case circuit_open:
        case overloaded:
        case store_unavailable:
        case shutting_down:
            return 503;
        case http_version_not_supported:
            return 505;
        default:
            return 400;
    }
}

std::string to_json(const Problem& problem) {
    const Code code = public_code(problem.error.code);
    JsonWriter out;
    out.begin_object().member("type", "urn:tollgate:problem:" + std::string(info(code).name)).member("title", title(code));
    out.member("status", http_status(code)).member("detail", redact(problem.error.detail));
    out.member_if_any("instance", redact(problem.instance)).member("code", info(code).name);
    out.member("retriable", problem.error.retriable).member("request_id", problem.request_id);
    out.member_if_any("charge_id", problem.charge_id);
    if (!problem.errors.empty()) {
        out.name("errors").begin_array();
        for (const FieldError& error : problem.errors) {
            out.begin_object().member("pointer", redact(error.pointer)).member("detail", redact(error.detail)).end_object();
        }
        out.end_array();
    }
    return out.end_object().take();
}

}  // namespace tollgate
