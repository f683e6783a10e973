#include <boost/json.hpp>

#include "gateway/stripe/amounts.hpp"
#include "webhooks/families.hpp"

namespace tollgate::webhooks {
namespace {

namespace json = boost::json;
using Kind = GatewayNews::Kind;

constexpr std::string_view intent_family = "payment_intent.";
constexpr std::string_view dispute_family = "charge.dispute.";

/// Our charge, as we wrote it into the PaymentIntent's metadata; Stripe copies them to its Charge.
std::string reference_in(Fields& object) {
    const json::object* const metadata = object.object("metadata");
    if (metadata == nullptr) return {};
    Fields inner(*metadata);
    std::string reference = inner.text("reference");
    object.also(inner);
    return reference;
}

Code failure_of(Fields& intent) {
    const json::object* const error = intent.object("last_payment_error");
    if (error == nullptr) return Code::card_declined;
    Fields inner(*error);
    const Code declined = decline_from(inner.text("decline_code"));
    return declined == Code::card_declined ? decline_from(inner.text("code")) : declined;
}

std::optional<GatewayNews> intent_news(std::string_view what, Fields& intent) {
    GatewayNews news{.reference = reference_in(intent), .authorization_id = intent.id("id")};
    if (what == "amount_capturable_updated") {
        if (intent.text("capture_method") != "manual") return std::nullopt;
        news.kind = Kind::authorized;
        news.amount = intent.money("amount_capturable", "currency", stripe::decimals);
    } else if (what == "succeeded") {
        news.kind = Kind::captured;
        news.capture_id = intent.id("latest_charge");
        news.amount = intent.money("amount_received", "currency", stripe::decimals);
    } else if (what == "canceled") {
        news.kind = Kind::voided;
    } else if (what == "payment_failed") {
        news.kind = Kind::failed;
        news.why = failure_of(intent);
    } else {
        return std::nullopt;
    }
    return news;
}

/// The newest of a Charge's refunds, which events of API versions from 2022-11-15 on do not list.
const json::object* newest_refund(Fields& charge) {
    const json::object* const refunds = charge.object("refunds");
    if (refunds == nullptr) return nullptr;
    Fields list(*refunds);
    const json::array* const data = list.array("data");
    charge.also(list);
    const json::object* newest = nullptr;
    std::int64_t newest_at = -1;
    for (std::size_t i = 0; data != nullptr && i < data->size(); ++i) {
        const json::object* const refund = (*data)[i].if_object();
        const json::value* const created = refund == nullptr ? nullptr : refund->if_contains("created");
        const std::int64_t at = created != nullptr && created->is_int64() ? created->get_int64() : 0;
        if (refund == nullptr || at <= newest_at) continue;
        newest = refund;
        newest_at = at;
    }
    return newest;
}

/// API versions before 2025-03-31 tell of a voided authorization as refunded too, which is no news of a capture
/// (docs.stripe.com/ changelog/basil/2025-03-31/remove-refund-from-partial-capture-and-payment-cancellation-flow).
bool was_never_captured(const Fields& charge) {
    const json::value* const captured = charge.whole().if_contains("captured");
    return captured != nullptr && captured->is_bool() && !captured->get_bool();
}

std::optional<GatewayNews> refund_news(Fields& charge) {
    if (was_never_captured(charge)) return std::nullopt;
    GatewayNews news{.kind = Kind::refunded,
                     .reference = reference_in(charge),
                     .authorization_id = charge.id("payment_intent"),
                     .capture_id = charge.id("id")};
    if (const json::object* const newest = newest_refund(charge)) {
        Fields refund(*newest);
        news.refund_id = refund.id("id");
        news.amount = refund.money("amount", "currency", stripe::decimals);
        charge.also(refund);
    } else {
        news.amount = charge.money("amount_refunded", "currency", stripe::decimals);
        news.in_total = true;
    }
    return news;
}

GatewayNews dispute_news(Fields& dispute) {
    return {.kind = Kind::disputed,
            .reference = reference_in(dispute),
            .authorization_id = dispute.id("payment_intent"),
            .capture_id = dispute.id("charge"),
            .dispute_id = dispute.id("id"),
            .amount = dispute.money("amount", "currency", stripe::decimals)};
}

}  // namespace

bool is_stripe_type(std::string_view type) noexcept {
    return type.starts_with(intent_family) || type == "charge.refunded" || type.starts_with(dispute_family);
}

std::optional<GatewayNews> stripe_news(std::string_view type, Fields& object) {
    if (type.starts_with(intent_family)) return intent_news(type.substr(intent_family.size()), object);
    if (type == "charge.refunded") return refund_news(object);
    return type.starts_with(dispute_family) ? std::optional(dispute_news(object)) : std::nullopt;
}

}  // namespace tollgate::webhooks
