#include "support/stripe_stand_in.hpp"

#include <boost/json/serialize.hpp>

#include "support/stripe/endpoints.hpp"

namespace tollgate::test {
namespace {

using stripe_api::Refusal;
using namespace std::chrono_literals;

/// "You can remove keys from the system automatically after they're at least 24 hours old."
constexpr auto keys_last = 24h;

StripeReply written(const Refusal& refusal) {
    return {refusal.status, boost::json::serialize(boost::json::object{{"error", refusal.error}}), {}};
}

Refusal idempotency_error(std::string_view message) {
    Refusal refusal = stripe_api::invalid(message);
    refusal.error["type"] = "idempotency_error";
    return refusal;
}

}  // namespace

StripeStandIn::StripeStandIn(StandInOptions options) : options_(std::move(options)), ledger_(options_.settlement_currency) {}

StripeReply StripeStandIn::handle(const StripeRequest& request, WallTime now) {
    const std::scoped_lock lock(mutex_);
    ledger_.expire(now);
    StripeReply reply;
    if (request.authorization != "Bearer " + options_.key) {
        Refusal refusal = stripe_api::invalid("Invalid API Key provided");
        refusal.status = 401;
        reply = written(refusal);
    } else {
        reply = keyed(request, now);
    }
    reply.headers.emplace_back("Request-Id", "req_" + std::to_string(++requests_));
    reply.headers.emplace_back("Stripe-Version", request.version.empty() ? options_.account_version : request.version);
    if (!request.idempotency_key.empty()) reply.headers.emplace_back("Idempotency-Key", request.idempotency_key);
    return reply;
}

StripeReply StripeStandIn::keyed(const StripeRequest& request, WallTime now) {
    bool stores = false;
    if (request.method != "POST" || request.idempotency_key.empty()) return authorized(request, now, stores);
    if (request.idempotency_key.size() > 255)
        return written(idempotency_error("Idempotency keys are up to 255 characters long"));

    if (const auto at = keys_.find(request.idempotency_key); at != keys_.end() && now - at->second.since >= keys_last)
        keys_.erase(at);
    const std::string asked = request.target + '\n' + request.body;
    if (const auto at = keys_.find(request.idempotency_key); at != keys_.end()) {
        if (at->second.request != asked)
            return written(
                idempotency_error("Keys for idempotent requests can only be used with the same parameters they were "
                                  "first used with."));
        StripeReply again = at->second.reply;
        again.headers.emplace_back("Idempotent-Replayed", "true");
        return again;
    }
    StripeReply reply = authorized(request, now, stores);
    if (stores) keys_[request.idempotency_key] = {asked, reply, now};
    return reply;
}

StripeReply StripeStandIn::authorized(const StripeRequest& request, WallTime now, bool& stores) {
    try {
        if (request.method != "GET" && request.method != "POST") throw stripe_api::invalid("The stand-in knows GET and POST");
        if (!request.body.empty() && !request.content_type.starts_with("application/x-www-form-urlencoded"))
            throw stripe_api::invalid("Bodies of API v1 are form-encoded");
        const std::string path = request.target.substr(0, request.target.find('?'));
        const std::string query = path.size() < request.target.size() ? request.target.substr(path.size() + 1) : "";
        const stripe_api::Call call{request.method,
                                    path,
                                    stripe_api::Form::decode(request.method == "GET" ? query : request.body),
                                    {now, request.version.empty() ? options_.account_version : request.version},
                                    options_.search_lag};
        StripeReply reply{200, boost::json::serialize(stripe_api::answer(ledger_, call, stores)), {}};
        return reply;
    } catch (const Refusal& refusal) {
        stores = refusal.stored;
        return written(refusal);
    }
}

void StripeStandIn::authenticate(const std::string& intent, bool succeeded, WallTime now) {
    const std::scoped_lock lock(mutex_);
    ledger_.authenticate(intent, succeeded, now);
}

void StripeStandIn::dispute(const std::string& charge, WallTime now) {
    const std::scoped_lock lock(mutex_);
    ledger_.dispute(charge, now);
}

void StripeStandIn::pay_out(std::int64_t amount, const std::string& currency, WallTime now) {
    const std::scoped_lock lock(mutex_);
    ledger_.pay_out(amount, currency, now);
}

void StripeStandIn::settle_refunds(WallTime now) {
    const std::scoped_lock lock(mutex_);
    ledger_.settle_refunds(now);
}

std::vector<StripePayment> StripeStandIn::payments(const std::string& reference) const {
    const std::scoped_lock lock(mutex_);
    std::vector<StripePayment> out;
    for (const auto& [id, intent] : ledger_.intents) {
        const auto named = intent.metadata.find("reference");
        StripePayment one{.reference = named == intent.metadata.end() ? "" : named->second,
                          .intent = id,
                          .status = intent.status,
                          .charge = intent.charge,
                          .currency = intent.currency,
                          .amount = intent.amount,
                          .captured = intent.received};
        if (!reference.empty() && one.reference != reference) continue;
        for (const auto& [refund_id, refund] : ledger_.refunds) {
            if (refund.release || ledger_.charges.at(refund.charge).intent != id) continue;
            one.refunded += refund.amount;
            ++one.refunds;
        }
        out.push_back(std::move(one));
    }
    return out;
}

std::vector<std::string> StripeStandIn::events(std::string_view type) const {
    const std::scoped_lock lock(mutex_);
    std::vector<std::string> out;
    for (const auto& event : ledger_.events) {
        if (type.empty() || event.at("type") == boost::json::string_view(type.data(), type.size()))
            out.push_back(boost::json::serialize(event));
    }
    return out;
}

}  // namespace tollgate::test
