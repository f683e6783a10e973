#pragma once

#include <mutex>
#include <set>
#include <string>

#include "async/runtime.hpp"
#include "stores/census.hpp"
#include "stores/ports.hpp"

namespace tollgate {

/// What /metrics tells of what lies in the store: money that is neither here nor there, and what is not done yet. Asked of the
/// store whenever it is told, since it is every process's. May be used from any thread.
class StoreGauges {
public:
    /// `patience` is how long the store may take.
    StoreGauges(ChargeStore& charges, CensusStore& census, Milliseconds patience)
        : charges_(charges), census_(census), patience_(patience) {}

    /// The gauges in Prometheus' text format. Money is in sums of minor units by currency; a currency told once is told from
    /// then on, as 0 when there is nothing of it any more. What the store does not answer is left out: what was so a while ago
    /// is not told.
    Task<std::string> text(const Runtime& runtime);

private:
    [[nodiscard]] std::string money_text(const std::vector<CurrencyAtRisk>& answer);

    ChargeStore& charges_;
    CensusStore& census_;
    const Milliseconds patience_;
    std::mutex mutex_;
    std::set<std::string> told_;  // currencies; guarded by `mutex_`
};

}  // namespace tollgate
