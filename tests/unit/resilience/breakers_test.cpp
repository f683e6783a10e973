#include "resilience/breakers.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

using namespace tollgate;
using namespace std::chrono_literals;

namespace {

constexpr SteadyTime start{1h};
constexpr BreakerPolicy policy{.failure_threshold = 2, .recovery_timeout = 30s, .success_threshold = 3};

void fail_twice(SharedBreaker& breaker) {
    for (int i = 0; i < 2; ++i) breaker.record(breaker.admit(start).value(), CallVerdict::failure, start);
}

}  // namespace

TEST_CASE("a name always leads to the same breaker, and each name to its own") {
    Breakers breakers(policy);
    fail_twice(breakers.at("gateway.authorize"));
    CHECK(breakers.at("gateway.authorize").state() == BreakerState::open);
    CHECK(breakers.at("gateway.refund").state() == BreakerState::closed);
    CHECK(&breakers.at("gateway.refund") == &breakers.at("gateway.refund"));
}

TEST_CASE("a snapshot shows every breaker by name, and how long to stay away") {
    Breakers breakers(policy);
    fail_twice(breakers.at("shipping.place"));
    std::ignore = breakers.at("inventory.place");
    const auto views = breakers.snapshot(start + 10s);
    REQUIRE(views.size() == 2);
    CHECK(views[0].name == "inventory.place");
    CHECK(views[0].state == BreakerState::closed);
    CHECK(views[0].retry_after == 0ms);
    CHECK(views[1].name == "shipping.place");
    CHECK(views[1].state == BreakerState::open);
    CHECK(views[1].retry_after == 20s);
}

TEST_CASE("every change of state is told once, and whoever is told may look at the breakers") {
    std::string told;
    const Breakers* all = nullptr;
    Breakers breakers(policy, [&](const BreakerChange& change) {
        CHECK(all->snapshot(start).size() == 1);
        told.append(change.name).append(":").append(name(change.from)).append(">").append(name(change.to)).append(" ");
    });
    all = &breakers;
    auto& breaker = breakers.at("g");
    fail_twice(breaker);
    for (int i = 0; i < 3; ++i) {
        const auto probe = breaker.admit(start + 30s);
        breaker.record(probe.value(), CallVerdict::success, start + 30s);
    }
    CHECK(told == "g:closed>open g:open>half_open g:half_open>closed ");
}

TEST_CASE("threads that ask at the same moment get no more probes than there are places") {
    Breakers breakers(policy);
    fail_twice(breakers.at("g"));
    std::atomic<int> admitted = 0;
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&] {
                for (int i = 0; i < 1000; ++i) {
                    if (breakers.at("g").admit(start + 30s)) ++admitted;
                }
            });
        }
    }
    CHECK(admitted == 3);
}
