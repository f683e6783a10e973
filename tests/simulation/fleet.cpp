#include "simulation/fleet.hpp"

#include <utility>

namespace tollgate::simulation {
namespace {

using namespace std::chrono_literals;

Milliseconds between(Random& random, Milliseconds from, Milliseconds to) {
    return from + Milliseconds(static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>((to - from).count()))));
}

Settings draw_settings(Random& random) {
    Settings settings;
    settings.server.charge_timeout = between(random, 1s, 30s);
    settings.gateway.timeout = settings.inventory.timeout = settings.shipping.timeout = between(random, 500ms, 10s);
    settings.saga.lease = between(random, 2s, 30s);
    settings.saga.compensation_delay = between(random, 50ms, 2s);
    settings.saga.action_timeout = between(random, 5s, 2min);
    settings.retry.base_delay = between(random, 10ms, 500ms);
    settings.breaker.recovery_timeout = between(random, 1s, 30s);
    settings.rate_limit.requests = 0;
    settings.webhook.sources = {{.name = "sandbox", .scheme = "stripe", .secrets = {"whsec_sandbox"}}};
    settings.notify.url = "http://shop.test/";
    return settings;
}

}  // namespace

Fleet::Fleet(Scheduler& scheduler, Faults& faults, History& history, DurableStore& store, World& world, Pager& pager,
             ShopListener& shop)
    : scheduler_(scheduler),
      faults_(faults),
      history_(history),
      store_(store),
      world_(world),
      pager_(pager),
      shop_(shop),
      settings_(draw_settings(scheduler.nature().runtime().random)) {
    Random& random = scheduler_.nature().runtime().random;
    trouble_ends_ = scheduler_.now() + 15min;
    look_every_ = between(random, 500ms, 10s);
    places_.resize(1 + random.below(3));
    for (Place& place : places_) start(place);
}

void Fleet::start(Place& place) {
    if (place.instance || scheduler_.now() < place.away_until) return;
    Process& process = scheduler_.start_process();
    process.set_clock_wrong_by(place.clock_wrong_by);
    if (places_.size() == 1) store_.end_leases();
    place.instance = std::make_unique<Instance>(process, settings_, store_, world_, pager_, shop_, look_every_);
    history_.note(scheduler_.now(), "a process starts");
}

void Fleet::kill(Place& place) {
    if (!place.instance) return;
    ++crashes_;
    history_.note(scheduler_.now(), "a process dies");
    scheduler_.kill(place.instance->process());
    place.instance.reset();
    if (places_.size() == 1) store_.crash(0ms);
}

void Fleet::kill_for(Place& place, Milliseconds away) {
    kill(place);
    place.away_until = std::max(place.away_until, scheduler_.now() + away);
    scheduler_.at(place.away_until, [this, &place] { start(place); });
}

void Fleet::stand_still(Place& place, Milliseconds how_long) {
    history_.note(scheduler_.now(), "a process stands still");
    Process& process = place.instance->process();
    scheduler_.pause(process);
    scheduler_.at(scheduler_.now() + how_long, [this, &process] {
        if (process.alive()) scheduler_.resume(process);
    });
}

Instance* Fleet::any() {
    std::vector<Instance*> running;
    for (Place& place : places_) {
        if (place.instance) running.push_back(place.instance.get());
    }
    return running.empty() ? nullptr : running[scheduler_.nature().runtime().random.below(running.size())];
}

Task<void> Fleet::suffer() {
    bool was_away_for_long = false;
    while (!faults_.stopped()) {
        co_await sleep_for(scheduler_.nature().runtime(), faults_.between(Fault::crash, 50ms, 5s));
        for (Place& place : places_) afflict(place);
        if (faults_.strikes(Fault::store_crash) && places_.size() > 1)
            store_.crash(faults_.between(Fault::store_crash, 0ms, 10s));
        if (faults_.strikes(Fault::by_hand)) spawn(scheduler_.nature().runtime().executor, retry_by_hand());
        const bool for_long = faults_.strikes(Fault::long_blackout) && !was_away_for_long;
        const bool dark = any() == nullptr;
        if (dark || (!for_long && !faults_.strikes(Fault::blackout))) continue;
        const Milliseconds away =
            for_long ? faults_.between(Fault::long_blackout, 2h, 30h) : faults_.between(Fault::blackout, 1s, 10min);
        const bool one_sleeps =
            for_long && places_.size() > 1 && places_[0].instance && faults_.draw(Fault::long_blackout, 2) == 0;
        if (one_sleeps) {
            stand_still(places_[0], away);
        } else {
            for (Place& place : places_) kill_for(place, away);
        }
        if (!for_long) continue;
        was_away_for_long = true;
        trouble_ends_ += away;
        co_await sleep_for(scheduler_.nature().runtime(), away);
    }
}

Task<void> Fleet::retry_by_hand() {
    const auto rows = store_.rows();
    Instance* const instance = any();
    if (rows.empty() || instance == nullptr) co_return;
    const std::string id = rows[faults_.draw(Fault::by_hand, rows.size())].id;
    const Runtime& runtime = scheduler_.nature().runtime();
    const auto reply = std::make_shared<Reply>(runtime);
    instance->post({.pattern = "/admin/sagas/{id}/retry", .capture = id, .key = {}, .body = {}}, reply);
    const auto heard = co_await reply->wait_until(runtime.clock.steady() + 1min);
    history_.note(scheduler_.now(), "retried by hand", id, heard && *heard ? (*heard)->status : 0);
}

void Fleet::afflict(Place& place) {
    if (!place.instance) return;
    Process& process = place.instance->process();
    if (faults_.strikes(Fault::clock_wrong)) {
        const bool by_much = faults_.draw(Fault::clock_wrong, 20) == 0;
        const Milliseconds most = (by_much ? 20 : 2) * settings_.saga.lease;
        place.clock_wrong_by = faults_.between(Fault::clock_wrong, -most, most);
        process.set_clock_wrong_by(place.clock_wrong_by);
        history_.note(scheduler_.now(), "a clock is wrong by", place.clock_wrong_by.count());
    }
    if (faults_.strikes(Fault::pause)) stand_still(place, faults_.between(Fault::pause, 100ms, 3 * settings_.saga.lease));
    if (faults_.strikes(Fault::hand_over)) {
        history_.note(scheduler_.now(), "a process is stopped");
        place.instance->hand_over();
        const Milliseconds drains = faults_.between(Fault::hand_over, 100ms, 5s);
        scheduler_.at(scheduler_.now() + drains, [this, &place, &process] {
            if (place.instance && &place.instance->process() == &process) kill(place);
            start(place);
        });
    } else if (faults_.strikes(Fault::crash)) {
        const Milliseconds away = faults_.between(Fault::crash, 1ms, 20s);
        process.die_after(faults_.draw(Fault::crash, 200), [this, &place, away] { kill_for(place, away); });
    }
}

void Fleet::heal() {
    for (Place& place : places_) {
        place.clock_wrong_by = 0ms;
        place.away_until = {};
        if (!place.instance) {
            start(place);
            continue;
        }
        place.instance->process().set_clock_wrong_by(0ms);
        scheduler_.resume(place.instance->process());
    }
}

void Fleet::end() {
    for (Place& place : places_) kill(place);
}

}  // namespace tollgate::simulation
