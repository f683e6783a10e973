#include "stores/census.hpp"

#include <catch2/catch.hpp>

#include "events_under_test.hpp"

using namespace tollgate;
using namespace tollgate::test;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

using Ages = decltype(Census::processing);

/// A charge of a tenant of its own, so that several partitions have some, first asked for so long before noon.
ChargeRow begun(Bench& bench, const std::string& key, Milliseconds ago = Milliseconds(0)) {
    const std::string tenant = "shop " + key;
    BeginCharge begin = begin_of(key, noon - ago);
    begin.row.id = id_of(key, tenant);
    begin.row.tenant = tenant;
    return bench.begin(begin).value().row;
}

void becomes(Bench& bench, const ChargeRow& row, ChargeStatus status) {
    Transition step = step_of(row, "on its way");
    step.status = status;
    REQUIRE(bench.advance(step));
}

}  // namespace

TEST_CASE("a census of an empty store counts nothing, and settled charges are in none") {
    Bench bench(GENERATE(from_range(store_kinds())));
    CHECK(bench.census(noon) == Census{});
    REQUIRE(bench.advance(end_of(begun(bench, "a", hours(30)), Answer{201, "done"})));
    becomes(bench, begun(bench, "b", hours(2)), ChargeStatus::declined);
    becomes(bench, begun(bench, "c"), ChargeStatus::reversed);
    CHECK(bench.census(noon) == Census{});
}

TEST_CASE("a census tells charges that run apart by when they were first asked for") {
    Bench bench(GENERATE(from_range(store_kinds())));
    const ChargeRow oldest = begun(bench, "a", hours(30));
    begun(bench, "b", hours(1));
    begun(bench, "c", minutes(59));
    begun(bench, "d", minutes(10));
    begun(bench, "e", minutes(2));
    begun(bench, "f", minutes(1));
    for (const std::string key : {"g", "h", "i", "j"}) begun(bench, key, seconds(59));
    CHECK(bench.census(noon).processing == Ages{4, 2, 2, 2});
    CHECK(bench.census(noon + seconds(1)).processing == Ages{0, 6, 2, 2});
    CHECK(bench.census(noon + hours(2)).processing == Ages{0, 0, 0, 10});
    becomes(bench, oldest, ChargeStatus::succeeded);
    CHECK(bench.census(noon).processing == Ages{4, 2, 2, 1});
}

TEST_CASE("a census tells many charges of one tenant apart by age, those that ended among them left out") {
    Bench bench(GENERATE(from_range(store_kinds())));
    constexpr int charges = 70;
    for (int i = 0; i < charges; ++i) {
        const WallTime at = noon - minutes(charges - i);
        const ChargeRow row = bench.begin(begin_of(std::to_string(i), at)).value().row;
        if (i % 2 == 1) REQUIRE(bench.advance(end_of(row, Answer{201, "done"}, at)));
    }
    // Begun 70, 68, … 2 minutes ago.
    CHECK(bench.census(noon).processing == Ages{0, 4, 25, 6});
}

TEST_CASE("a census counts what waits for customers, captures, refunds and people, of all tenants") {
    Bench bench(GENERATE(from_range(store_kinds())));
    becomes(bench, begun(bench, "a"), ChargeStatus::requires_action);
    for (const std::string key : {"b", "c"}) becomes(bench, begun(bench, key), ChargeStatus::authorized);
    for (const std::string key : {"d", "e", "f"}) becomes(bench, begun(bench, key), ChargeStatus::needs_attention);
    std::vector<ChargeRow> refunding;
    for (const std::string key : {"g", "h", "i", "j"}) {
        refunding.push_back(begun(bench, key));
        Transition end = end_of(refunding.back(), Answer{201, "done"});
        end.at_risk.pending_refund = 5;
        REQUIRE(bench.advance(end));
    }
    Census expected;
    expected.requires_action = 1;
    expected.authorized = 2;
    expected.needs_attention = 3;
    expected.refunding = 4;
    CHECK(bench.census(noon) == expected);
    REQUIRE(bench.advance(end_of(refunding[0], Answer{201, "done"})));
    expected.refunding = 3;
    CHECK(bench.census(noon) == expected);
}

TEST_CASE("a census counts the events that wait in each queue, held or not, and since when the oldest is due") {
    EventBench bench(GENERATE(from_range(store_kinds())));
    using Queue = Census::Queue;
    bench.accept(incoming("one", noon, ""));
    bench.accept(incoming("two", noon + seconds(5), ""));
    CHECK(bench.census(noon - seconds(1)).incoming == Queue{2, std::nullopt});
    CHECK(bench.census(noon + seconds(9)).incoming == Queue{2, noon});
    CHECK(bench.census(noon + seconds(9)).outgoing == Queue{});

    const std::vector<StoredEvent> held = bench.claim_incoming(noon + seconds(9));
    REQUIRE(held.size() == 2);
    CHECK(bench.census(noon + seconds(9)).incoming == Queue{2, noon});
    const std::size_t first = held[0].event.name == "one" ? 0 : 1;
    REQUIRE(bench.settle({settlement_of(held[first], Settlement::Kind::retry, noon + minutes(3))}, noon + seconds(9)));
    CHECK(bench.census(noon + seconds(9)).incoming == Queue{2, noon + seconds(5)});
    REQUIRE(bench.settle({settlement_of(held[1 - first], Settlement::Kind::done)}, noon + seconds(9)));
    CHECK(bench.census(noon + seconds(9)).incoming == Queue{1, std::nullopt});
    CHECK(bench.census(noon + minutes(4)).incoming == Queue{1, noon + minutes(3)});
}

TEST_CASE("a census counts of a charge's events for the shop only the one whose turn it is") {
    EventBench bench(GENERATE(from_range(store_kinds())));
    const ChargeRow row = bench.begin(begin_of("a")).value().row;
    Transition step = step_of(row, "on its way");
    step.events = {outgoing("one"), outgoing("two"), outgoing("three")};
    REQUIRE(bench.advance(step));
    CHECK(bench.census(noon).outgoing == Census::Queue{1, noon});
    const auto held = bench.claim_outgoing(noon);
    REQUIRE(held.size() == 1);
    REQUIRE(bench.settle({settlement_of(held[0], Settlement::Kind::done)}, noon + seconds(7)));
    CHECK(bench.census(noon + seconds(8)).outgoing == Census::Queue{1, noon + seconds(7)});
}

TEST_CASE("a census counts dead letters until they are replayed") {
    EventBench bench(GENERATE(from_range(store_kinds())));
    for (const std::string name : {"one", "two", "three"})
        bench.accept_and_settle(incoming(name, noon, ""), Settlement::Kind::dead);
    bench.accept_and_settle(incoming("good", noon, ""), Settlement::Kind::done);
    CHECK(bench.census(noon).dead_letters == 3);
    CHECK(bench.census(noon).incoming.waiting == 0);
    REQUIRE(bench.replay(incoming("two", noon, "").id) == Replayed::replayed);
    CHECK(bench.census(noon).dead_letters == 2);
    CHECK(bench.census(noon).incoming.waiting == 1);
}
