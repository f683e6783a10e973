#pragma once

#include "service/http/message.hpp"
#include "stores/ports.hpp"

namespace tollgate {

/// For an operator, who sees the charges of all tenants: GET /admin/charges?q=TEXT. The text is the id of a charge or of its
/// saga, else what the gateway calls a payment, else an order's id, else a customer's: the first that finds something answers,
/// with one charge or with pages of them, the newest first. What it borrows outlives the route.
[[nodiscard]] http::Route search_route(const Runtime& runtime, ChargeStore& store);

}  // namespace tollgate
