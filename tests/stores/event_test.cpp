#include <catch2/catch.hpp>

#include "events_under_test.hpp"

using namespace tollgate;
using namespace tollgate::test;
using std::chrono::seconds;
using Kind = Settlement::Kind;
using State = StoredEvent::State;

TEST_CASE("an event is fresh once, afterwards a duplicate, and altered when its bytes are others") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    EventBench bench(kind);
    CHECK(bench.accept(incoming("a")) == Accepted::fresh);
    Event again = incoming("a", noon + seconds(5));
    CHECK(bench.accept(again, event_lease) == Accepted::duplicate);
    again.fingerprint = "of other bytes";
    again.body = "another body";
    CHECK(bench.accept(again) == Accepted::altered);
    CHECK(bench.accept(incoming("b")) == Accepted::fresh);

    const StoredEvent kept = bench.find_event(incoming_id("a")).value();
    CHECK(kept.event == incoming("a"));
    CHECK(kept.claims == 0);
    CHECK(ids_of(bench.claim_incoming(noon)) == std::vector{incoming_id("a"), incoming_id("b")});
    CHECK_FALSE(bench.find_event(incoming_id("nobody's")));
}

TEST_CASE("a duplicate is a duplicate however its first copy ended, and is not worked on again") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    const Kind end = GENERATE(Kind::done, Kind::dead);
    INFO(kind.name);
    EventBench bench(kind);
    bench.accept_and_settle(incoming("a"), end);
    const StoredEvent settled = bench.find_event(incoming_id("a")).value();
    const WallTime last_moment = noon + std::chrono::days(35) - Milliseconds(1);
    CHECK(bench.claim_incoming(last_moment).empty());
    CHECK(bench.accept(incoming("a", last_moment)) == Accepted::duplicate);
    CHECK(bench.find_event(incoming_id("a")) == settled);
    CHECK(bench.claim_incoming(last_moment).empty());
}

TEST_CASE("every byte of an event comes back, from wherever it is read") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    EventBench bench(kind);
    Event odd = incoming("a");
    odd.source = "zo\xc3\xab:1";
    odd.name = "evt {1}\r\n\"'";
    odd.type = "";
    odd.fingerprint = std::string("\0\xff:", 3);
    odd.body = std::string("zero \0 byte, \xc3\xbc and what is no UTF-8: \xff\xfe", 40);
    odd.body.append(256 * 1024 - odd.body.size(), '\n');
    REQUIRE(bench.accept(odd) == Accepted::fresh);
    CHECK(bench.accept(odd) == Accepted::duplicate);
    CHECK((bench.find_event(odd.id).value().event == odd));
    const EventPage page = bench.archive({.from = noon, .until = noon + seconds(1), .limit = 10, .cursor = ""}).value();
    REQUIRE(page.events.size() == 1);
    CHECK((page.events[0].event == odd));
    const std::vector<StoredEvent> claimed = bench.claim_incoming(noon);
    REQUIRE(claimed.size() == 1);
    CHECK((claimed[0].event == odd));

    Event empty = incoming("b");
    empty.body = "";
    REQUIRE(bench.accept(empty) == Accepted::fresh);
    CHECK(bench.find_event(empty.id).value().event == empty);
}

TEST_CASE("an event taken in with a lease is its taker's until that is over") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    EventBench bench(kind);
    REQUIRE(bench.accept(incoming("a"), event_lease) == Accepted::fresh);
    const StoredEvent held = bench.find_event(incoming_id("a")).value();
    CHECK(held.state == State::waiting);
    CHECK(held.claims == 1);
    CHECK(held.failures == 0);
    CHECK(held.due_at == noon);
    CHECK_FALSE(held.settled_at);
    CHECK(bench.claim_incoming(noon + event_lease - Milliseconds(1)).empty());

    bench.store->expire_event_leases();
    const std::vector<StoredEvent> claimed = bench.claim_incoming(noon + event_lease);
    REQUIRE(claimed.size() == 1);
    CHECK(claimed[0].claims == 2);
    CHECK(claimed[0].event == incoming("a"));
    CHECK(claimed == std::vector{bench.find_event(incoming_id("a")).value()});
}

TEST_CASE("an event taken in without a lease is due at once, and each claim of it has a higher number") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    EventBench bench(kind);
    REQUIRE(bench.accept(incoming("a")) == Accepted::fresh);
    CHECK(bench.claim_outgoing(noon).empty());
    WallTime now = noon;
    for (const std::int64_t number : {1, 2, 3}) {
        const std::vector<StoredEvent> claimed = bench.claim_incoming(now);
        REQUIRE(claimed.size() == 1);
        CHECK(claimed[0].claims == number);
        CHECK(bench.claim_incoming(now).empty());
        bench.store->expire_event_leases();
        now += event_lease;
    }
}

