#pragma once

#include <functional>
#include <vector>

#include "payments/checkout.hpp"
#include "service/handlers/charge_door.hpp"
#include "service/http/message.hpp"

namespace tollgate {

/// What is asked of a charge that exists: the checkout's `operate` in its layers.
using OperationService = std::function<Task<Result<ChargeAnswer>>(OperationCommand)>;

struct OperationApi {
    OperationService operate;
    ChargeStore& store;
    ChargeDoor& door;
};

/// POST /charge/{id}/capture, /void, /refund and /confirm, and for an operator POST /admin/charges/{id}/refund, of any tenant's
/// charge. What the API borrows outlives the routes.
[[nodiscard]] std::vector<http::Route> operation_routes(OperationApi api);

}  // namespace tollgate
