#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tollgate {

/// What is known about the effect of a call that did not succeed. Control flow reads this, never the text.
enum class Execution : std::uint8_t {
    not_executed,  // refused before it was sent, or answered "ask again": nothing moved
    refused,       // a definite no: nothing moved and asking again will not help
    unknown,       // it was sent and not answered: money may have moved
};

/// Every foreseeable failure, named once. `info()` gives its wire name and defaults.
enum class Code : std::uint8_t {
    // What the client sent.
    idempotency_key_missing,
    idempotency_key_invalid,
    invalid_json,
    bad_request,
    webhook_signature_invalid,
    webhook_timestamp_invalid,
    unauthenticated,
    forbidden,
    not_found,
    method_not_allowed,
    request_timeout,
    length_required,
    body_too_large,
    uri_too_long,
    unsupported_media_type,
    headers_too_large,
    not_implemented,
    http_version_not_supported,
    idempotency_in_flight,
    idempotency_key_reused,
    invalid_state,
    probable_duplicate,
    validation_failed,
    pan_not_accepted,
    refund_exceeds_capture,
    rate_limited,

    // What the outside refused, for good.
    card_declined,
    insufficient_funds,
    expired_card,
    authentication_required,
    fraud_blocked,
    out_of_stock,
    cannot_ship,
    checkout_reversed,
    needs_attention,
    gateway_refused,  // any other definite no

    // What an outward call may meet on its way.
    network_error,      // could not be reached: nothing was sent
    gateway_timeout,    // sent, and not answered before the deadline or before the link was cut
    gateway_busy,       // "ask again": 429, 425; unknown where it says that it took too long (408) or that the key is in use
    gateway_fault,      // a 5xx: it may have acted
    unreadable_answer,  // an answer that cannot be read: it may have acted
    echo_mismatch,      // an answer about another amount or currency than was asked: it pages
    never_arrived,      // a look-up found nothing: final only after the gateway's longest delay
    gateway_error,      // the above, as a client sees them

    // Ourselves.
    circuit_open,
    overloaded,
    store_unavailable,  // nothing was written
    store_unknown,      // the store did not say whether it wrote
    lease_lost,         // the fence refused a write: another owner went on
    shutting_down,
    internal,
};

/// What is fixed about a code: its name on the wire and what a caller may do.
struct CodeInfo {
    std::string_view name;
    Execution execution;
    bool retriable;  // the same request with the same key may be sent again
};

[[nodiscard]] const CodeInfo& info(Code code) noexcept;

/// A failure with the sentence for people beside it. `detail` never quotes input.
struct PaymentError {
    Code code = Code::internal;
    std::string detail;
    Execution execution = Execution::refused;
    bool retriable = false;
    std::optional<std::chrono::milliseconds> retry_after;

    PaymentError() = default;
    PaymentError(Code c, std::string why)
        : code(c), detail(std::move(why)), execution(info(c).execution), retriable(info(c).retriable) {}
    PaymentError(Code c, std::string why, std::optional<std::chrono::milliseconds> after) : PaymentError(c, std::move(why)) {
        retry_after = after;
    }
};

/// A value, or the typed reason why not. Ignoring one is a compile error.
template <class T>
struct [[nodiscard]] Result : std::expected<T, PaymentError> {
    using std::expected<T, PaymentError>::expected;
};

[[nodiscard]] inline std::unexpected<PaymentError> fail(Code code, std::string detail,
                                                        std::optional<std::chrono::milliseconds> retry_after = {}) {
    return std::unexpected<PaymentError>(PaymentError(code, std::move(detail), retry_after));
}

[[nodiscard]] inline std::unexpected<PaymentError> fail(PaymentError error) {
    return std::unexpected<PaymentError>(std::move(error));
}

}  // namespace tollgate