TEST_CASE("what is settled under an older claim is not written") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    const Kind late = GENERATE(Kind::done, Kind::wait, Kind::retry, Kind::dead);
    INFO(kind.name);
    EventBench bench(kind);
    REQUIRE(bench.accept(incoming("a"), event_lease) == Accepted::fresh);
    bench.store->expire_event_leases();
    const WallTime later = noon + event_lease;
    const StoredEvent heir = bench.claim_incoming(later).at(0);
    REQUIRE(heir.claims == 2);

    REQUIRE(bench.settle({{.id = incoming_id("a"), .claim = 1, .kind = late, .due_at = later, .note = "late"}}, later));
    REQUIRE(bench.settle({{.id = incoming_id("a"), .claim = 3, .kind = late, .due_at = later, .note = "never"}}, later));
    CHECK(bench.find_event(incoming_id("a")) == heir);
    CHECK(bench.claim_incoming(later).empty());
    REQUIRE(bench.settle({settlement_of(heir, Kind::done)}, later));
    CHECK(bench.find_event(incoming_id("a"))->state == State::done);
}

TEST_CASE("a lease that ran out does no harm as long as nobody else claimed the event") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    EventBench bench(kind);
    REQUIRE(bench.accept(incoming("a"), event_lease) == Accepted::fresh);
    bench.store->expire_event_leases();
    const WallTime later = noon + event_lease * 2;
    REQUIRE(bench.settle({{.id = incoming_id("a"), .claim = 1, .kind = Kind::done, .due_at = {}, .note = ""}}, later));
    CHECK(bench.find_event(incoming_id("a"))->state == State::done);
    CHECK(bench.claim_incoming(later).empty());
}

TEST_CASE("a settlement that is told twice counts once") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    EventBench bench(kind);
    REQUIRE(bench.accept(incoming("a")) == Accepted::fresh);
    const StoredEvent first = bench.claim_incoming(noon).at(0);
    const Settlement failed = settlement_of(first, Kind::retry, noon + seconds(1));
    REQUIRE(bench.settle({failed, failed}));
    REQUIRE(bench.settle({failed}));
    CHECK(bench.find_event(incoming_id("a"))->failures == 1);

    const StoredEvent second = bench.claim_incoming(noon + seconds(1)).at(0);
    const Settlement dead = settlement_of(second, Kind::dead);
    REQUIRE(bench.settle({dead}, noon + seconds(1)));
    REQUIRE(bench.replay(incoming_id("a"), noon + seconds(2)) == Replayed::replayed);
    REQUIRE(bench.settle({dead}, noon + seconds(3)));  // a copy that comes late
    CHECK(bench.find_event(incoming_id("a"))->state == State::waiting);
    CHECK(bench.find_event(incoming_id("a"))->failures == 0);
}

TEST_CASE("the event that has waited longest is claimed first, and no more of them than asked for") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    EventBench bench(kind);
    for (const int i : {0, 1, 2}) REQUIRE(bench.accept(incoming(std::to_string(i), noon + seconds(i))) == Accepted::fresh);
    const std::vector<StoredEvent> claimed = bench.claim_incoming(noon + seconds(10), 2);
    REQUIRE(ids_of(claimed) == std::vector{incoming_id("0"), incoming_id("1")});
    REQUIRE(bench.settle({settlement_of(claimed[0], Kind::retry, noon + seconds(20)),
                          settlement_of(claimed[1], Kind::wait, noon + seconds(15))}));
    const std::vector<StoredEvent> next = bench.claim_incoming(noon + seconds(20));
    CHECK(ids_of(next) == std::vector{incoming_id("2"), incoming_id("1"), incoming_id("0")});
}

