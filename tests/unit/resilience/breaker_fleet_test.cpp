#include <catch2/catch.hpp>

#include "resilience/breakers.hpp"

using namespace tollgate;
using namespace std::chrono_literals;
using State = BreakerStanding::State;
using Kind = BreakerNews::Kind;

namespace {

constexpr SteadyTime start{1h};
constexpr BreakerPolicy policy{.failure_threshold = 3, .recovery_timeout = 30s, .success_threshold = 2};

void call(Breaker& breaker, CallVerdict verdict, SteadyTime now = start) {
    const auto permit = breaker.admit(now);
    REQUIRE(permit);
    breaker.record(*permit, verdict, now);
}

void trip(Breaker& breaker, SteadyTime now = start) {
    for (int i = 0; i < 3; ++i) call(breaker, CallVerdict::failure, now);
}

void hear(Breaker& breaker, std::uint64_t era, State state, Milliseconds left, SteadyTime now = start) {
    breaker.hear({.era = era, .state = state, .left = left}, now, now);
}

/// One that heard that it is open for 10 s, when those are over and the fleet is still there.
Breaker open_and_over() {
    Breaker breaker(policy);
    hear(breaker, 1, State::open, 10s);
    hear(breaker, 1, State::open, 0s, start + 10s);
    return breaker;
}

}  // namespace

TEST_CASE("a closed breaker opens for as long as the fleet says and closes when the fleet does") {
    Breaker breaker(policy);
    hear(breaker, 1, State::open, 12s);
    CHECK(breaker.state() == BreakerState::open);
    CHECK(breaker.admit(start).error() == 12s);
    hear(breaker, 2, State::closed, 0s, start + 1s);
    CHECK(breaker.state() == BreakerState::closed);
    CHECK(breaker.admit(start + 1s).has_value());
}

TEST_CASE("the fleet keeps no breaker open for longer than its own recovery timeout") {
    Breaker breaker(policy);
    hear(breaker, 1, State::open, 24h);
    CHECK(breaker.refusal(start) == 30s);
}

TEST_CASE("what opened here is news until the fleet knows it and what was learned never is") {
    Breaker breaker(policy);
    hear(breaker, 0, State::closed, 0s);
    CHECK_FALSE(breaker.news(start));
    trip(breaker);
    const auto news = breaker.news(start + 5s);
    REQUIRE(news);
    CHECK(news->kind == Kind::opened);
    CHECK(news->lasts == 25s);
    CHECK(news->seen == 0);
    hear(breaker, 0, State::closed, 0s, start + 5s);  // the store did not take it
    CHECK(breaker.news(start + 5s));
    hear(breaker, 7, State::open, 25s, start + 5s);
    CHECK_FALSE(breaker.news(start + 5s));

    Breaker other(policy);
    hear(other, 7, State::open, 25s, start + 5s);
    CHECK_FALSE(other.news(start + 5s));
    hear(other, 8, State::closed, 0s, start + 6s);
    CHECK_FALSE(other.news(start + 6s));
}

TEST_CASE("a failure beside a recovery that was told of meanwhile is not lost") {
    Breaker breaker(policy);
    hear(breaker, 1, State::closed, 0s);
    trip(breaker);
    hear(breaker, 3, State::closed, 0s, start + 1s);
    CHECK(breaker.state() == BreakerState::open);
    const auto news = breaker.news(start + 1s);
    REQUIRE(news);
    CHECK(news->kind == Kind::opened);
    CHECK(news->seen == 3);
}

TEST_CASE("in a fleet a breaker whose time is over refuses and wishes for probes instead of going half open") {
    Breaker breaker = open_and_over();
    const auto now = start + 10s;
    CHECK_FALSE(breaker.news(now));  // no call waits yet
    CHECK(breaker.admit(now).error() == 1s);
    CHECK(breaker.state() == BreakerState::open);
    const auto news = breaker.news(now);
    REQUIRE(news);
    CHECK(news->kind == Kind::wants_probes);
    CHECK(news->seen == 1);
}

