#include "pipeline/fleet_pace.hpp"

#include <catch2/catch.hpp>

#include "pipeline/rate_limit.hpp"
#include "pipeline/retry.hpp"
#include "support/memory_fleet.hpp"
#include "unit/pipeline/scripted.hpp"

using namespace tollgate;
using namespace std::chrono_literals;
using test::Call;

namespace {

struct Fixture {
    test::VirtualTime time;
    test::MemoryFleet fleet{time};
    test::ScriptedService gateway{time};  // both processes call the same one
    FleetPace a{time.runtime(), fleet, "gateway", {100, 1s, 1}};
    FleetPace b{time.runtime(), fleet, "gateway", {100, 1s, 1}};
    std::vector<Result<std::string>> results;
    int running = 0;

    Task<void> call(FleetPace& pace, Milliseconds within) {
        auto service = rate_limit(pace, time.runtime()) | std::ref(gateway);
        ++running;
        results.push_back(co_await service(Call{time.steady() + within}));
        --running;
    }

    /// So many callers, each calling again as soon as it was answered, for so long.
    Task<void> keep_calling(FleetPace& pace, SteadyTime until) {
        auto service = rate_limit(pace, time.runtime()) | std::ref(gateway);
        while (time.steady() < until) {
            gateway.then("ok", 20ms);
            if (!co_await service(Call{until})) co_return;
        }
    }

    /// Calls at 20 and 40 ms, and now, at 42 ms, places at 50, 60, 70 and 80 ms whose callers left before they had them.
    void leave_four_places() {
        fleet.takes = 20ms;
        time.start(call(a, 1min));
        time.settle();
        for (int i = 0; i < 5; ++i) time.start(call(a, i == 0 ? 1min : 25ms));
        time.advance(42ms);
        REQUIRE(fleet.taken == 1 + 5);
        REQUIRE(results.size() == 1 + 5);
    }

    /// The most calls within any window that begins with a call.
    std::size_t most_within(Milliseconds window) {
        auto came = gateway.came_at();
        std::ranges::sort(came);
        std::size_t most = 0;
        for (auto first = came.begin(); first != came.end(); ++first) {
            const auto end = std::ranges::lower_bound(first, came.end(), *first + window);
            most = std::max(most, static_cast<std::size_t>(end - first));
        }
        return most;
    }
};

}  // namespace

TEST_CASE("two processes keep one pace exactly and use nearly all of it") {
    Fixture f;
    const SteadyTime end = f.time.steady() + 10s;
    for (int i = 0; i < 64; ++i) {
        f.time.start(f.keep_calling(f.a, end));
        if (i < 5) f.time.start(f.keep_calling(f.b, end));
    }
    f.time.run_out();
    CHECK(f.most_within(1s) <= 100);
    CHECK(f.most_within(100ms) <= 10);
    CHECK(f.most_within(10ms) == 1);
    CHECK(f.gateway.calls() >= 980);
    CHECK(f.gateway.calls() <= 1001);  // one at either end
}

TEST_CASE("under load a block of places costs one question and a call none") {
    Fixture f;
    const SteadyTime end = f.time.steady() + 10s;
    for (int i = 0; i < 64; ++i) f.time.start(f.keep_calling(f.a, end));
    f.time.run_out();
    CHECK(f.gateway.calls() >= 980);
    CHECK(f.fleet.blocks <= 120);
}

TEST_CASE("a store that takes its time shifts places and loses none") {
    Fixture f;
    f.fleet.takes = 6ms;
    const SteadyTime end = f.time.steady() + 10s;
    for (int i = 0; i < 32; ++i) {
        f.time.start(f.keep_calling(f.a, end));
        f.time.start(f.keep_calling(f.b, end));
    }
    f.time.run_out();
    CHECK(f.most_within(1s) <= 100);
    CHECK(f.gateway.calls() >= 970);
}

TEST_CASE("a call that comes alone goes at once") {
    Fixture f;
    for (int i = 0; i < 5; ++i) {
        f.time.run(f.call(i % 2 == 0 ? f.a : f.b, 1min));
        f.time.advance(50ms);
    }
    CHECK(f.gateway.came_at() == std::vector<Milliseconds>{0ms, 50ms, 100ms, 150ms, 200ms});
    CHECK(f.fleet.taken == 5);
}

