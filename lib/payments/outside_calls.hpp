#pragma once

#include <functional>
#include <string>

#include "gateway/outside.hpp"

namespace tollgate {

/// One outward call on its way through the layers.
template <class Payload>
struct OutsideCall {
    Payload payload;
    CallContext context;  // `deadline` is that of the whole step, retries included
};

template <class Payload>
SteadyTime deadline_of(const OutsideCall<Payload>& call) noexcept {
    return call.context.deadline;
}

template <class Payload, class Response>
using OutsideService = std::function<Task<Result<Response>>(OutsideCall<Payload>)>;

/// What a checkout may ask of the outside, each already wrapped in its layers (breaker, retry, outbound limit, timing) by
/// the composition root. The same service answers look-ups (`Ask::look_up`).
struct OutsideCalls {
    std::string gateway_name;
    GatewayTraits gateway;
    GatewayTraits inventory;
    GatewayTraits shipping;

    std::function<Result<void>(Money)> check_amount;  // whether the gateway can represent it (PaymentGateway::check_amount)

    OutsideService<GoodsRequest, std::string> reserve;
    OutsideService<AuthorizeRequest, AuthorizeOutcome> authorize;
    OutsideService<CaptureRequest, std::string> capture;
    OutsideService<GoodsRequest, std::string> ship;
    OutsideService<std::string, std::string> cancel_shipment;  // by shipment id
    OutsideService<RefundRequest, std::string> refund;
    OutsideService<VoidRequest, std::string> void_authorization;
    OutsideService<std::string, std::string> release;  // by reservation id
    OutsideService<TransactionQuery, TransactionPage> transactions;
};

}  // namespace tollgate