TEST_CASE("who looks at a breaker wishes nothing and a caller that is turned away does") {
    Breakers breakers(policy);
    int rung = 0;
    breakers.on_news([&] { ++rung; });
    auto& breaker = breakers.at("g");
    breakers.hear({{"g", 1, State::open, 10s}}, start, start);
    breakers.hear({{"g", 1, State::open, 0s}}, start + 10s, start + 10s);
    CHECK(breakers.snapshot(start + 10s).front().retry_after == 1s);
    CHECK(breakers.news(start + 10s).empty());
    CHECK(rung == 0);
    for (int i = 0; i < 10; ++i) CHECK(breaker.refusal(start + 10s) == 1s);
    REQUIRE(breakers.news(start + 10s).size() == 1);
    CHECK(breakers.news(start + 10s).front().name == "g");
    CHECK(rung == 1);
}

TEST_CASE("the process that was granted it makes as many probes at once as successes are wanted and tells the verdict") {
    Breaker breaker = open_and_over();
    const auto now = start + 10s;
    hear(breaker, 2, State::probes_here, 5s, now);
    CHECK(breaker.state() == BreakerState::half_open);
    const auto first = breaker.admit(now);
    const auto second = breaker.admit(now);
    REQUIRE(first);
    REQUIRE(second);
    CHECK_FALSE(breaker.admit(now));
    CHECK_FALSE(breaker.news(now));

    SECTION("well") {
        breaker.record(*first, CallVerdict::success, now);
        breaker.record(*second, CallVerdict::success, now);
        CHECK(breaker.state() == BreakerState::closed);
        CHECK(breaker.news(now)->kind == Kind::closed);
        CHECK(breaker.news(now)->seen == 2);
        hear(breaker, 3, State::closed, 0s, now);
        CHECK_FALSE(breaker.news(now));
    }
    SECTION("not well") {
        breaker.record(*first, CallVerdict::failure, now);
        CHECK(breaker.state() == BreakerState::open);
        CHECK(breaker.news(now)->kind == Kind::opened);
        CHECK(breaker.news(now)->lasts == 30s);
    }
}

TEST_CASE("while another process probes a call is told to come back soon and a new verdict is followed") {
    Breaker breaker = open_and_over();
    hear(breaker, 2, State::probes_elsewhere, 5s, start + 10s);
    CHECK(breaker.admit(start + 11s).error() == 1s);
    CHECK_FALSE(breaker.news(start + 11s));  // it waits its turn
    hear(breaker, 2, State::probes_elsewhere, 4s, start + 11s);
    CHECK(breaker.admit(start + 15s).error() == 1s);
    CHECK(breaker.news(start + 15s)->kind == Kind::wants_probes);

    SECTION("closed") {
        hear(breaker, 3, State::closed, 0s, start + 15s);
        CHECK(breaker.admit(start + 15s).has_value());
    }
    SECTION("open again") {
        hear(breaker, 3, State::open, 30s, start + 15s);
        CHECK(breaker.admit(start + 15s).error() == 30s);
    }
}

TEST_CASE("a grant that is over lets no more probes go and is asked for anew when a call waits") {
    Breaker breaker = open_and_over();
    hear(breaker, 2, State::probes_here, 5s, start + 10s);
    call(breaker, CallVerdict::success, start + 10s);
    hear(breaker, 2, State::probes_here, 0s, start + 15s);
    CHECK_FALSE(breaker.news(start + 15s));
    CHECK(breaker.admit(start + 15s).error() == 1s);
    CHECK(breaker.news(start + 15s)->kind == Kind::wants_probes);

    // Another one had it meanwhile; the success from before still counts.
    hear(breaker, 3, State::probes_elsewhere, 5s, start + 15s);
    CHECK(breaker.state() == BreakerState::open);
    CHECK_FALSE(breaker.admit(start + 20s));
    hear(breaker, 4, State::probes_here, 5s, start + 20s);
    call(breaker, CallVerdict::success, start + 20s);
    CHECK(breaker.state() == BreakerState::closed);
}

