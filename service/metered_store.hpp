#pragma once

#include "stores/ports.hpp"
#include "telemetry/labelled.hpp"

namespace tollgate {

/// Reports how long the store takes, by operation and outcome ("ok", or the name of the error).
class StoreTimer {
public:
    /// Both outlive it.
    StoreTimer(Metrics& metrics, const Clock& clock)
        : durations_(metrics, "store_operation", "Operations of the store, as those who wait for them see it.",
                     {"operation", "outcome"}),
          clock_(clock) {}

    /// `operation` is fixed in code, and the call made by the caller's await.
    template <class T>
    Task<Result<T>> time(std::string_view operation, Task<Result<T>> call) {
        const SteadyTime begun = clock_.steady();
        Result<T> result = co_await std::move(call);
        const std::string_view outcome = result ? std::string_view("ok") : info(result.error().code).name;
        durations_.observe({operation, outcome}, clock_.steady() - begun);
        co_return result;
    }

private:
    LabelledHistogram durations_;
    const Clock& clock_;
};

/// The charges of another store, timed; it counts refusals by a rate limit as well. What it borrows outlives it.
class MeteredCharges final : public ChargeStore {
public:
    MeteredCharges(ChargeStore& inner, StoreTimer& timer, Metrics& metrics);

    /// So many were refused since the start. Safe from any thread.
    [[nodiscard]] std::int64_t refusals() const noexcept { return static_cast<std::int64_t>(refusals_.value()); }

    Task<Result<Begun>> begin(BeginCharge begin) override;
    Task<Result<void>> advance(Transition transition) override;
    Task<Result<std::vector<ChargeRow>>> claim(WallTime now, WallTime lease_until, std::size_t limit) override;
    Task<Result<Taken>> take(std::string id, WallTime now, WallTime lease_until, Reach reach) override;
    Task<Result<Taken>> take_for(std::string id, std::string operation, WallTime now, WallTime lease_until) override;
    Task<Result<std::optional<ChargeRow>>> find(std::string id) override;
    Task<Result<ChargePage>> page(ChargeQuery query) override;
    Task<Result<ChargePage>> survey(SurveyQuery query) override;
    Task<Result<std::vector<ChargeRow>>> expiring(WallTime until, std::size_t limit) override;
    Task<Result<std::optional<std::string>>> charge_of(std::string gateway_id) override;
    Task<Result<std::vector<CurrencyAtRisk>>> money_at_risk() override;
    Task<Result<std::vector<LedgerEntry>>> ledger(std::string charge_id) override;

private:
    ChargeStore& inner_;
    StoreTimer& timer_;
    CounterHandle refusals_;
};

/// The same of its events.
class MeteredEvents final : public EventStore {
public:
    MeteredEvents(EventStore& inner, StoreTimer& timer) : inner_(inner), timer_(timer) {}

    Task<Result<Accepted>> accept(Event event, Milliseconds lease) override;
    Task<Result<std::vector<StoredEvent>>> claim(EventQueue queue, WallTime now, Milliseconds lease,
                                                 std::size_t limit) override;
    Task<Result<void>> settle(std::vector<Settlement> settlements, WallTime now) override;
    Task<Result<std::optional<StoredEvent>>> find(std::string id) override;
    Task<Result<EventPage>> dead_letters(DeadLetterQuery query) override;
    Task<Result<EventPage>> archive(ArchiveQuery query) override;
    Task<Result<Replayed>> replay(std::string id, WallTime now) override;

private:
    EventStore& inner_;
    StoreTimer& timer_;
};

}  // namespace tollgate
