#pragma once

#include <mutex>
#include <set>
#include <string>

#include "async/runtime.hpp"
#include "stores/ports.hpp"

namespace tollgate {

/// Money that is neither here nor there, for /metrics: asked of the store whenever it is told, since it is every process's. May
/// be used from any thread.
class MoneyGauges {
public:
    /// `patience` is how long the store may take.
    MoneyGauges(ChargeStore& charges, Milliseconds patience) : charges_(charges), patience_(patience) {}

    /// The gauges in Prometheus' text format, as sums of minor units by currency. A currency told once is told from then on, as
    /// 0 when there is nothing of it any more. Empty when the store does not answer: what was so a while ago is not told.
    Task<std::string> text(const Runtime& runtime);

private:
    ChargeStore& charges_;
    const Milliseconds patience_;
    std::mutex mutex_;
    std::set<std::string> told_;  // guarded by `mutex_`
};

}  // namespace tollgate