TEST_CASE("an event that failed or has to wait is due when it was said, and only tries count") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    EventBench bench(kind);
    REQUIRE(bench.accept(incoming("a")) == Accepted::fresh);
    WallTime now = noon;
    const auto come_to = [&](Kind what, const std::string& note) {
        const std::vector<StoredEvent> claimed = bench.claim_incoming(now);
        REQUIRE(claimed.size() == 1);
        Settlement settlement = settlement_of(claimed[0], what, now + seconds(10));
        settlement.note = note;
        REQUIRE(bench.settle({settlement}, now));
        CHECK(bench.claim_incoming(now + seconds(10) - Milliseconds(1)).empty());
        now += seconds(10);
        return bench.find_event(incoming_id("a")).value();
    };
    const StoredEvent parked = come_to(Kind::wait, "its charge is not here yet");
    CHECK(parked.state == State::waiting);
    CHECK(parked.failures == 0);
    CHECK(parked.due_at == noon + seconds(10));
    CHECK(parked.note == "its charge is not here yet");
    CHECK_FALSE(parked.settled_at);
    const StoredEvent failed = come_to(Kind::retry, "500 \xe2\x80\x93 zo\xc3\xab");
    CHECK(failed.state == State::waiting);
    CHECK(failed.failures == 1);
    CHECK(failed.due_at == noon + seconds(20));
    CHECK(failed.note == "500 \xe2\x80\x93 zo\xc3\xab");
    CHECK(come_to(Kind::retry, "").failures == 2);

    const StoredEvent given_up = [&] {
        const std::vector<StoredEvent> claimed = bench.claim_incoming(now);
        REQUIRE(claimed.size() == 1);
        REQUIRE(bench.settle({settlement_of(claimed[0], Kind::dead)}, now));
        return bench.find_event(incoming_id("a")).value();
    }();
    CHECK(given_up.state == State::dead);
    CHECK(given_up.failures == 3);
    CHECK(given_up.claims == 4);
    CHECK(given_up.settled_at == now);
    CHECK_FALSE(given_up.due_at);
    CHECK(given_up.note == "a note");
    CHECK(bench.claim_incoming(now + std::chrono::days(30)).empty());
}

TEST_CASE("an event that is done is never claimed again") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    EventBench bench(kind);
    bench.accept_and_settle(incoming("a"), Kind::done, noon + seconds(1));
    const StoredEvent done = bench.find_event(incoming_id("a")).value();
    CHECK(done.state == State::done);
    CHECK(done.failures == 0);
    CHECK(done.settled_at == noon + seconds(1));
    CHECK_FALSE(done.due_at);
    bench.store->expire_event_leases();
    CHECK(bench.claim_incoming(noon + std::chrono::days(30)).empty());
}

TEST_CASE("of many settlements at once those under old claims and of nobody's events are passed over") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    EventBench bench(kind);
    for (int i = 0; i < 60; ++i) {
        REQUIRE(bench.accept(incoming(std::to_string(i), noon, ""), event_lease) == Accepted::fresh);
    }
    std::vector<Settlement> settlements;
    for (int i = 0; i < 60; ++i) {
        const std::int64_t claim = i % 3 == 0 ? 7 : 1;
        const Kind kind_of = i % 3 == 1 ? Kind::done : Kind::dead;
        settlements.push_back(
            {.id = incoming(std::to_string(i), noon, "").id, .claim = claim, .kind = kind_of, .due_at = {}, .note = ""});
        settlements.push_back({.id = incoming_id("nobody's"), .claim = 1, .kind = Kind::done, .due_at = {}, .note = ""});
    }
    REQUIRE(bench.settle(settlements));
    REQUIRE(bench.settle({}));
    for (int i = 0; i < 60; ++i) {
        INFO(i);
        const State expected = i % 3 == 0 ? State::waiting : i % 3 == 1 ? State::done : State::dead;
        CHECK(bench.find_event(incoming(std::to_string(i), noon, "").id)->state == expected);
    }
    CHECK_FALSE(bench.find_event(incoming_id("nobody's")));
}

TEST_CASE("a replayed event waits again and is due at once, with no failure to its name") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    const Kind end = GENERATE(Kind::done, Kind::dead);
    INFO(kind.name);
    EventBench bench(kind);
    CHECK(bench.replay(incoming_id("a")) == Replayed::unknown);
    bench.accept_and_settle(incoming("a"), end);
    const WallTime later = noon + std::chrono::days(3);
    REQUIRE(bench.replay(incoming_id("a"), later) == Replayed::replayed);
    CHECK(bench.replay(incoming_id("a"), later) == Replayed::waiting);
    const StoredEvent again = bench.find_event(incoming_id("a")).value();
    CHECK(again.event == incoming("a"));
    CHECK(again.state == State::waiting);
    CHECK(again.due_at == later);
    CHECK(again.failures == 0);
    CHECK_FALSE(again.settled_at);
    CHECK(bench.dead_letters({})->events.empty());
    CHECK(bench.claim_incoming(later - Milliseconds(1)).empty());
    const std::vector<StoredEvent> claimed = bench.claim_incoming(later);
    REQUIRE(claimed.size() == 1);
    CHECK(claimed[0].claims == 2);
    CHECK(bench.replay(incoming_id("a"), later) == Replayed::waiting);  // held
    REQUIRE(bench.settle({settlement_of(claimed[0], Kind::done)}, later));
    CHECK(bench.find_event(incoming_id("a"))->state == State::done);
}
