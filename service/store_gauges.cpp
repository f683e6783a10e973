#include "service/store_gauges.hpp"

#include <array>
#include <map>
#include <utility>
#include <vector>

#include "service/aside.hpp"
#include "telemetry/metrics.hpp"

namespace tollgate {
namespace {

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

void tell_charges(Metrics& metrics, const Census& census) {
    constexpr std::array<const char*, Census::ages.size() + 1> ages{"under_1m", "1m_to_10m", "10m_to_1h", "over_1h"};
    for (std::size_t i = 0; i < ages.size(); ++i) {
        metrics
            .gauge("sagas_unfinished", "Charges that run or wait for an outcome, by how long ago they were first asked for.",
                   {{"age", ages[i]}})
            .set(static_cast<double>(census.processing[i]));
    }
    const auto waiting = [&](const char* what, std::int64_t count) {
        metrics.gauge("charges_waiting", "Charges that wait for somebody else, by what they wait for.", {{"for", what}})
            .set(static_cast<double>(count));
    };
    waiting("customer", census.requires_action);
    waiting("capture", census.authorized);
    waiting("refund", census.refunding);
    metrics.gauge("charges_needing_attention", "Charges that nothing settles any more but a person.")
        .set(static_cast<double>(census.needs_attention));
}

void tell_queue(Metrics& metrics, EventQueue queue, const Census::Queue& standing, WallTime now) {
    const Metrics::Labels labels{{"queue", std::string(name(queue))}};
    metrics
        .gauge("event_queue_depth", "Events that wait, held or not, without those behind another event of their charge.",
               labels)
        .set(static_cast<double>(standing.waiting));
    const std::chrono::duration<double> age = now - standing.oldest_due.value_or(now);
    metrics
        .gauge("event_queue_oldest_due_seconds", "How long the event that waits longest has been due; 0: nothing is due.",
               labels)
        .set(age.count());
}

std::string census_text(const Census& census, WallTime now) {
    Metrics metrics;
    tell_charges(metrics, census);
    tell_queue(metrics, EventQueue::incoming, census.incoming, now);
    tell_queue(metrics, EventQueue::outgoing, census.outgoing, now);
    metrics.gauge("dead_letters", "Events that were given up, until somebody replays them or their retention is over.")
        .set(static_cast<double>(census.dead_letters));
    return metrics.text();
}

}  // namespace

Task<std::string> StoreGauges::text(const Runtime& runtime) {
    const WallTime now = runtime.clock.wall();
    const SteadyTime until = runtime.clock.steady() + patience_;
    const auto at_risk = ask_aside(runtime, charges_.money_at_risk());
    const auto counted = ask_aside(runtime, census_.census(now));
    const auto money = co_await at_risk->wait_until(until);
    const auto census = co_await counted->wait_until(until);
    std::string text;
    if (money && *money) text += money_text(**money);
    if (census && *census) text += census_text(**census, now);
    co_return text;
}

std::string StoreGauges::money_text(const std::vector<CurrencyAtRisk>& answer) {
    std::map<std::string, AtRisk> sums;
    for (const CurrencyAtRisk& one : answer) sums[one.currency] = one.sum;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [currency, sum] : sums) told_.insert(currency);
        for (const std::string& currency : told_) sums.try_emplace(currency);
    }
    Metrics metrics;
    for (const auto& [currency, sum] : sums) tell(metrics, currency, sum);
    return metrics.text();
}

}  // namespace tollgate
