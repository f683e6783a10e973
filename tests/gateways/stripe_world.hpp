#pragma once

#include "gateway/stripe/stripe_gateway.hpp"
#include "gateways/conformance_kit.hpp"
#include "support/stripe_stand_in.hpp"

namespace tollgate::test {

/// Stripe, with its search as far behind as it may be: an hour (docs.stripe.com/api/payment_intents/search).
class StripeWorld final : public World {
public:
    StripeWorld() : StripeWorld(StandInOptions{.search_lag = std::chrono::hours(1)}) {}
    explicit StripeWorld(StandInOptions options) : stripe_(std::move(options)) {}

    [[nodiscard]] StripeStandIn& stripe() { return stripe_; }

    Wire handle(const OutboundRequest& request, WallTime now) override {
        StripeRequest asked{.method = std::string(request.method),
                            .target = request.path,
                            .authorization = request.authorization,
                            .idempotency_key = request.idempotency_key,
                            .content_type = request.content_type,
                            .body = request.body};
        for (const auto& [name, value] : request.headers) {
            if (name == "Stripe-Version") asked.version = value;
        }
        const StripeReply reply = stripe_.handle(asked, now);
        return {reply.status, reply.body, reply.headers};
    }

    Truth truth(const std::string& reference) override {
        Truth truth;
        for (const StripePayment& one : stripe_.payments(reference)) {
            const auto ours = [&](std::int64_t amount) { return in_our_units(amount, one.currency); };
            if (one.status != "requires_capture" && one.status != "succeeded") continue;
            ++truth.payments;
            if (one.status == "requires_capture") truth.held += ours(one.amount);
            truth.captured += ours(one.captured);
            truth.refunded += ours(one.refunded);
            truth.refunds += one.refunds;
        }
        return truth;
    }

    bool customer_returns(const std::string& waiting_id, bool succeeded, WallTime now) override {
        stripe_.authenticate(waiting_id, succeeded, now);
        return true;
    }

private:
    /// docs.stripe.com/currencies: ISK and UGX have two decimals that are always 00, MGA has none.
    static std::int64_t in_our_units(std::int64_t amount, const std::string& currency) {
        if (currency == "isk" || currency == "ugx") return amount / 100;
        return currency == "mga" ? amount * 100 : amount;
    }

    StripeStandIn stripe_;
};

/// How the tests' shop is known to it.
inline StripeOptions stripe_account() {
    return {.api_key = StandInOptions{}.key, .return_url = "https://shop.example/back"};
}

}  // namespace tollgate::test