TEST_CASE("a grant counts from when it was asked for and is renewed while a probe is under way") {
    Breaker breaker = open_and_over();
    breaker.hear({.era = 2, .state = State::probes_here, .left = 5s}, start + 10s, start + 12s);
    CHECK(breaker.refusal(start + 14s) == 0s);
    CHECK(breaker.refusal(start + 15s) > 0s);
    CHECK_FALSE(breaker.news(start + 14s));
    const auto probe = breaker.admit(start + 12s);
    REQUIRE(probe);
    CHECK_FALSE(breaker.news(start + 12s));
    CHECK(breaker.news(start + 13s)->kind == Kind::wants_probes);
    hear(breaker, 3, State::probes_here, 5s, start + 13s);
    CHECK_FALSE(breaker.news(start + 13s));
    breaker.record(*probe, CallVerdict::failure, start + 17s);
    CHECK(breaker.news(start + 17s)->kind == Kind::opened);
}

TEST_CASE("when the fleet was silent for the recovery timeout a breaker decides alone again") {
    Breaker breaker = open_and_over();
    CHECK_FALSE(breaker.admit(start + 39s));
    call(breaker, CallVerdict::success, start + 40s);
    CHECK(breaker.state() == BreakerState::half_open);
    call(breaker, CallVerdict::success, start + 40s);
    CHECK(breaker.state() == BreakerState::closed);
    CHECK(breaker.news(start + 41s)->kind == Kind::closed);
}

TEST_CASE("a short recovery timeout does not make it forget the fleet between two exchanges") {
    Breaker breaker({.failure_threshold = 1, .recovery_timeout = 100ms, .success_threshold = 1});
    hear(breaker, 1, State::open, 100ms);
    CHECK_FALSE(breaker.admit(start + 2s));
    CHECK(breaker.admit(start + 3s));
}

TEST_CASE("a store that forgot everything is told again by a breaker that is open and changes nothing by itself") {
    Breaker breaker(policy);
    hear(breaker, 5, State::open, 20s);
    hear(breaker, 0, State::closed, 0s, start + 1s);
    CHECK(breaker.refusal(start + 1s) == 19s);
    const auto news = breaker.news(start + 1s);
    REQUIRE(news);
    CHECK(news->kind == Kind::opened);
    CHECK(news->lasts == 19s);
    CHECK(news->seen == 0);
}

TEST_CASE("who closed alone while the store was away keeps to it when an old grant arrives") {
    Breaker breaker = open_and_over();
    for (int i = 0; i < 2; ++i) call(breaker, CallVerdict::success, start + 40s);
    REQUIRE(breaker.state() == BreakerState::closed);
    hear(breaker, 2, State::probes_here, 5s, start + 41s);
    CHECK(breaker.state() == BreakerState::closed);
    CHECK(breaker.news(start + 41s)->kind == Kind::closed);
    CHECK(breaker.news(start + 41s)->seen == 2);
}

TEST_CASE("a change that was learned says so to the log") {
    std::vector<bool> learned;
    Breakers breakers(policy, [&](const BreakerChange& change) { learned.push_back(change.from_fleet); });
    auto& breaker = breakers.at("g");
    for (int i = 0; i < 3; ++i) breaker.record(breaker.admit(start).value(), CallVerdict::failure, start);
    breakers.hear({{"g", 2, State::closed, 0s}}, start, start);  // it failed since
    breakers.hear({{"g", 3, State::open, 30s}, {"unknown", 1, State::open, 30s}}, start, start);
    breakers.hear({{"g", 4, State::closed, 0s}}, start, start);
    CHECK(learned == std::vector<bool>{false, true});
    CHECK(breakers.snapshot(start).size() == 1);
}
