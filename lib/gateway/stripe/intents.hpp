#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "gateway/outside.hpp"

/// What the state of a PaymentIntent or Refund says of a step (docs.stripe.com/payments/paymentintents/lifecycle, /refunds).
/// Every intent here is confirmed and captured by hand, so nobody but the holder of our API key moves it on; it goes
///
///     requires_confirmation → requires_action → requires_confirmation → requires_capture → succeeded
///
/// or ends in requires_payment_method (declined) or canceled. So a state tells what became of a step, whoever asks and whether
/// or not the call's own answer came through:
///
///   status                    | authorize                       | continued authorize     | capture         | void
///   requires_payment_method   | declined, where it says why;    | declined                | refused         | not done
///                             | else not done: not tried yet    |                         |                 |
///   requires_confirmation     | not done                        | not done                | refused         | not done
///   requires_action           | the customer must authenticate  | the same, once more     | refused         | not done
///   processing                | not known                       | not known               | not known       | not done
///   requires_capture          | authorized                      | authorized              | not done        | not done
///   succeeded                 | authorized, and captured by     | the same                | captured        | refused
///                             | somebody: capture finds out     |                         |                 |
///   canceled                  | refused                         | refused                 | refused         | done
///   any other                 | unreadable                      | unreadable              | unreadable      | unreadable
///
/// "Not done" is `never_arrived`: in that state the step has moved no money, and only a call of this step that is still under
/// way could do it; whoever settles waits for `longest_delay` before that counts. Where the customer must authenticate and
/// there is no address to send them to, nothing can come of the intent: declined.
///
/// Before that, an intent that is not the one asked for, or speaks of another amount, currency or charge, is `echo_mismatch`.
///
///   Refund: pending (Stripe has taken it, and says so before the card's bank does), requires_action, succeeded: done.
///           failed, canceled: refused, the money is back with us.
namespace tollgate::stripe {

/// What an intent must be about, beside its money. Empty members but `reference` are not compared.
struct About {
    std::string reference;
    std::string intent;  // its id
    std::string key;     // of the call that made it
};

[[nodiscard]] Result<AuthorizeOutcome> authorization(const boost::json::object& intent, const About& about, Money amount,
                                                     bool continued);

/// → the capture's id: that of the intent's Charge.
[[nodiscard]] Result<std::string> capture(const boost::json::object& intent, const About& about, Money amount);

/// → the void's id: the intent's own, since Stripe gives none.
[[nodiscard]] Result<std::string> cancellation(const boost::json::object& intent, const About& about);

/// → the refund's id.
[[nodiscard]] Result<std::string> refund(const boost::json::object& refund, const RefundRequest& request);

/// Whether it was made by this call.
[[nodiscard]] bool is_of_call(const boost::json::object& object, std::string_view key) noexcept;

}  // namespace tollgate::stripe
