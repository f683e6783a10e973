#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "payments/checkout.hpp"
#include "service/handlers/charge_door.hpp"
#include "service/http/message.hpp"

namespace tollgate {

/// The whole charge: the checkout in its layers.
using ChargeService = std::function<Task<Result<ChargeAnswer>>(ChargeCommand)>;

struct ChargeApi {
    const Runtime& runtime;
    ChargeService charge;
    ChargeStore& store;
    std::string gateway_name;
    std::function<Result<void>(Money)> check_amount;  // whether the gateway can represent it
    SettlePolicy settle;
    ChargeDoor& door;
    std::optional<GcraPolicy> customer_limit;  // what the charge layers keep to; told in RateLimit-Policy
};

/// POST /charge, GET /charge and GET /charge/{id}. What the API borrows outlives the routes.
[[nodiscard]] std::vector<http::Route> charge_routes(ChargeApi api);

}  // namespace tollgate
