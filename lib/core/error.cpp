#include "core/error.hpp"

namespace tollgate {

const CodeInfo& info(Code code) noexcept {
    using enum Execution;
    switch (code) {
#define TOLLGATE_CODE(name, execution, retriable)                     \
    case Code::name: {                                                \
        static constexpr CodeInfo entry{#name, execution, retriable}; \
        return entry;                                                 \
    }
        TOLLGATE_CODE(idempotency_key_missing, refused, false)
        TOLLGATE_CODE(idempotency_key_invalid, refused, false)
        TOLLGATE_CODE(invalid_json, refused, false)
        TOLLGATE_CODE(bad_request, refused, false)
        TOLLGATE_CODE(webhook_signature_invalid, refused, false)
        TOLLGATE_CODE(webhook_timestamp_invalid, refused, false)
        TOLLGATE_CODE(unauthenticated, refused, false)
        TOLLGATE_CODE(forbidden, refused, false)
        TOLLGATE_CODE(not_found, refused, false)
        TOLLGATE_CODE(method_not_allowed, refused, false)
        TOLLGATE_CODE(request_timeout, not_executed, true)
        TOLLGATE_CODE(length_required, refused, false)
        TOLLGATE_CODE(body_too_large, refused, false)
        TOLLGATE_CODE(uri_too_long, refused, false)
        TOLLGATE_CODE(unsupported_media_type, refused, false)
        TOLLGATE_CODE(headers_too_large, refused, false)
        TOLLGATE_CODE(not_implemented, refused, false)
        TOLLGATE_CODE(http_version_not_supported, refused, false)
        TOLLGATE_CODE(idempotency_in_flight, not_executed, true)
        TOLLGATE_CODE(idempotency_key_reused, refused, false)
        TOLLGATE_CODE(invalid_state, refused, false)
        TOLLGATE_CODE(probable_duplicate, refused, false)
        TOLLGATE_CODE(validation_failed, refused, false)
        TOLLGATE_CODE(pan_not_accepted, refused, false)
        TOLLGATE_CODE(refund_exceeds_capture, refused, false)
        TOLLGATE_CODE(rate_limited, not_executed, true)
        TOLLGATE_CODE(card_declined, refused, false)
        TOLLGATE_CODE(insufficient_funds, refused, false)
        TOLLGATE_CODE(expired_card, refused, false)
        TOLLGATE_CODE(authentication_required, refused, false)
        TOLLGATE_CODE(fraud_blocked, refused, false)
        TOLLGATE_CODE(out_of_stock, refused, false)
        TOLLGATE_CODE(cannot_ship, refused, false)
        TOLLGATE_CODE(checkout_reversed, refused, false)
        TOLLGATE_CODE(needs_attention, refused, false)
        TOLLGATE_CODE(gateway_refused, refused, false)
        TOLLGATE_CODE(network_error, not_executed, true)
        TOLLGATE_CODE(gateway_timeout, unknown, true)
        TOLLGATE_CODE(gateway_busy, not_executed, true)
        TOLLGATE_CODE(gateway_fault, unknown, false)
        TOLLGATE_CODE(unreadable_answer, unknown, false)
        TOLLGATE_CODE(echo_mismatch, unknown, false)
        TOLLGATE_CODE(never_arrived, unknown, false)
        TOLLGATE_CODE(gateway_error, not_executed, true)
        TOLLGATE_CODE(circuit_open, not_executed, true)
        TOLLGATE_CODE(overloaded, not_executed, true)
        TOLLGATE_CODE(store_unavailable, not_executed, true)
        TOLLGATE_CODE(store_unknown, unknown, true)
        TOLLGATE_CODE(lease_lost, refused, false)
        TOLLGATE_CODE(shutting_down, not_executed, true)
        TOLLGATE_CODE(internal, unknown, true)
#undef TOLLGATE_CODE
    }
    __builtin_unreachable();
}

}  // namespace tollgate
