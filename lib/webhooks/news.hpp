#pragma once

#include <optional>
#include <string_view>

#include "gateway/news.hpp"

namespace tollgate::webhooks {

/// What an archived event tells, whoever sent it; nothing when it is of no type that is known here, or tells nothing about a
/// charge. Fails with `unreadable_answer` when its type is known and the rest is not what it should be, or when an id held a
/// card number, which must become no fact of a charge. Known are:
///
///   payment.authorized, .captured, .voided, .refunded, .disputed, .action_completed, .failed, as contract section 4 has them;
///   `data` may have a dispute_id and an error (card_declined, insufficient_funds, expired_card) as well
///   Stripe's payment_intent.*, charge.refunded and charge.dispute.* (docs.stripe.com/api/events/types)
///   Adyen's AUTHORISATION, CAPTURE, CANCELLATION, REFUND, CHARGEBACK and NOTIFICATION_OF_CHARGEBACK; what it signs is all that
///   is believed, but for the reason of a refusal (docs.adyen.com/development-resources/webhooks/webhook-types)
[[nodiscard]] Result<std::optional<GatewayNews>> news_of(std::string_view body);

}  // namespace tollgate::webhooks
