// How the objects look (github.com/stripe/openapi, the schemas of these names).
#include "support/stripe/ledger.hpp"

namespace tollgate::test::stripe_api {
namespace {

json::value or_null(const std::string& text) {
    return text.empty() ? json::value(nullptr) : json::value(text);
}

json::object as_json(const std::map<std::string, std::string>& metadata) {
    json::object out;
    for (const auto& [key, value] : metadata) out[key] = value;
    return out;
}

json::value next_action(const Intent& intent) {
    if (intent.status != "requires_action") return nullptr;
    const std::string url = "https://hooks.stripe.com/3d_secure_2/hosted?intent=" + intent.id;
    if (intent.return_url.empty())
        return {{"type", "use_stripe_sdk"}, {"use_stripe_sdk", {{"type", "three_d_secure_redirect"}, {"stripe_js", url}}}};
    return {{"type", "redirect_to_url"}, {"redirect_to_url", {{"url", url}, {"return_url", intent.return_url}}}};
}

}  // namespace

std::int64_t seconds(WallTime time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

json::object Ledger::render(const Intent& intent) const {
    return {{"id", intent.id},
            {"object", "payment_intent"},
            {"amount", intent.amount},
            {"amount_capturable", intent.status == "requires_capture" ? intent.amount : 0},
            {"amount_received", intent.received},
            {"canceled_at", intent.status == "canceled" ? json::value(seconds(intent.canceled)) : json::value(nullptr)},
            {"cancellation_reason", or_null(intent.cancellation_reason)},
            {"capture_method", intent.capture_method},
            {"client_secret", intent.id + "_secret_standin"},
            {"confirmation_method", intent.confirmation_method},
            {"created", seconds(intent.created)},
            {"currency", intent.currency},
            {"customer", nullptr},
            {"description", or_null(intent.description)},
            {"last_payment_error", intent.last_error.empty() ? json::value(nullptr) : json::value(intent.last_error)},
            {"latest_charge", or_null(intent.charge)},
            {"livemode", false},
            {"metadata", as_json(intent.metadata)},
            {"next_action", next_action(intent)},
            {"payment_method", or_null(intent.status == "requires_payment_method" ? "" : intent.payment_method)},
            {"payment_method_types", json::array{"card"}},
            {"status", intent.status}};
}

json::object Ledger::render(const Charge& charge) const {
    const Intent& intent = intents.at(charge.intent);
    const Card& card = *intent.card;
    json::object details{
        {"brand", card.brand},
        {"checks",
         {{"address_line1_check", nullptr}, {"address_postal_code_check", card.postal_check}, {"cvc_check", card.cvc_check}}},
        {"country", card.country},
        {"last4", "4242"},
        {"amount_authorized", charge.amount}};
    if (!charge.captured && !charge.failed && intent.status == "requires_capture")
        details["capture_before"] = seconds(charge.created + std::chrono::hours(7 * 24));
    return {{"id", charge.id},
            {"object", "charge"},
            {"amount", charge.amount},
            {"amount_captured", charge.amount_captured},
            {"amount_refunded", charge.refunded + charge.released},
            {"balance_transaction", or_null(charge.transaction)},
            {"captured", charge.captured},
            {"created", seconds(charge.created)},
            {"currency", intent.currency},
            {"disputed", charge.disputed},
            {"failure_code", charge.failed ? json::value(card.code) : json::value(nullptr)},
            {"livemode", false},
            {"metadata", as_json(charge.metadata)},
            {"paid", !charge.failed},
            {"payment_intent", charge.intent},
            {"payment_method", or_null(intent.payment_method)},
            {"payment_method_details", {{"card", std::move(details)}, {"type", "card"}}},
            {"refunded", charge.captured && charge.refunded == charge.amount_captured},
            {"status", charge.failed ? "failed" : "succeeded"}};
}

json::object Ledger::render(const Refund& refund) const {
    const Intent& intent = intents.at(charges.at(refund.charge).intent);
    return {{"id", refund.id},
            {"object", "refund"},
            {"amount", refund.amount},
            {"balance_transaction", or_null(refund.transaction)},
            {"charge", refund.charge},
            {"created", seconds(refund.created)},
            {"currency", intent.currency},
            {"metadata", as_json(refund.metadata)},
            {"payment_intent", intent.id},
            {"reason", or_null(refund.reason)},
            {"receipt_number", nullptr},
            {"status", refund.status}};
}

json::object Ledger::render(const Dispute& dispute) const {
    const Charge& charge = charges.at(dispute.charge);
    return {{"id", dispute.id},
            {"object", "dispute"},
            {"amount", dispute.amount},
            {"charge", dispute.charge},
            {"created", seconds(dispute.created)},
            {"currency", intents.at(charge.intent).currency},
            {"metadata", json::object{}},
            {"payment_intent", charge.intent},
            {"reason", "general"},
            {"status", "needs_response"}};
}

json::object Ledger::render(const Transaction& transaction) const {
    const std::int64_t fee = transaction.type == "charge" ? transaction.amount * 29 / 1000 + 30 : 0;
    return {{"id", transaction.id},
            {"object", "balance_transaction"},
            {"amount", transaction.amount},
            {"available_on", seconds(transaction.created) + 172'800},
            {"created", seconds(transaction.created)},
            {"currency", transaction.currency},
            {"exchange_rate", transaction.converted ? json::value(1.25) : json::value(nullptr)},
            {"fee", fee},
            {"net", transaction.amount - fee},
            {"reporting_category", transaction.category},
            {"source", transaction.source},
            {"status", "pending"},
            {"type", transaction.type}};
}

json::object Ledger::render(const std::string& id) const {
    const auto look = [&](const auto& all) -> json::object {
        const auto at = all.find(id);
        return at == all.end() ? json::object() : render(at->second);
    };
    for (json::object found : {look(intents), look(charges), look(refunds), look(transactions), look(disputes)}) {
        if (!found.empty()) return found;
    }
    if (id.starts_with("pm_")) return {{"id", id}, {"object", "payment_method"}, {"type", "card"}};
    if (id.starts_with("po_")) return {{"id", id}, {"object", "payout"}};
    return {};
}

}  // namespace tollgate::test::stripe_api
