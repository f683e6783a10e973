#include "pipeline/fleet_breakers.hpp"

#include <catch2/catch.hpp>
#include <thread>

#include "pipeline/circuit_breaker.hpp"
#include "support/memory_fleet.hpp"
#include "unit/pipeline/scripted.hpp"

using namespace tollgate;
using namespace std::chrono_literals;
using test::Call;

namespace {

/// One process: its breakers and their exchange.
struct Process {
    Process(test::VirtualTime& world, test::MemoryFleet& fleet, std::string name)
        : time(world), exchange(world.runtime(), breakers, fleet, std::move(name)) {
        std::ignore = breakers.at("gateway.authorize");
        time.start(exchange.run());
    }

    auto service() { return circuit_breaker(breakers, "gateway.authorize", time.runtime()) | std::ref(gateway); }

    /// Makes one call that runs to its end.
    Result<std::string> call() {
        auto layered = service();
        return time.run(layered(Call{time.steady() + 1min}));
    }
    void trip() {
        for (int i = 0; i < 3; ++i) {
            gateway.then(Code::network_error);
            CHECK_FALSE(call().has_value());
        }
        REQUIRE(state() == BreakerState::open);
    }
    BreakerState state() { return breakers.at("gateway.authorize").state(); }

    test::VirtualTime& time;
    test::ScriptedService gateway{time};
    std::vector<BreakerChange> changes;
    Breakers breakers{{.failure_threshold = 3, .recovery_timeout = 30s, .success_threshold = 2},
                      [this](const BreakerChange& change) { changes.push_back(change); }};
    FleetBreakers exchange;
};

struct Fixture {
    test::VirtualTime time;
    test::MemoryFleet fleet{time};
    Process a{time, fleet, "a"};
    Process b{time, fleet, "b"};

    Fixture() { time.settle(); }

    /// Both know that the gateway is down, and its time is over.
    void down_and_over() {
        a.trip();
        time.advance(31s + 500ms);  // nobody has just asked
        REQUIRE(b.state() == BreakerState::open);
    }
};

}  // namespace

TEST_CASE("what one process found is known to the other at its next turn and told at once") {
    Fixture f;
    f.time.advance(500ms);
    f.a.trip();
    f.time.settle();
    CHECK(f.fleet.changes == 1);
    CHECK(f.b.call().has_value());
    f.time.advance(500ms);
    CHECK(f.b.call().error().code == Code::circuit_open);
    CHECK(f.b.gateway.calls() == 1);
    REQUIRE(f.b.changes.size() == 1);
    CHECK(f.b.changes[0].from_fleet);
}

TEST_CASE("a process that starts late learns within its first exchange that the gateway is down") {
    Fixture f;
    f.a.trip();
    f.time.advance(10s);
    Process late(f.time, f.fleet, "late");
    f.time.settle();
    const auto refused = late.call();
    CHECK(refused.error().code == Code::circuit_open);
    CHECK(refused.error().retry_after == 20s);
    CHECK(late.gateway.calls() == 0);
    late.exchange.stop();
    f.time.settle();
}

TEST_CASE("what was learned is not told back") {
    Fixture f;
    f.a.trip();
    f.time.advance(20s);
    CHECK(f.fleet.changes == 1);
    CHECK(f.fleet.exchanges <= 2 * 21 + 2);
    CHECK(f.a.changes.size() == 1);
    CHECK(f.b.changes.size() == 1);
}

TEST_CASE("of all processes one probes and its verdict is every one's") {
    Fixture f;
    f.down_and_over();
    const auto refused = f.b.call();
    CHECK(refused.error().retry_after == 1s);
    CHECK_FALSE(f.a.call().has_value());
    f.time.settle();  // b asked first

    CHECK_FALSE(f.a.call().has_value());
    f.b.gateway.then("ok", 3s);
    f.b.gateway.then("ok", 3s);
    int answered = 0;
    auto service = f.b.service();
    const auto one = [&]() -> Task<void> {
        if (co_await service(Call{f.time.steady() + 1min})) ++answered;
    };
    for (int i = 0; i < 20; ++i) f.time.start(one());
    f.time.advance(2s);
    CHECK_FALSE(f.a.call().has_value());
    f.time.advance(1s);
    CHECK(answered == 2);
    CHECK(f.b.state() == BreakerState::closed);
    f.time.advance(1s);
    CHECK(f.a.state() == BreakerState::closed);
    CHECK(f.a.call().has_value());
    CHECK(f.a.gateway.calls() == 3 + 1);  // the failures at first, and nothing since
}

TEST_CASE("a probe that fails keeps every process away for another recovery timeout") {
    Fixture f;
    f.down_and_over();
    CHECK_FALSE(f.b.call());
    f.time.settle();
    f.b.gateway.then(Code::network_error);
    CHECK(f.b.call().error().code == Code::network_error);
    f.time.advance(1s);
    CHECK(f.a.call().error().retry_after == 29s);
    CHECK(f.b.call().error().retry_after == 29s);
}

