#pragma once

#include <string>

#include "gateway/exchange.hpp"
#include "gateway/outside.hpp"

namespace tollgate {

/// What contract section 6 lets an adapter promise. The window is what gateways commonly keep keys for. An hour is four
/// times what TCP goes on retransmitting (RFC 1122 section 4.2.3.5, at most 15 minutes here) and leaves room for proxies.
/// A 5xx is not taken to be kept under its key: what a look-up does not find is sent again at once, and where it is kept after
/// all, that tells nothing new and does no harm.
inline constexpr GatewayTraits section6_traits{std::chrono::hours(24), std::chrono::hours(1), true};

struct HttpGatewayOptions {
    std::string name = "http";  // as charges show it
    std::string api_key;        // sent as a bearer token; empty: none
    GatewayTraits traits = section6_traits;
};

/// Any gateway that speaks contract section 6, over sockets or within this process. Borrows the exchange; for its thread.
/// An authorization that waits for its customer holds nothing there: it has no `waiting_id`, and the one after it is a call
/// like the first. A refund's reason has no place in section 6 and stays here.
class HttpGateway final : public PaymentGateway {
public:
    explicit HttpGateway(Exchange& exchange, HttpGatewayOptions options = {});

    [[nodiscard]] std::string_view name() const noexcept override { return options_.name; }
    [[nodiscard]] GatewayTraits traits() const noexcept override { return options_.traits; }

    /// Section 6 takes any amount.
    [[nodiscard]] Result<void> check_amount(Money) const override { return {}; }

    Task<Result<AuthorizeOutcome>> authorize(AuthorizeRequest request, CallContext context) override;
    Task<Result<std::string>> capture(CaptureRequest request, CallContext context) override;
    Task<Result<std::string>> void_authorization(VoidRequest request, CallContext context) override;
    Task<Result<std::string>> refund(RefundRequest request, CallContext context) override;
    Task<Result<TransactionPage>> transactions(TransactionQuery query) override;

private:
    struct Expected;  // what a success must say
    Task<Result<std::string>> perform(std::string path, std::string body, CallContext context, Expected expected);

    Exchange& exchange_;
    HttpGatewayOptions options_;
    std::string authorization_;
};

}  // namespace tollgate
