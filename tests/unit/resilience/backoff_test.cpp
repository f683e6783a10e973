#include "resilience/backoff.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>
#include <vector>

using namespace tollgate;
using namespace std::chrono_literals;

namespace {

constexpr Backoff usual{.base_delay = 500ms, .max_delay = 5000ms, .multiplier = 2.0};

}  // namespace

TEST_CASE("the ceiling doubles from retry to retry and stops at the longest delay") {
    CHECK(exponential(usual, 0) == 500ms);
    CHECK(exponential(usual, 1) == 1000ms);
    CHECK(exponential(usual, 3) == 4000ms);
    CHECK(exponential(usual, 4) == 5000ms);
    CHECK(exponential(usual, std::numeric_limits<int>::max()) == 5000ms);
}

TEST_CASE("full jitter uses the whole span from zero to the ceiling, evenly") {
    SystemRandom random;
    constexpr int draws = 20'000;
    std::vector<int> tenths(10);
    for (int i = 0; i < draws; ++i) {
        const auto delay = full_jitter(usual, 1, random);
        REQUIRE(delay >= 0ms);
        REQUIRE(delay <= 1000ms);
        ++tenths[static_cast<std::size_t>(std::min<std::int64_t>(delay.count() / 100, 9))];
    }
    // Each tenth is expected 2000 times with a deviation of 42: ten of them are never reached by chance.
    for (const int hits : tenths) {
        CHECK(hits > 1580);
        CHECK(hits < 2420);
    }
}

TEST_CASE("full jitter reaches both ends of its span") {
    struct Scripted final : Random {
        std::uint64_t value = 0;
        std::uint64_t next() noexcept override { return value; }
    } random;
    CHECK(full_jitter(usual, 0, random) == 0ms);
    random.value = 500;
    CHECK(full_jitter(usual, 0, random) == 500ms);
    random.value = 501;
    CHECK(full_jitter(usual, 0, random) == 0ms);
}

TEST_CASE("senseless settings give a delay within the cap, never a negative one") {
    SystemRandom random;
    const double infinite = std::numeric_limits<double>::infinity();
    const double no_number = std::numeric_limits<double>::quiet_NaN();
    for (const double multiplier : {0.0, 0.5, 1.0, -2.0, 1e300, infinite, no_number}) {
        for (const auto base : {0ms, -5ms, 1ms, std::chrono::milliseconds::max()}) {
            for (const auto cap : {0ms, -5ms, 5000ms, std::chrono::milliseconds::max()}) {
                for (const int retry : {-1, 0, 1, 2000, std::numeric_limits<int>::max()}) {
                    CAPTURE(multiplier, base.count(), cap.count(), retry);
                    const auto delay = full_jitter({base, cap, multiplier}, retry, random);
                    CHECK(delay >= 0ms);
                    CHECK(delay <= std::max(cap, 0ms));
                }
            }
        }
    }
}

TEST_CASE("compensations wait one step longer each time, up to a cap") {
    CHECK(linear(1000ms, 0, 30s) == 1s);
    CHECK(linear(1000ms, 2, 30s) == 3s);
    CHECK(linear(1000ms, 29, 30s) == 30s);
    CHECK(linear(1000ms, 30, 30s) == 30s);
    CHECK(linear(std::chrono::milliseconds::max(), std::numeric_limits<int>::max(), std::chrono::milliseconds::max()) ==
          std::chrono::milliseconds::max());
    CHECK(linear(0ms, 5, 30s) == 0ms);
    CHECK(linear(1s, -3, 30s) == 1s);
}

TEST_CASE("unknown outcomes are looked up after 1, 2, 4 … seconds, at most so far apart as told") {
    CHECK(look_up_delay(0, 30s) == 1s);
    CHECK(look_up_delay(1, 30s) == 2s);
    CHECK(look_up_delay(4, 30s) == 16s);
    CHECK(look_up_delay(5, 30s) == 30s);
    CHECK(look_up_delay(std::numeric_limits<int>::max(), 30s) == 30s);
    CHECK(look_up_delay(0, 200ms) == 200ms);
}
