#include <catch2/catch.hpp>
#include <set>

#include "events_under_test.hpp"

using namespace tollgate;
using namespace tollgate::test;
using std::chrono::days;
using std::chrono::seconds;
using Kind = Settlement::Kind;

TEST_CASE("dead letters are paged from the newest on, those of both queues, and nothing else is among them") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    const std::size_t limit = GENERATE(1, 3, 100);
    INFO(kind.name << ", " << limit << " a page");
    EventBench bench(kind);
    std::vector<std::string> expected;
    for (int i = 0; i < 10; ++i) {
        const Event event = incoming(std::to_string(i), noon + seconds(i), "");
        bench.accept_and_settle(event, i % 3 == 2 ? Kind::done : Kind::dead);
        if (i % 3 != 2) expected.insert(expected.begin(), event.id);
    }
    REQUIRE(bench.accept(incoming("waits")) == Accepted::fresh);
    const Begun begun = bench.begin(begin_of("a")).value();
    Transition step = step_of(begun.row, "captured", noon + seconds(20));
    step.events = {outgoing("told", "a", noon + seconds(20))};
    REQUIRE(bench.advance(step));
    REQUIRE(bench.settle({settlement_of(bench.claim_outgoing(noon + seconds(20)).at(0), Kind::dead)}));
    expected.insert(expected.begin(), outgoing_id("told"));

    const auto ask = [&](const DeadLetterQuery& query) { return bench.dead_letters(query); };
    const std::vector<StoredEvent> dead = all_pages(DeadLetterQuery{.limit = limit, .cursor = ""}, ask);
    CHECK(ids_of(dead) == expected);
    for (const StoredEvent& stored : dead) CHECK(bench.find_event(stored.event.id) == stored);
}

TEST_CASE("a walk through dead letters goes on while they are replayed and others die") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    EventBench bench(kind);
    for (int i = 0; i < 6; ++i) bench.accept_and_settle(incoming(std::to_string(i), noon + seconds(i), ""), Kind::dead);
    const EventPage first = bench.dead_letters({.limit = 2, .cursor = ""}).value();
    REQUIRE(ids_of(first.events) == std::vector{incoming("5", noon, "").id, incoming("4", noon, "").id});
    for (const char* name : {"4", "3"}) REQUIRE(bench.replay(incoming(name, noon, "").id) == Replayed::replayed);
    bench.accept_and_settle(incoming("6", noon + seconds(6), ""), Kind::dead);
    const auto ask = [&](const DeadLetterQuery& query) { return bench.dead_letters(query); };
    const std::vector<StoredEvent> rest = all_pages(DeadLetterQuery{.limit = 2, .cursor = first.next_cursor}, ask);
    CHECK(ids_of(rest) == std::vector{incoming("2", noon, "").id, incoming("1", noon, "").id, incoming("0", noon, "").id});
}

TEST_CASE("the archive gives the incoming events of a day, the oldest first, however they ended") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    const std::size_t limit = GENERATE(1, 4, 100);
    INFO(kind.name << ", " << limit << " a page");
    EventBench bench(kind);
    const WallTime day = std::chrono::floor<days>(noon);
    bench.accept_and_settle(incoming("the day before", day - Milliseconds(1), ""), Kind::done);
    std::vector<std::string> expected;
    for (int i = 0; i < 9; ++i) {
        const Event event = incoming(std::to_string(i), day + std::chrono::hours(i), "");
        if (i % 3 == 0) {
            REQUIRE(bench.accept(event) == Accepted::fresh);
        } else {
            bench.accept_and_settle(event, i % 3 == 1 ? Kind::done : Kind::dead);
        }
        expected.push_back(event.id);
    }
    expected.push_back(incoming("the last", day + days(1) - Milliseconds(1), "").id);
    REQUIRE(bench.accept(incoming("the last", day + days(1) - Milliseconds(1), "")) == Accepted::fresh);
    REQUIRE(bench.accept(incoming("the day after", day + days(1), "")) == Accepted::fresh);
    const Begun begun = bench.begin(begin_of("a", day)).value();
    Transition step = step_of(begun.row, "captured", day);
    step.events = {outgoing("told", "a", day)};
    REQUIRE(bench.advance(step));

    const auto ask = [&](const ArchiveQuery& query) { return bench.archive(query); };
    const std::vector<StoredEvent> of_day =
        all_pages(ArchiveQuery{.from = day, .until = day + days(1), .limit = limit, .cursor = ""}, ask);
    CHECK(ids_of(of_day) == expected);
    for (const StoredEvent& stored : of_day) CHECK(bench.find_event(stored.event.id) == stored);
    CHECK(bench.archive({.from = day, .until = day, .limit = limit, .cursor = ""})->events.empty());
}

TEST_CASE("pages of the archive lose none of many events of one moment") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    EventBench bench(kind);
    for (int i = 0; i < 25; ++i) REQUIRE(bench.accept(incoming(std::to_string(i), noon, "")) == Accepted::fresh);
    const auto ask = [&](const ArchiveQuery& query) { return bench.archive(query); };
    const std::vector<StoredEvent> all =
        all_pages(ArchiveQuery{.from = noon, .until = noon + Milliseconds(1), .limit = 4, .cursor = ""}, ask);
    const std::vector<std::string> ids = ids_of(all);
    CHECK(all.size() == 25);
    CHECK(std::set<std::string>(ids.begin(), ids.end()).size() == 25);
}

TEST_CASE("a cursor that was not given out is refused by the pages of events") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    EventBench bench(kind);
    bench.accept_and_settle(incoming("a"), Kind::dead);
    for (const char* cursor : {"nonsense", "-1", "sq", "sq0", "sq-1", "sq+1", "sq1.2.3", "sq 1", "sq1.", "' OR 1 --",
                               "sq99999999999999999999", "1795341600000.1x"}) {
        INFO(cursor);
        const Result<EventPage> dead = bench.dead_letters({.limit = 1, .cursor = cursor});
        REQUIRE_FALSE(dead);
        CHECK(dead.error().code == Code::bad_request);
        const Result<EventPage> old = bench.archive({.from = noon, .until = noon + seconds(1), .limit = 1, .cursor = cursor});
        REQUIRE_FALSE(old);
        CHECK(old.error().code == Code::bad_request);
    }
}
