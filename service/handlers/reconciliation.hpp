#pragma once

#include <vector>

#include "service/http/message.hpp"
#include "service/reconciler.hpp"

namespace tollgate {

struct ReconciliationApi {
    const Runtime& runtime;
    Reconciler& reconciler;
    ReconciliationStore& store;
    Milliseconds patience;  // how long a POST waits for the report
};

/// For an operator: POST /admin/reconciliation {"date":"YYYY-MM-DD"} compares that UTC day and answers with the report, or 202
/// while it is not there; GET /admin/reconciliation/DATE is the day's last report. What the API borrows outlives the routes.
[[nodiscard]] std::vector<http::Route> reconciliation_routes(ReconciliationApi api);

}  // namespace tollgate
