#include <catch2/catch.hpp>

#include "events_under_test.hpp"

using namespace tollgate;
using namespace tollgate::test;
using std::chrono::seconds;
using Kind = Settlement::Kind;
using State = StoredEvent::State;

namespace {

/// A charge whose steps tell the shop something.
struct Telling {
    Telling(EventBench& on, std::string key_of_it) : bench(on), key(std::move(key_of_it)) {
        row = bench.begin(begin_of(key)).value().row;
    }

    [[nodiscard]] Result<void> tell(const std::vector<std::string>& names, WallTime now = noon) {
        Transition step = step_of(row, "told", now);
        for (const std::string& name : names) step.events.push_back(outgoing(name, key, now));
        return bench.advance(step);
    }

    EventBench& bench;
    std::string key;
    ChargeRow row;
};

/// The shop hears of these next, one after the other and of nothing else.
void check_delivered(EventBench& bench, const std::vector<const char*>& names, WallTime now, Kind end = Kind::done) {
    for (const char* name : names) {
        const std::vector<StoredEvent> next = bench.claim_outgoing(now);
        REQUIRE(ids_of(next) == std::vector{outgoing_id(name)});
        CHECK(bench.claim_outgoing(now).empty());
        REQUIRE(bench.settle({settlement_of(next[0], end)}, now));
    }
}

}  // namespace

TEST_CASE("an event of the shop is written with its step, as it was given, and is due at once") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    EventBench bench(kind);
    Telling charge(bench, "a");
    Transition step = step_of(charge.row, "captured", noon + seconds(1));
    Event told = outgoing("1", "a", noon);
    told.source = "x:";
    told.name = "\xc3\xbc";
    told.fingerprint = "f";
    told.body = std::string("{\"a\":\"\0\"}", 9);
    step.events = {told};
    REQUIRE(bench.advance(step));
    CHECK(bench.find(id_of("a"))->state == "captured");
    const StoredEvent kept = bench.find_event(outgoing_id("1")).value();
    CHECK(kept.event == told);
    CHECK(kept.state == State::waiting);
    CHECK(kept.due_at == noon + seconds(1));
    CHECK(kept.claims == 0);
    CHECK(bench.claim_incoming(noon + seconds(1)).empty());
    CHECK(ids_of(bench.claim_outgoing(noon + seconds(1))) == std::vector{outgoing_id("1")});
}

TEST_CASE("a step that is refused writes none of its events") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    EventBench bench(kind);
    Telling zombie(bench, "a");
    REQUIRE(bench.begin(begin_of("a", noon + seconds(30))).value().kind == Begun::Kind::taken_over);
    CHECK(zombie.tell({"1", "2"}, noon + seconds(31)).error().code == Code::lease_lost);
    CHECK_FALSE(bench.find_event(outgoing_id("1")));
    CHECK(bench.claim_outgoing(noon + seconds(31)).empty());
}

TEST_CASE("the shop hears of one charge in the order of its steps, one after the other") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    const Kind end = GENERATE(Kind::done, Kind::dead);
    INFO(kind.name);
    EventBench bench(kind);
    Telling charge(bench, "a");
    REQUIRE(charge.tell({"1", "2"}));
    REQUIRE(charge.tell({"3"}));
    CHECK(bench.find_event(outgoing_id("1"))->due_at == noon);
    CHECK_FALSE(bench.find_event(outgoing_id("2"))->due_at);
    CHECK_FALSE(bench.find_event(outgoing_id("3"))->due_at);
    const WallTime now = noon + seconds(1);
    check_delivered(bench, {"1"}, now, end);
    CHECK(bench.find_event(outgoing_id("2"))->due_at == now);
    CHECK_FALSE(bench.find_event(outgoing_id("3"))->due_at);
    check_delivered(bench, {"2", "3"}, now, end);
    CHECK_FALSE(bench.find_event(outgoing_id("3"))->due_at);
    CHECK(bench.claim_outgoing(now).empty());
    REQUIRE(charge.tell({"4"}, now));
    CHECK(bench.find_event(outgoing_id("4"))->due_at == now);
    CHECK(ids_of(bench.claim_outgoing(now)) == std::vector{outgoing_id("4")});
}

TEST_CASE("a delivery that failed or waits keeps the later ones of its charge back") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    const Kind what = GENERATE(Kind::retry, Kind::wait);
    INFO(kind.name);
    EventBench bench(kind);
    Telling charge(bench, "a");
    REQUIRE(charge.tell({"1", "2"}));
    const StoredEvent head = bench.claim_outgoing(noon).at(0);
    const WallTime later = noon + std::chrono::hours(1);
    REQUIRE(bench.settle({settlement_of(head, what, later)}));
    REQUIRE(charge.tell({"3"}));
    CHECK(bench.claim_outgoing(later - Milliseconds(1)).empty());
    const std::vector<StoredEvent> again = bench.claim_outgoing(later);
    REQUIRE(ids_of(again) == std::vector{outgoing_id("1")});
    REQUIRE(bench.settle({settlement_of(again[0], Kind::done)}, later));
    CHECK(ids_of(bench.claim_outgoing(later)) == std::vector{outgoing_id("2")});
}

