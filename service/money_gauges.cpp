#include "service/money_gauges.hpp"

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "async/one_shot.hpp"
#include "telemetry/metrics.hpp"

namespace tollgate {
namespace {

using Told = OneShot<Result<std::vector<CurrencyAtRisk>>>;

Task<void> ask(ChargeStore& charges, std::shared_ptr<Told> told) {
    told->set(co_await charges.money_at_risk());
}

void tell(Metrics& metrics, const std::string& currency, const AtRisk& sum) {
    const auto gauge = [&](std::string_view name, std::string_view help, std::int64_t amount) {
        metrics.gauge(name, help, {{"currency", currency}}).set(static_cast<double>(amount));
    };
    gauge("money_unknown", "Money in minor units of its currency: a call that moves it was not answered, so it may have moved.",
          sum.unknown);
    gauge("money_authorized_uncaptured",
          "Money in minor units of its currency: held on customers' cards, and waits to be captured or let go.",
          sum.uncaptured);
    gauge("money_pending_refund",
          "Money in minor units of its currency: to be given back to customers, and not given back yet.", sum.pending_refund);
}

}  // namespace

Task<std::string> MoneyGauges::text(const Runtime& runtime) {
    const auto told = std::make_shared<Told>(runtime);
    spawn(runtime.executor, ask(charges_, told));
    const auto answer = co_await told->wait_until(runtime.clock.steady() + patience_);
    if (!answer || !*answer) co_return std::string();

    std::map<std::string, AtRisk> sums;
    for (const CurrencyAtRisk& one : **answer) sums[one.currency] = one.sum;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [currency, sum] : sums) told_.insert(currency);
        for (const std::string& currency : told_) sums.try_emplace(currency);
    }
    Metrics metrics;
    for (const auto& [currency, sum] : sums) tell(metrics, currency, sum);
    co_return metrics.text();
}

}  // namespace tollgate
