#include "resilience/breaker.hpp"

#include <catch2/catch.hpp>

using namespace tollgate;
using namespace std::chrono_literals;

namespace {

constexpr SteadyTime start{1h};
constexpr BreakerPolicy policy{.failure_threshold = 3, .recovery_timeout = 30s, .success_threshold = 2};

void call(Breaker& breaker, CallVerdict verdict, SteadyTime now = start) {
    const auto permit = breaker.admit(now);
    REQUIRE(permit);
    breaker.record(*permit, verdict, now);
}

Breaker tripped() {
    Breaker breaker(policy);
    for (int i = 0; i < 3; ++i) call(breaker, CallVerdict::failure);
    return breaker;
}

}  // namespace

TEST_CASE("enough failures in a row open a breaker, and it says how long to stay away") {
    Breaker breaker(policy);
    call(breaker, CallVerdict::failure);
    call(breaker, CallVerdict::failure);
    CHECK(breaker.state() == BreakerState::closed);
    call(breaker, CallVerdict::failure);
    CHECK(breaker.state() == BreakerState::open);
    CHECK(breaker.admit(start).error() == 30s);
    CHECK(breaker.admit(start + 29'999'500us).error() == 1ms);
}

TEST_CASE("an answer in between starts the count of failures anew, and a call that says nothing does not") {
    Breaker breaker(policy);
    call(breaker, CallVerdict::failure);
    call(breaker, CallVerdict::failure);
    call(breaker, CallVerdict::success);
    call(breaker, CallVerdict::failure);
    call(breaker, CallVerdict::failure);
    CHECK(breaker.state() == BreakerState::closed);
    call(breaker, CallVerdict::ignored);
    call(breaker, CallVerdict::failure);
    CHECK(breaker.state() == BreakerState::open);
}

TEST_CASE("after the recovery timeout only as many probes pass as successes are wanted") {
    Breaker breaker = tripped();
    const auto later = start + 30s;
    const auto first = breaker.admit(later);
    const auto second = breaker.admit(later);
    REQUIRE(first);
    REQUIRE(second);
    CHECK(breaker.state() == BreakerState::half_open);
    CHECK(breaker.admit(later).error() > 0ms);

    breaker.record(*first, CallVerdict::success, later);
    CHECK(breaker.state() == BreakerState::half_open);
    CHECK_FALSE(breaker.admit(later).has_value());
    breaker.record(*second, CallVerdict::success, later);
    CHECK(breaker.state() == BreakerState::closed);
    CHECK(breaker.admit(later).has_value());
}

TEST_CASE("one failed probe opens it again for the whole recovery timeout") {
    Breaker breaker = tripped();
    call(breaker, CallVerdict::success, start + 30s);
    call(breaker, CallVerdict::failure, start + 31s);
    CHECK(breaker.state() == BreakerState::open);
    CHECK(breaker.admit(start + 31s).error() == 30s);
}

TEST_CASE("a probe that says nothing gives its place back and counts for nothing") {
    Breaker breaker = tripped();
    for (int i = 0; i < 10; ++i) call(breaker, CallVerdict::ignored, start + 30s);
    CHECK(breaker.state() == BreakerState::half_open);
}

TEST_CASE("a probe that never reports loses its place after the recovery timeout, and its late word is ignored") {
    Breaker breaker = tripped();
    const auto lost = breaker.admit(start + 30s);
    const auto also_lost = breaker.admit(start + 30s);
    REQUIRE(also_lost);
    CHECK_FALSE(breaker.admit(start + 60s - 1ms).has_value());

    const auto next = breaker.admit(start + 60s);
    REQUIRE(next);
    breaker.record(*lost, CallVerdict::failure, start + 60s);
    CHECK(breaker.state() == BreakerState::half_open);
    breaker.record(*next, CallVerdict::success, start + 61s);
    call(breaker, CallVerdict::success, start + 61s);
    CHECK(breaker.state() == BreakerState::closed);
}

TEST_CASE("calls begun before the breaker opened have no say in its recovery") {
    Breaker breaker(policy);
    const auto early = breaker.admit(start);
    for (int i = 0; i < 3; ++i) call(breaker, CallVerdict::failure);
    const auto probe = breaker.admit(start + 30s);
    REQUIRE(probe);
    breaker.record(*early, CallVerdict::failure, start + 30s);
    CHECK(breaker.state() == BreakerState::half_open);
    breaker.record(*early, CallVerdict::success, start + 30s);
    breaker.record(*early, CallVerdict::success, start + 30s);
    CHECK(breaker.state() == BreakerState::half_open);
}

TEST_CASE("what ends badly after the recovery, but began before it, does not open the breaker again") {
    Breaker breaker(policy);
    const auto early = breaker.admit(start);
    for (int i = 0; i < 3; ++i) call(breaker, CallVerdict::failure);
    breaker.record(*early, CallVerdict::failure, start + 29s);
    CHECK(breaker.admit(start + 29s).error() == 1s);
    for (int i = 0; i < 2; ++i) call(breaker, CallVerdict::success, start + 30s);
    REQUIRE(breaker.state() == BreakerState::closed);
    for (int i = 0; i < 3; ++i) breaker.record(*early, CallVerdict::failure, start + 31s);
    CHECK(breaker.state() == BreakerState::closed);
}

TEST_CASE("a permit counts once, however often it is handed back") {
    Breaker breaker = tripped();
    const auto probe = breaker.admit(start + 30s);
    breaker.record(*probe, CallVerdict::success, start + 30s);
    breaker.record(*probe, CallVerdict::success, start + 30s);
    CHECK(breaker.state() == BreakerState::half_open);
}

TEST_CASE("asking whether a call would pass uses up no probe") {
    Breaker breaker = tripped();
    CHECK(breaker.refusal(start) == 30s);
    for (int i = 0; i < 10; ++i) CHECK(breaker.refusal(start + 30s) == 0ms);
    CHECK(breaker.state() == BreakerState::open);
    CHECK(breaker.admit(start + 30s).has_value());
    CHECK(breaker.admit(start + 30s).has_value());
    CHECK(breaker.refusal(start + 30s) > 0ms);
}

TEST_CASE("a clock that goes back cannot keep a breaker open") {
    Breaker breaker = tripped();
    CHECK(breaker.admit(start - 1h).has_value());
    CHECK(breaker.admit(start - 1h).has_value());
    CHECK(breaker.admit(start - 2h).has_value());
}

TEST_CASE("thresholds below one and a timeout of zero still make a breaker that opens and closes") {
    Breaker breaker({.failure_threshold = 0, .recovery_timeout = 0ms, .success_threshold = -1});
    call(breaker, CallVerdict::failure);
    CHECK(breaker.state() == BreakerState::open);
    call(breaker, CallVerdict::success, start + 1ms);
    CHECK(breaker.state() == BreakerState::closed);
}

TEST_CASE("an endless recovery timeout is one of a year") {
    Breaker breaker({.failure_threshold = 1, .recovery_timeout = Milliseconds::max(), .success_threshold = 1});
    call(breaker, CallVerdict::failure);
    CHECK(breaker.admit(start).error() == std::chrono::years(1));
    CHECK(breaker.admit(start + std::chrono::years(1)).has_value());
}