TEST_CASE("a call that would wait past its deadline is not made and told how long it would have waited") {
    Fixture f;
    for (int i = 0; i < 20; ++i) f.time.start(f.call(f.a, 1min));
    f.time.advance(105ms);
    f.results.clear();
    f.time.start(f.call(f.b, 80ms));
    f.time.settle();
    REQUIRE(f.results.size() == 1);
    CHECK(f.results[0].error().code == Code::gateway_busy);
    CHECK(f.results[0].error().execution == Execution::not_executed);
    CHECK(f.results[0].error().retriable);
    CHECK(f.results[0].error().retry_after == 95ms);
    f.time.run_out();
    CHECK(f.gateway.calls() == 20);
    CHECK(f.fleet.taken == 20);
}

TEST_CASE("calls that cannot be made in time are refused without asking the store again") {
    Fixture f;
    for (int i = 0; i < 200; ++i) f.time.start(f.call(f.a, 1min));
    f.time.settle();
    const int blocks = f.fleet.blocks;
    for (int i = 0; i < 100; ++i) f.time.start(f.call(f.a, 100ms));
    f.time.settle();
    CHECK(f.fleet.blocks == blocks);
    CHECK(f.results.size() == 101);
}

TEST_CASE("first come is first served within a process whoever gives up on the way") {
    Fixture f;
    f.fleet.takes = 20ms;
    for (int i = 0; i < 3; ++i) f.time.start(f.call(f.a, 10ms));  // leave before the store answers
    f.time.start(f.call(f.a, 1min));
    f.time.start(f.call(f.a, 1min));
    f.time.run_out();
    CHECK(f.gateway.calls() == 2);
    REQUIRE(f.results.size() == 5);
    for (int i = 0; i < 3; ++i) CHECK(f.results[static_cast<std::size_t>(i)].error().code == Code::gateway_busy);
    CHECK(f.results[3].has_value());
}

TEST_CASE("places that nobody used in time are gone") {
    Fixture f;
    f.leave_four_places();
    f.time.advance(1s);
    f.fleet.takes = 0ms;
    for (int i = 0; i < 5; ++i) f.time.start(f.call(f.a, 1min));
    f.time.run_out();
    CHECK(f.most_within(10ms) == 1);
    CHECK(f.gateway.calls() == 2 + 5);
}

TEST_CASE("a place that a caller left is used by the next one") {
    Fixture f;
    f.leave_four_places();
    f.time.advance(3ms);
    f.time.start(f.call(f.a, 1min));
    f.time.start(f.call(f.a, 1min));
    f.time.run_out();
    CHECK(f.fleet.taken == 1 + 5);
    CHECK(f.gateway.came_at() == std::vector<Milliseconds>{20ms, 40ms, 50ms, 60ms});
}

TEST_CASE("when the store does not answer no call is made and retry brings it through later") {
    Fixture f;
    f.fleet.away = true;
    f.time.run(f.call(f.a, 1min));
    CHECK(f.gateway.calls() == 0);
    REQUIRE(f.results.size() == 1);
    CHECK(f.results[0].error().code == Code::gateway_busy);
    CHECK(f.results[0].error().execution == Execution::not_executed);

    auto service = retry(f.time.runtime(), {.attempts_max = 100, .backoff = {500ms, 5s, 2.0}}) |
                   rate_limit(f.a, f.time.runtime()) | std::ref(f.gateway);
    std::optional<Result<std::string>> result;
    const auto call = [&]() -> Task<void> { result = co_await service(Call{f.time.steady() + 1min}); };
    f.time.start(call());
    f.time.advance(10s);
    CHECK_FALSE(result);
    f.fleet.away = false;
    f.time.advance(6s);
    REQUIRE(result);
    CHECK(result->has_value());
    CHECK(f.gateway.calls() == 1);
}

TEST_CASE("a pace slower than ten a second is taken one by one") {
    Fixture f;
    FleetPace slow(f.time.runtime(), f.fleet, "slow", {2, 1s, 1});
    for (int i = 0; i < 5; ++i) f.time.start(f.call(slow, 1min));
    f.time.run_out();
    CHECK(f.gateway.came_at() == std::vector<Milliseconds>{0ms, 500ms, 1000ms, 1500ms, 2000ms});
}

TEST_CASE("a pace that is dropped while calls wait leaves them to their deadline") {
    Fixture f;
    f.fleet.takes = 1s;
    std::optional<Result<SteadyTime>> place;
    {
        FleetPace gone(f.time.runtime(), f.fleet, "gone", {2, 1s, 1});
        f.time.start([](FleetPace& pace, SteadyTime by, auto& out) -> Task<void> { out = co_await pace.reserve(by); }(
                                                                       gone, f.time.steady() + 10s, place));
        f.time.settle();
    }
    f.time.run_out();
    CHECK(place.has_value());
}
