#pragma once

#include <vector>

#include "payments/checkout.hpp"
#include "service/handlers/charge_door.hpp"
#include "service/http/message.hpp"

namespace tollgate {

struct SagaApi {
    const Runtime& runtime;
    ChargeStore& store;
    AuditLog& audit;
    Checkout& checkout;
    const ChargeDoor& door;
    Milliseconds lease;
    Milliseconds patience;  // how long a retry waits for the saga it has set going
};

/// For an operator, who is no shop and sees the sagas of all: GET /admin/sagas, GET /admin/sagas/{id} and
/// POST /admin/sagas/{id}/retry. An id is the saga's or its charge's. What the API borrows outlives the routes.
[[nodiscard]] std::vector<http::Route> saga_routes(SagaApi api);

}  // namespace tollgate