TEST_CASE("when the process that may probe has no calls or is gone another one probes") {
    Fixture f;
    f.down_and_over();
    CHECK_FALSE(f.b.call());
    f.time.settle();
    f.b.exchange.stop();
    f.time.advance(1s);
    CHECK_FALSE(f.a.call());
    f.time.advance(5s);
    CHECK_FALSE(f.a.call());
    f.time.settle();
    CHECK(f.a.call().has_value());
    CHECK(f.a.call().has_value());
    CHECK(f.a.state() == BreakerState::closed);
    CHECK(f.b.gateway.calls() == 0);
}

TEST_CASE("a process that probes for long keeps the right to and no other begins") {
    Fixture f;
    f.down_and_over();
    CHECK_FALSE(f.b.call());
    f.time.settle();
    f.b.gateway.then("ok at last", 20s);
    auto service = f.b.service();
    const auto probe = [&]() -> Task<void> { std::ignore = co_await service(Call{f.time.steady() + 1min}); };
    f.time.start(probe());
    for (int s = 0; s < 19; ++s) {
        f.time.advance(1s);
        CHECK_FALSE(f.a.call());
    }
    CHECK(f.a.gateway.calls() == 3);
    f.time.advance(2s);
    CHECK(f.b.call().has_value());
    CHECK(f.b.state() == BreakerState::closed);
}

TEST_CASE("without the store the breakers go on by what they know and decide alone after the recovery timeout") {
    Fixture f;
    f.fleet.away = true;
    f.a.trip();
    f.time.advance(10s);
    CHECK(f.b.call().has_value());
    CHECK(f.a.call().error().retry_after == 20s);
    f.time.advance(20s);
    CHECK(f.a.call().has_value());
    CHECK(f.a.call().has_value());
    CHECK(f.a.state() == BreakerState::closed);
}

TEST_CASE("what is still true is told when the store is there again and what is over is not") {
    Fixture f;
    f.fleet.away = true;
    f.a.trip();
    f.b.trip();
    f.time.advance(12s);
    f.fleet.away = false;
    f.time.advance(1s);
    CHECK(f.fleet.changes == 1);
    Process late(f.time, f.fleet, "late");
    f.time.settle();
    CHECK(late.call().error().code == Code::circuit_open);

    f.fleet.away = true;
    f.time.advance(1min);
    for (Process* process : {&f.a, &f.b}) {
        for (int i = 0; i < 2; ++i) CHECK(process->call().has_value());
    }
    f.fleet.away = false;
    f.time.advance(2s);
    CHECK(late.state() == BreakerState::closed);
    CHECK(f.fleet.changes == 2);
}

TEST_CASE("a store that lost its memory learns from the processes that know and nobody opens or closes for that") {
    Fixture f;
    f.a.trip();
    f.time.advance(2s);
    f.fleet.forget();
    f.time.advance(2s);
    CHECK(f.fleet.changes == 2);
    Process late(f.time, f.fleet, "late");
    f.time.settle();
    CHECK(late.call().error().retry_after == 26s);
    CHECK(f.a.changes.size() == 1);
    CHECK(f.b.changes.size() == 1);
}

TEST_CASE("calls that are refused do not make a process ask more often than twenty times a second") {
    Fixture f;
    f.down_and_over();
    f.fleet.away = true;
    f.time.advance(1s);
    f.fleet.away = false;
    const int before = f.fleet.exchanges;
    for (int i = 0; i < 1000; ++i) {
        f.time.advance(1ms);
        std::ignore = f.a.breakers.at("gateway.authorize").refusal(f.time.steady());
    }
    CHECK(f.fleet.exchanges - before <= 24);
}

TEST_CASE("admission of new charges asks for probes too since no call gets further while it refuses") {
    Fixture f;
    f.down_and_over();
    auto service = f.b.service();
    Admission admission;
    service.admit(Call{}, admission);
    REQUIRE(admission.refusal);
    CHECK(admission.refusal->retry_after == 1s);
    f.time.settle();
    Admission next;
    service.admit(Call{}, next);
    CHECK_FALSE(next.refusal);
}

TEST_CASE("breakers that change on many threads at once wake the exchange and survive its end") {
    test::VirtualTime time;
    test::MemoryFleet fleet(time);
    Breakers breakers({.failure_threshold = 1, .recovery_timeout = 30s, .success_threshold = 1});
    const SteadyTime now = time.steady();
    {
        FleetBreakers exchange(time.runtime(), breakers, fleet, "a");
        time.start(exchange.run());
        time.settle();
        {
            std::vector<std::jthread> threads;
            for (int t = 0; t < 4; ++t) {
                threads.emplace_back([&breakers, now, t] {
                    auto& breaker = breakers.at("g" + std::to_string(t));
                    breaker.record(breaker.admit(now).value(), CallVerdict::failure, now);
                });
            }
        }
        time.advance(50ms);
        CHECK(fleet.changes == 4);
        exchange.stop();
        time.settle();
    }
    auto& breaker = breakers.at("late");
    breaker.record(breaker.admit(now).value(), CallVerdict::failure, now);
    time.settle();
    CHECK(breaker.state() == BreakerState::open);
}
