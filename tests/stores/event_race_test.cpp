#include <catch2/catch.hpp>
#include <set>

#include "at_once.hpp"
#include "events_under_test.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

Task<Accepted> accept_one(EventStore& store, Event event) {
    co_return (co_await store.accept(std::move(event), event_lease)).value();
}

Task<std::vector<StoredEvent>> claim_some(EventStore& store, WallTime now) {
    co_return (co_await store.claim(EventQueue::incoming, now, event_lease, 3)).value();
}

/// An event's whole way, as its worker goes it; whether each step saw the one before.
Task<bool> work_through(EventStore& store, std::string name) {
    const Event event = incoming(name, noon, "");
    if ((co_await store.accept(event, event_lease)).value() != Accepted::fresh) co_return false;
    std::vector<Settlement> settled{
        {.id = event.id, .claim = 1, .kind = Settlement::Kind::done, .due_at = {}, .note = "applied"}};
    const Result<void> written = co_await store.settle(std::move(settled), noon);
    if (!written) co_return false;
    const Result<std::optional<StoredEvent>> seen = co_await store.find(event.id);
    co_return seen && *seen && (*seen)->state == StoredEvent::State::done;
}

}  // namespace

TEST_CASE("of fifty copies of an event at once exactly one is fresh") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    EventBench bench(kind);
    const auto all = at_once<Accepted>(bench, 50, [&](std::size_t) { return accept_one(bench.events(), incoming("a")); });
    CHECK(std::ranges::count(all, Accepted::fresh) == 1);
    CHECK(std::ranges::count(all, Accepted::duplicate) == 49);
    CHECK(bench.find_event(incoming_id("a"))->claims == 1);
}

TEST_CASE("claimants at the same time never get one event twice") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    EventBench bench(kind);
    for (int i = 0; i < 40; ++i) REQUIRE(bench.accept(incoming(std::to_string(i), noon, "")) == Accepted::fresh);
    std::multiset<std::string> claimed;
    while (claimed.size() < 40) {
        const auto all = at_once<std::vector<StoredEvent>>(
            bench, 16, [&](std::size_t) { return claim_some(bench.events(), noon + std::chrono::minutes(1)); });
        const std::size_t before = claimed.size();
        for (const std::vector<StoredEvent>& some : all) {
            for (const StoredEvent& stored : some) claimed.insert(stored.event.id);
        }
        REQUIRE(claimed.size() > before);
    }
    CHECK(claimed.size() == 40);
    CHECK(std::set<std::string>(claimed.begin(), claimed.end()).size() == 40);
}

TEST_CASE("many events at once are all taken in and done, and what was acknowledged is seen at once") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    EventBench bench(kind);
    const auto all = at_once<bool>(bench, 256, [&](std::size_t i) { return work_through(bench.events(), std::to_string(i)); });
    CHECK(std::ranges::count(all, true) == 256);
    CHECK(bench.claim_incoming(noon + std::chrono::hours(1)).empty());
}
