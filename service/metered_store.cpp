#include "service/metered_store.hpp"

#include <utility>

namespace tollgate {

MeteredCharges::MeteredCharges(ChargeStore& inner, StoreTimer& timer, Metrics& metrics)
    : inner_(inner),
      timer_(timer),
      refusals_(metrics.counter("rate_limit_refusals_total", "Charges refused because their customer had too many.")) {}

Task<Result<Begun>> MeteredCharges::begin(BeginCharge begin) {
    Result<Begun> begun = co_await timer_.time("begin", inner_.begin(std::move(begin)));
    const bool refused = begun && begun->kind == Begun::Kind::refused && begun->error;
    if (refused && begun->error->code == Code::rate_limited) refusals_.add();
    co_return begun;
}

Task<Result<void>> MeteredCharges::advance(Transition transition) {
    return timer_.time("advance", inner_.advance(std::move(transition)));
}

Task<Result<std::vector<ChargeRow>>> MeteredCharges::claim(WallTime now, WallTime lease_until, std::size_t limit) {
    return timer_.time("claim", inner_.claim(now, lease_until, limit));
}

Task<Result<Taken>> MeteredCharges::take(std::string id, WallTime now, WallTime lease_until, Reach reach) {
    return timer_.time("take", inner_.take(std::move(id), now, lease_until, reach));
}

Task<Result<Taken>> MeteredCharges::take_for(std::string id, std::string operation, WallTime now, WallTime lease_until) {
    return timer_.time("take_for", inner_.take_for(std::move(id), std::move(operation), now, lease_until));
}

Task<Result<std::optional<ChargeRow>>> MeteredCharges::find(std::string id) {
    return timer_.time("find", inner_.find(std::move(id)));
}

Task<Result<ChargePage>> MeteredCharges::page(ChargeQuery query) {
    return timer_.time("page", inner_.page(std::move(query)));
}

Task<Result<ChargePage>> MeteredCharges::survey(SurveyQuery query) {
    return timer_.time("survey", inner_.survey(std::move(query)));
}

Task<Result<std::vector<ChargeRow>>> MeteredCharges::expiring(WallTime until, std::size_t limit) {
    return timer_.time("expiring", inner_.expiring(until, limit));
}

Task<Result<std::optional<std::string>>> MeteredCharges::charge_of(std::string gateway_id) {
    return timer_.time("charge_of", inner_.charge_of(std::move(gateway_id)));
}

Task<Result<std::vector<CurrencyAtRisk>>> MeteredCharges::money_at_risk() {
    return timer_.time("money_at_risk", inner_.money_at_risk());
}

Task<Result<std::vector<LedgerEntry>>> MeteredCharges::ledger(std::string charge_id) {
    return timer_.time("ledger", inner_.ledger(std::move(charge_id)));
}

Task<Result<Accepted>> MeteredEvents::accept(Event event, Milliseconds lease) {
    return timer_.time("accept_event", inner_.accept(std::move(event), lease));
}

Task<Result<std::vector<StoredEvent>>> MeteredEvents::claim(EventQueue queue, WallTime now, Milliseconds lease,
                                                            std::size_t limit) {
    return timer_.time("claim_events", inner_.claim(queue, now, lease, limit));
}

Task<Result<void>> MeteredEvents::settle(std::vector<Settlement> settlements, WallTime now) {
    return timer_.time("settle_events", inner_.settle(std::move(settlements), now));
}

Task<Result<std::optional<StoredEvent>>> MeteredEvents::find(std::string id) {
    return timer_.time("find_event", inner_.find(std::move(id)));
}

Task<Result<EventPage>> MeteredEvents::dead_letters(DeadLetterQuery query) {
    return timer_.time("dead_letters", inner_.dead_letters(std::move(query)));
}

Task<Result<EventPage>> MeteredEvents::archive(ArchiveQuery query) {
    return timer_.time("archive", inner_.archive(std::move(query)));
}

Task<Result<Replayed>> MeteredEvents::replay(std::string id, WallTime now) {
    return timer_.time("replay_event", inner_.replay(std::move(id), now));
}

}  // namespace tollgate
