#include "pipeline/rate_limit.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <set>
#include <thread>

#include "unit/pipeline/scripted.hpp"

using namespace tollgate;
using namespace std::chrono_literals;
using test::Call;

namespace {

struct Fixture {
    test::VirtualTime time;
    test::ScriptedService other{time};
    std::vector<Result<std::string>> results;

    void call_at_once(OutboundLimit& limit, int calls, Milliseconds within) {
        auto service = rate_limit(limit, time.runtime()) | std::ref(other);
        const auto one = [&]() -> Task<void> { results.push_back(co_await service(Call{time.steady() + within})); };
        for (int i = 0; i < calls; ++i) time.start(one());
        time.run_out();
    }
};

}  // namespace

TEST_CASE("calls above the pace are held back, not refused, and keep it to the microsecond") {
    Fixture f;
    OutboundLimit limit({.requests = 300, .per = 1s, .burst = 1});
    f.call_at_once(limit, 301, 1min);
    CHECK(f.other.calls() == 301);
    CHECK(f.time.elapsed() >= 1s - 2us);
    CHECK(f.time.elapsed() <= 1s + 2us);
}

TEST_CASE("a burst goes out at once, the rest one interval apart") {
    Fixture f;
    OutboundLimit limit({.requests = 10, .per = 1s, .burst = 3});
    f.call_at_once(limit, 5, 1min);
    CHECK(f.other.came_at() == std::vector<Milliseconds>{0ms, 0ms, 0ms, 100ms, 200ms});
}

TEST_CASE("a call that would wait past its deadline is not made, uses no place, and says so at once") {
    Fixture f;
    OutboundLimit limit({.requests = 10, .per = 1s, .burst = 1});
    f.call_at_once(limit, 5, 150ms);
    REQUIRE(f.results.size() == 5);
    CHECK(f.other.came_at() == std::vector<Milliseconds>{0ms, 100ms});
    CHECK(f.time.elapsed() == 100ms);
    int refused = 0;
    for (const auto& result : f.results) {
        if (result) continue;
        ++refused;
        CHECK(result.error().code == Code::gateway_busy);
        CHECK(result.error().execution == Execution::not_executed);
        CHECK(result.error().retry_after == 200ms);
    }
    CHECK(refused == 3);
}

TEST_CASE("a long queue keeps its order and its pace") {
    OutboundLimit limit({.requests = 1, .per = 1s, .burst = 1});
    const SteadyTime start{1h};
    for (int i = 0; i < 100; ++i) CHECK(limit.reserve(start, start + 1h) == start + std::chrono::seconds(i));
    CHECK(limit.reserve(start + 50s, start + 1h) == start + 100s);
}

TEST_CASE("threads share one pace: no two calls get the same place") {
    OutboundLimit limit({.requests = 1000, .per = 1s, .burst = 1});
    const SteadyTime start{1h};
    std::mutex mutex;
    std::set<SteadyTime> places;
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&] {
                for (int i = 0; i < 500; ++i) {
                    const auto place = limit.reserve(start, start + 1h).value();
                    const std::lock_guard lock(mutex);
                    places.insert(place);
                }
            });
        }
    }
    CHECK(places.size() == 2000);
    CHECK(*places.rbegin() == start + 1999ms);
}
