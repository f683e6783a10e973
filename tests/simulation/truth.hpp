#pragma once

#include <functional>
#include <memory>

#include "stores/ports.hpp"

namespace tollgate::simulation {

/// What a store holds, and what each operation does to it, at once: stores/ports.hpp and events.hpp without the time it takes.
class Truth {
public:
    virtual ~Truth() = default;

    virtual Result<Begun> begin(BeginCharge begin) = 0;
    virtual Result<void> advance(const Transition& transition) = 0;
    virtual Result<std::vector<ChargeRow>> claim(WallTime now, WallTime lease_until, std::size_t limit) = 0;
    virtual Result<Taken> take(const std::string& id, WallTime now, WallTime lease_until, Reach reach) = 0;
    virtual Result<Taken> take_for(const std::string& id, const std::string& operation, WallTime now, WallTime lease_until) = 0;
    virtual Result<std::optional<ChargeRow>> find(const std::string& id) = 0;
    virtual Result<ChargePage> page(const ChargeQuery& query) = 0;
    virtual Result<ChargePage> survey(const SurveyQuery& query) = 0;
    virtual Result<std::vector<ChargeRow>> expiring(WallTime until, std::size_t limit) = 0;
    virtual Result<std::optional<std::string>> charge_of(const std::string& gateway_id) = 0;
    virtual Result<std::vector<CurrencyAtRisk>> money_at_risk() = 0;
    virtual Result<std::vector<LedgerEntry>> ledger(const std::string& id) = 0;

    virtual Result<Accepted> accept(const Event& event, Milliseconds lease) = 0;
    virtual Result<std::vector<StoredEvent>> claim(EventQueue queue, WallTime now, Milliseconds lease, std::size_t limit) = 0;
    virtual Result<void> settle(const std::vector<Settlement>& settlements, WallTime now) = 0;
    virtual Result<std::optional<StoredEvent>> find_event(const std::string& id) = 0;

    /// For an owner that knows every earlier one to be dead.
    virtual void end_leases() = 0;
    /// Does all of it in one transaction.
    virtual void commit(const std::function<void()>& work) { work(); }
};

/// The model that tests/stores compares the real stores with.
[[nodiscard]] std::unique_ptr<Truth> model_truth();

/// The transitions of the embedded store, in the production code's own SQL.
[[nodiscard]] std::unique_ptr<Truth> sqlite_truth();

}  // namespace tollgate::simulation
