#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/time.hpp"
#include "support/stripe/rules.hpp"

namespace tollgate::test::stripe_api {

struct Intent {
    std::string id;
    std::int64_t amount = 0;
    std::string currency;
    std::string capture_method;
    std::string confirmation_method;
    std::string status;
    std::map<std::string, std::string> metadata;
    std::string payment_method;
    std::optional<Card> card;
    std::string three_d_secure;  // what was requested: automatic, any, challenge
    std::string return_url;
    std::string description;
    bool needs_return_url = false;  // it takes payment methods that may redirect
    bool off_session = false;
    bool fails_on_action = false;
    bool authenticated = false;
    std::string charge;  // the latest
    std::int64_t received = 0;
    WallTime created{};
    WallTime canceled{};
    std::string cancellation_reason;
    json::object last_error;
    std::vector<std::pair<WallTime, json::object>> history;  // as it stood, for the search index
};

struct Charge {
    std::string id;
    std::string intent;
    bool failed = false;
    bool captured = false;
    std::int64_t amount = 0;
    std::int64_t amount_captured = 0;
    std::int64_t refunded = 0;
    std::int64_t released = 0;  // what was not captured, where a Refund says so (old API versions)
    std::string transaction;
    std::map<std::string, std::string> metadata;
    WallTime created{};
    bool disputed = false;
};

struct Refund {
    std::string id;
    std::string charge;
    std::int64_t amount = 0;
    std::string reason;
    std::string status;
    std::string transaction;
    std::map<std::string, std::string> metadata;
    WallTime created{};
    bool release = false;  // of what was not captured, under old API versions
};

struct Dispute {
    std::string id;
    std::string charge;
    std::int64_t amount = 0;
    WallTime created{};
};

/// Of the Stripe balance, in the currency it is kept in.
struct Transaction {
    std::string id;
    std::string type;
    std::string category;
    std::string source;
    std::int64_t amount = 0;
    std::string currency;
    bool converted = false;
    WallTime created{};
};

/// When a call arrives, and which version of the API it speaks ("2025-03-31.basil": a date and a name).
struct At {
    WallTime now;
    std::string version;
};

/// PaymentIntents and what becomes of them (docs.stripe.com/payments/paymentintents/lifecycle, /api/payment_intents,
/// /api/refunds, /api/balance_transactions). Throws `Refusal`. Not safe for threads: StripeStandIn is.
class Ledger {
public:
    /// In which currency the balance is kept; empty: as each charge.
    explicit Ledger(std::string settlement_currency) : settlement_currency_(std::move(settlement_currency)) {}

    Intent& create(const Form& form, const At& at);
    Intent& confirm(const std::string& id, const Form& form, const At& at);
    Intent& capture(const std::string& id, const Form& form, const At& at);
    Intent& cancel(const std::string& id, const Form& form, const At& at);
    Refund& refund(const Form& form, const At& at);

    /// What happens beside the calls of the API.
    void authenticate(const std::string& intent, bool succeeded, WallTime now);
    void dispute(const std::string& charge, WallTime now);
    void pay_out(std::int64_t amount, const std::string& currency, WallTime now);
    void settle_refunds(WallTime now);
    void expire(WallTime now);  // authorizations older than seven days

    [[nodiscard]] Intent& intent(const std::string& id, std::string_view param = "intent");
    [[nodiscard]] json::object render(const Intent& intent) const;
    [[nodiscard]] json::object render(const Charge& charge) const;
    [[nodiscard]] json::object render(const Refund& refund) const;
    [[nodiscard]] json::object render(const Transaction& transaction) const;
    [[nodiscard]] json::object render(const Dispute& dispute) const;
    /// Whatever has this id; empty when nothing has.
    [[nodiscard]] json::object render(const std::string& id) const;

    /// In the order in which they came to be, which is that of their ids.
    std::map<std::string, Intent> intents;
    std::map<std::string, Charge> charges;
    std::map<std::string, Refund> refunds;
    std::map<std::string, Transaction> transactions;
    std::map<std::string, Dispute> disputes;
    std::vector<json::object> events;

private:
    [[nodiscard]] std::string next_id(std::string_view prefix);
    void take_payment_method(Intent& intent, const Form& form);
    void take_confirmation(Intent& intent, const Form& form);
    void attempt(Intent& intent, WallTime now);
    void decline(Intent& intent, const std::string& code, const std::string& decline_code, WallTime now);
    void settle(Intent& intent, Charge& charge, std::int64_t amount, const At& at);
    void cancel(Intent& intent, std::string reason, WallTime now);
    std::string book(std::string type, std::string category, std::string source, std::int64_t amount,
                     const std::string& currency, WallTime now);
    void changed(Intent& intent, WallTime now);
    void tell(std::string_view type, json::object about, WallTime now);
    [[noreturn]] void unexpected(const Intent& intent, std::string_view verb) const;

    std::string settlement_currency_;
    std::uint64_t counter_ = 0;
};

/// Whole seconds, as Stripe has them.
[[nodiscard]] std::int64_t seconds(WallTime time);

}  // namespace tollgate::test::stripe_api
