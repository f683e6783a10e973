#pragma once

#include "reconciliation/discrepancy.hpp"
#include "service/http/message.hpp"
#include "stores/census.hpp"
#include "stores/ports.hpp"
#include "stores/reconciliation.hpp"

namespace tollgate {

struct AttentionApi {
    const Runtime& runtime;
    ChargeStore& charges;
    EventStore& events;
    CensusStore& census;
    ReconciliationStore& reconciliation;
    Milliseconds patience;  // with the store, for all of it
};

/// For an operator: GET /admin/attention, what needs a human now, of all tenants: charges that need attention, charges whose
/// last call was not answered, dead letters, discrepancies that nothing has mended, authorizations about to run out. At most 20
/// of each; every look at the store is bounded, and a list that cannot be had says so and leaves the others alone. What the
/// API borrows outlives the route.
[[nodiscard]] http::Route attention_route(AttentionApi api);

}  // namespace tollgate
