#pragma once

#include <vector>

#include "reconciliation/discrepancy.hpp"
#include "telemetry/metrics.hpp"

namespace tollgate {

/// What the last comparison of this process came to, for whoever watches.
class ReconciliationGauges {
public:
    explicit ReconciliationGauges(Metrics& metrics);

    void show(const reconciliation::Tally& tally, WallTime now);

private:
    std::vector<GaugeHandle> found_;  // by kind
    GaugeHandle finished_;
};

}  // namespace tollgate
