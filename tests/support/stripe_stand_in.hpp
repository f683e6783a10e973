#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "support/stripe/ledger.hpp"

namespace tollgate::test {

/// One request to Stripe's API, as far as it reads it.
struct StripeRequest {
    std::string method;
    std::string target;  // path with its query
    std::string authorization;
    std::string idempotency_key;
    std::string version;  // Stripe-Version; empty: the account's own
    std::string content_type;
    std::string body;
};

struct StripeReply {
    int status = 200;
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;  // beside Content-Type: application/json
};

struct StandInOptions {
    std::string key = "sk_test_standin";
    /// How far search lies behind: "searchable in less than a minute" (docs.stripe.com/search). Lists never do.
    Milliseconds search_lag{60'000};
    std::string settlement_currency;  // of the balance; empty: as each charge
    std::string account_version = "2025-03-31.basil";
};

/// What became of a PaymentIntent, as the money goes.
struct StripePayment {
    std::string reference;  // its metadata of this name
    std::string intent;
    std::string status;
    std::string charge;
    std::string currency;
    std::int64_t amount = 0;
    std::int64_t captured = 0;
    std::int64_t refunded = 0;
    int refunds = 0;
};

/// Stripe's API, written from its documentation (docs.stripe.com/api, github.com/stripe/openapi): PaymentIntents, refunds,
/// charges and balance transactions with their rules, Idempotency-Keys, search that lags and pages. Its test payment methods
/// decide how a payment goes. Faults are not its own: see support/lies.hpp. May be called from any thread.
class StripeStandIn {
public:
    explicit StripeStandIn(StandInOptions options = {});

    StripeReply handle(const StripeRequest& request, WallTime now);

    /// The customer comes back from the bank (an intent that requires_action).
    void authenticate(const std::string& intent, bool succeeded, WallTime now);
    /// The cardholder charges it back.
    void dispute(const std::string& charge, WallTime now);
    /// The balance is sent to the bank.
    void pay_out(std::int64_t amount, const std::string& currency, WallTime now);
    /// What is pending has arrived.
    void settle_refunds(WallTime now);

    /// Its books; of one reference, or (empty) all of them.
    [[nodiscard]] std::vector<StripePayment> payments(const std::string& reference = "") const;

    /// The bodies of the events it would have sent so far, in their order.
    [[nodiscard]] std::vector<std::string> events(std::string_view type = "") const;

private:
    struct Stored {
        std::string request;  // what it was asked
        StripeReply reply;
        WallTime since{};
    };

    StripeReply authorized(const StripeRequest& request, WallTime now, bool& stores);
    StripeReply keyed(const StripeRequest& request, WallTime now);

    StandInOptions options_;
    mutable std::mutex mutex_;
    stripe_api::Ledger ledger_;
    std::map<std::string, Stored> keys_;
    std::uint64_t requests_ = 0;
};

}  // namespace tollgate::test
