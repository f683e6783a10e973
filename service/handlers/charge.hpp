#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "payments/checkout.hpp"
#include "service/http/message.hpp"

namespace tollgate {

/// The whole charge: the checkout in its layers.
using ChargeService = std::function<Task<Result<ChargeAnswer>>(ChargeCommand)>;

/// Where requests for a charge come in. One a thread, used on it only.
struct ChargeDoor {
    bool closed = false;     // new ones are told that the service shuts down
    std::size_t inside = 0;  // that came in and are not answered yet
};

/// What those are told.
[[nodiscard]] PaymentError shutting_down();

struct ChargeApi {
    const Runtime& runtime;
    ChargeService charge;
    ChargeStore& store;
    std::string gateway_name;
    SettlePolicy settle;
    ChargeDoor& door;
    std::optional<GcraPolicy> customer_limit;  // what the charge layers keep to; told in RateLimit-Policy
};

/// POST /charge, GET /charge and GET /charge/{id}. What the API borrows outlives the routes.
[[nodiscard]] std::vector<http::Route> charge_routes(ChargeApi api);

}  // namespace tollgate
