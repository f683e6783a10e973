#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "gateway/exchange.hpp"

/// What a reply of Stripe's says of the call it answers (docs.stripe.com/error-low-level, /error-codes, /rate-limits,
/// /api/idempotent_requests). Stripe keeps the first answer under its key for at least 24 hours once the endpoint has begun to
/// execute, 500s included; `Stripe-Should-Retry` tells which it did not keep.
///
///   status                          | to a call (POST)                                       | to a read (GET)
///   200, an object                  | that object                                            | that object
///   402 with an error               | card_declined, insufficient_funds or expired_card      | unknown
///   401: our API key                | gateway_busy, not executed: the operator's to mend     | gateway_fault
///   403: its permissions            | gateway_busy, unknown: what may not be shown in the    | gateway_busy, unknown
///                                   | answer may have been done                              |
///   429 (not lock_timeout), 425     | gateway_busy, not executed                             | gateway_busy, unknown
///   409, 408, 429 lock_timeout      | gateway_busy, unknown: another call may be at work     | gateway_busy, unknown
///   409 not to be retried           | gateway_fault: kept                                    | gateway_fault
///   400 idempotency_error           | gateway_fault: the key was first used with other       | gateway_fault
///                                   | parameters, and what became of that is not said        |
///   any other 4xx with an error     | gateway_refused; gateway_busy, unknown, when to be     | gateway_fault
///                                   | retried                                                |
///   5xx                             | gateway_busy, unknown, when to be retried; else        | the same
///                                   | gateway_fault, which is kept under the key             |
///   anything else                   | unreadable_answer, unknown                             | the same
///
/// So a read never says that something did not happen, also not with a 404: the API key may be another account's.
/// No error quotes what Stripe wrote.
namespace tollgate::stripe {

enum class Kind : std::uint8_t { call, read };

[[nodiscard]] Result<boost::json::object> read_answer(const OutboundReply& reply, Kind kind);

/// `error.payment_intent` of a 402 whose customer is to authenticate; empty for everything else.
[[nodiscard]] boost::json::object waiting_intent(const OutboundReply& reply);

/// Why a card was declined, by an error of Stripe's: its decline_code, or else its code (docs.stripe.com/declines/codes).
[[nodiscard]] PaymentError decline(const boost::json::object& error);

/// The member's object; an empty one when it is none.
[[nodiscard]] const boost::json::object& object_in(const boost::json::object& object, std::string_view member) noexcept;

/// An integer; nothing when it is none.
[[nodiscard]] std::optional<std::int64_t> number_in(const boost::json::object& object, std::string_view member) noexcept;

/// The id behind a member that may be expanded: itself, or the object's. Empty when there is none.
[[nodiscard]] std::string_view reference_in(const boost::json::object& object, std::string_view member) noexcept;

}  // namespace tollgate::stripe
