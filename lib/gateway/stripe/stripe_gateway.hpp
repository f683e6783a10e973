#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <string>

#include "gateway/exchange.hpp"
#include "gateway/outside.hpp"
#include "gateway/stripe/form.hpp"
#include "gateway/stripe/intents.hpp"

namespace tollgate {

/// Stripe's promises. Keys are kept for at least 24 hours with whatever was answered first, 500s too
/// (docs.stripe.com/api/idempotent_requests): a key that answers so will not act any more, and only a look-up tells.
/// Two hours: one that a call may be under way, as of any gateway (http_gateway.hpp), and one that the index behind the search
/// for a PaymentIntent "can be behind during outages" (docs.stripe.com/api/payment_intents/search).
inline constexpr GatewayTraits stripe_traits{std::chrono::hours(24), std::chrono::hours(2), true, true, true, true};

struct StripeOptions {
    std::string api_key;     // secret or restricted: PaymentIntents, Refunds to write, Charges, Disputes, Balance to read
    std::string return_url;  // where the customer returns after authentication; empty: a card that asks for it is declined
    GatewayTraits traits = stripe_traits;
};

/// Stripe's PaymentIntents, confirmed and captured by hand. Borrows the exchange, to https://api.stripe.com; for its thread.
///
/// What was done is known again by metadata: `reference` (our charge) and `tollgate_key` (the call's key) on PaymentIntents and
/// Refunds, `order_id` and `reason` for people. An authorization that may have been made is searched for by `reference` and
/// then read itself; all else is read from the PaymentIntent or the Charge's Refunds, which are never behind. What their states
/// mean is in intents.hpp, what an answer means in answers.hpp, how amounts are written in amounts.hpp, what the books hold in
/// books.hpp.
///
/// While charges are unsettled the API key must stay one of the same account, and search is not to be had for Indian ones:
/// there an authorization whose answer was lost stays unsettled until a webhook tells.
class StripeGateway final : public PaymentGateway {
public:
    /// The API version whose fields are read: from this one on, what is not captured leaves no Refund.
    static constexpr const char* api_version = "2025-03-31.basil";
    static constexpr const char* endpoint = "https://api.stripe.com";

    StripeGateway(Exchange& exchange, StripeOptions options);

    [[nodiscard]] std::string_view name() const noexcept override { return "stripe"; }
    [[nodiscard]] GatewayTraits traits() const noexcept override { return options_.traits; }
    [[nodiscard]] Result<void> check_amount(Money amount) const override;

    Task<Result<AuthorizeOutcome>> authorize(AuthorizeRequest request, CallContext context) override;
    Task<Result<std::string>> capture(CaptureRequest request, CallContext context) override;
    Task<Result<std::string>> void_authorization(VoidRequest request, CallContext context) override;
    Task<Result<std::string>> refund(RefundRequest request, CallContext context) override;
    Task<Result<TransactionPage>> transactions(TransactionQuery query) override;

private:
    using Object = boost::json::object;
    struct Step {
        std::string intent;
        std::string_view action;
        stripe::Form form;
    };

    Task<Result<OutboundReply>> post(std::string path, stripe::Form form, CallContext context);
    Task<Result<Object>> get(std::string path, stripe::Form query, SteadyTime deadline);
    Task<Result<Object>> intent(std::string id, SteadyTime deadline);
    Task<Result<Object>> search(std::string reference, std::string key, SteadyTime deadline);
    Task<Result<std::string>> find_refund(RefundRequest request, std::string key, SteadyTime deadline);

    Task<Result<AuthorizeOutcome>> create(AuthorizeRequest request, CallContext context);
    template <class T>
    Task<Result<T>> step(Step asked, CallContext context, std::function<Result<T>(const Object&)> judge);

    Exchange& exchange_;
    StripeOptions options_;
    std::string authorization_;
};

}  // namespace tollgate
