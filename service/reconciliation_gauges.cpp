#include "service/reconciliation_gauges.hpp"

namespace tollgate {

using reconciliation::Kind;

ReconciliationGauges::ReconciliationGauges(Metrics& metrics)
    : finished_(metrics.gauge("reconciliation_finished_timestamp_seconds",
                              "When this process last compared a day with the gateway, in seconds since 1970; 0: never.")) {
    for (std::size_t kind = 0; kind < reconciliation::kinds; ++kind) {
        found_.push_back(metrics.gauge("reconciliation_discrepancies", "What the last comparison of a day found.",
                                       {{"kind", std::string(name(static_cast<Kind>(kind)))}}));
    }
}

void ReconciliationGauges::show(const reconciliation::Tally& tally, WallTime now) {
    for (std::size_t kind = 0; kind < reconciliation::kinds; ++kind) found_[kind].set(static_cast<double>(tally.found[kind]));
    finished_.set(std::chrono::duration<double>(now.time_since_epoch()).count());
}

}  // namespace tollgate
