#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "reconciliation/reconcile.hpp"
#include "service/config.hpp"

/// What `tollgate reconcile` does (contract sections 1 and 8).
namespace tollgate {

struct ReconcileRequest {
    std::chrono::sys_days day;
    std::optional<std::string> gateway_report;  // instead of asking the gateway
    std::string out;  // where the whole report goes, as CSV for a name that ends in .csv; empty: nowhere
};

/// Compares that day of the ledger with the gateway's books, beside serving processes or without any. Only reads the store:
/// calls somebody where that was not done yet, and leaves repairs to the service.
///
/// Prints the summary, a line for each discrepancy, twenty of them at most, and how many more there are. The report's file
/// appears when it is whole, readable by its owner only. Returns the exit code: 0 all matched, 3 discrepancies, 1 when it could
/// not be done, with the reason on standard error; SIGINT, SIGTERM and SIGHUP end it so.
[[nodiscard]] int reconcile_day(const Settings& settings, const ReconcileRequest& request);

/// "comparing  [##########----------]  50%  500000 of 1000000 records", or without the bar where nobody knows the total.
[[nodiscard]] std::string progress_text(const reconciliation::Progress& progress);

}  // namespace tollgate