TEST_CASE("a delivery whose sender died is claimed again before the later ones of its charge") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    EventBench bench(kind);
    Telling charge(bench, "a");
    REQUIRE(charge.tell({"1", "2"}));
    const StoredEvent dead = bench.claim_outgoing(noon).at(0);
    bench.store->expire_event_leases();
    const WallTime later = noon + event_lease;
    const std::vector<StoredEvent> again = bench.claim_outgoing(later);
    REQUIRE(ids_of(again) == std::vector{outgoing_id("1")});
    CHECK(again[0].claims == 2);
    REQUIRE(bench.settle({settlement_of(dead, Kind::done)}, later));  // the zombie's
    CHECK(bench.claim_outgoing(later).empty());
    REQUIRE(bench.settle({settlement_of(again[0], Kind::done)}, later));
    CHECK(ids_of(bench.claim_outgoing(later)) == std::vector{outgoing_id("2")});
}

TEST_CASE("charges do not wait for each other's deliveries") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    EventBench bench(kind);
    Telling one(bench, "a");
    Telling two(bench, "b");
    REQUIRE(one.tell({"a1", "a2"}));
    REQUIRE(two.tell({"b1", "b2"}));
    const std::vector<StoredEvent> heads = bench.claim_outgoing(noon);
    REQUIRE(ids_of(heads) == std::vector{outgoing_id("a1"), outgoing_id("b1")});
    REQUIRE(bench.settle(
        {settlement_of(heads[0], Kind::retry, noon + std::chrono::hours(1)), settlement_of(heads[1], Kind::done)}));
    CHECK(ids_of(bench.claim_outgoing(noon)) == std::vector{outgoing_id("b2")});
}

TEST_CASE("an event that is known is not queued again by a step that runs twice") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    EventBench bench(kind);
    Telling charge(bench, "a");
    REQUIRE(charge.tell({"1", "1", "2"}));
    REQUIRE(charge.tell({"1", "2"}, noon + seconds(1)));
    CHECK(bench.find_event(outgoing_id("1"))->event.at == noon);
    check_delivered(bench, {"1"}, noon + seconds(1));
    REQUIRE(charge.tell({"1", "2", "3"}, noon + seconds(2)));
    CHECK(bench.find_event(outgoing_id("1"))->state == State::done);
    check_delivered(bench, {"2", "3"}, noon + seconds(2));
    CHECK(bench.claim_outgoing(noon + seconds(2)).empty());
}

TEST_CASE("a replayed delivery goes behind those of its charge that wait, and alone it is due at once") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    const Kind end = GENERATE(Kind::done, Kind::dead);
    INFO(kind.name);
    EventBench bench(kind);
    Telling charge(bench, "a");
    REQUIRE(charge.tell({"1", "2", "3"}));
    REQUIRE(bench.settle({settlement_of(bench.claim_outgoing(noon).at(0), end)}));
    REQUIRE(bench.replay(outgoing_id("1"), noon + seconds(1)) == Replayed::replayed);
    CHECK(bench.replay(outgoing_id("1"), noon + seconds(1)) == Replayed::waiting);
    CHECK_FALSE(bench.find_event(outgoing_id("1"))->due_at);
    REQUIRE(charge.tell({"4"}, noon + seconds(1)));
    const WallTime now = noon + seconds(2);
    check_delivered(bench, {"2", "3", "1", "4"}, now);
    REQUIRE(bench.replay(outgoing_id("2"), now) == Replayed::replayed);
    CHECK(bench.find_event(outgoing_id("2"))->due_at == now);
    CHECK(ids_of(bench.claim_outgoing(now)) == std::vector{outgoing_id("2")});
}

TEST_CASE("a charge is found by any gateway id of its ledger") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    EventBench bench(kind);
    const auto charge_of = [&](const std::string& id) { return bench.loop.run(bench.charges().charge_of(id)).value(); };
    for (const char* key : {"a", "b"}) {
        const Begun begun = bench.begin(begin_of(key)).value();
        Transition step = step_of(begun.row, "captured");
        step.ledger = {{"authorize", std::string("auth_") + key, 4999, "USD"},
                       {"capture", std::string("cap:") + key, 4999, "USD"}};
        REQUIRE(bench.advance(step));
    }
    CHECK(charge_of("auth_a") == id_of("a"));
    CHECK(charge_of("cap:a") == id_of("a"));
    CHECK(charge_of("cap:b") == id_of("b"));
    CHECK_FALSE(charge_of("cap:"));
    CHECK_FALSE(charge_of(""));
    CHECK_FALSE(charge_of(id_of("a")));
}
