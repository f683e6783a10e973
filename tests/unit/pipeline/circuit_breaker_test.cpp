#include "pipeline/circuit_breaker.hpp"

#include <catch2/catch.hpp>

#include "pipeline/retry.hpp"
#include "unit/pipeline/scripted.hpp"

using namespace tollgate;
using namespace std::chrono_literals;
using test::Call;

namespace {

struct Fixture {
    test::VirtualTime time;
    test::ScriptedService other{time};
    Breakers breakers{{.failure_threshold = 3, .recovery_timeout = 30s, .success_threshold = 1}};

    Result<std::string> call(Milliseconds slow_call = 1h) {
        auto service = circuit_breaker(breakers, "gateway.authorize", time.runtime(), slow_call) | std::ref(other);
        return time.run(service(Call{time.steady() + 1min}));
    }
    void fail_times(int times, Code code) {
        for (int i = 0; i < times; ++i) {
            other.then(code);
            CHECK_FALSE(call().has_value());
        }
    }
    BreakerState state() { return breakers.at("gateway.authorize").state(); }
};

}  // namespace

TEST_CASE("a gateway that keeps failing is left alone, and the caller told for how long") {
    for (const auto code : {Code::network_error, Code::gateway_timeout, Code::gateway_fault, Code::unreadable_answer}) {
        CAPTURE(info(code).name);
        Fixture f;
        f.fail_times(3, code);
        const auto refused = f.call();
        CHECK(refused.error().code == Code::circuit_open);
        CHECK(refused.error().execution == Execution::not_executed);
        CHECK(refused.error().retry_after == 30s);
        CHECK(f.other.calls() == 3);
    }
}

TEST_CASE("declines and other answers never open a breaker, and neither does being told to wait") {
    for (const auto code : {Code::card_declined, Code::insufficient_funds, Code::expired_card, Code::gateway_refused,
                            Code::out_of_stock, Code::never_arrived, Code::gateway_busy, Code::circuit_open}) {
        CAPTURE(info(code).name);
        Fixture f;
        f.fail_times(10, code);
        CHECK(f.state() == BreakerState::closed);
    }
}

TEST_CASE("a decline between failures shows that the gateway is there, and being told to wait does not") {
    Fixture f;
    f.fail_times(2, Code::network_error);
    f.fail_times(1, Code::card_declined);
    f.fail_times(2, Code::network_error);
    CHECK(f.state() == BreakerState::closed);
    f.fail_times(1, Code::gateway_busy);
    f.fail_times(1, Code::network_error);
    CHECK(f.state() == BreakerState::open);
}

TEST_CASE("after the recovery timeout one call goes through, and its answer closes the breaker") {
    Fixture f;
    f.fail_times(3, Code::network_error);
    f.time.advance(30s);
    CHECK(f.call().has_value());
    CHECK(f.state() == BreakerState::closed);
}

TEST_CASE("answers that come too slowly open a breaker like failures") {
    Fixture f;
    for (int i = 0; i < 3; ++i) {
        f.other.then("at last", 5s);
        CHECK(f.call(5s).has_value());
    }
    CHECK(f.call(5s).error().code == Code::circuit_open);
}

TEST_CASE("a probe that is dropped half-way leaves its place to the next") {
    Fixture f;
    f.fail_times(3, Code::network_error);
    f.time.advance(30s);

    auto other_world = std::make_unique<test::VirtualTime>();
    test::ScriptedService other(*other_world);
    auto service = circuit_breaker(f.breakers, "gateway.authorize", other_world->runtime()) | std::ref(other);
    other.then("never seen", 1h);
    other_world->advance(30s);
    other_world->start([](auto& called) -> Task<void> { std::ignore = co_await called(Call{}); }(service));
    other_world->settle();
    CHECK(f.call().error().code == Code::circuit_open);  // the only place is taken

    other_world.reset();
    CHECK(f.call().has_value());
    CHECK(f.state() == BreakerState::closed);
}

TEST_CASE("of many calls at once only so many probe a breaker that is half open") {
    Fixture f;
    f.fail_times(3, Code::network_error);
    f.time.advance(30s);
    auto service = circuit_breaker(f.breakers, "gateway.authorize", f.time.runtime()) | std::ref(f.other);
    int answered = 0;
    int refused = 0;
    for (int i = 0; i < 20; ++i) f.other.then("ok", 1s);
    const auto one = [&]() -> Task<void> {
        const auto result = co_await service(Call{f.time.steady() + 1min});
        ++(result ? answered : refused);
    };
    for (int i = 0; i < 20; ++i) f.time.start(one());
    f.time.run_out();
    CHECK(answered == 1);
    CHECK(refused == 19);
}

TEST_CASE("outside retry, a breaker counts the whole series as one call") {
    Fixture f;
    auto service = circuit_breaker(f.breakers, "gateway.authorize", f.time.runtime()) |
                   retry(f.time.runtime(), {.attempts_max = 3, .backoff = {}}) | std::ref(f.other);
    for (int i = 0; i < 6; ++i) f.other.then(Code::network_error);
    for (int i = 0; i < 2; ++i) CHECK_FALSE(f.time.run(service(Call{f.time.steady() + 1min})).has_value());
    CHECK(f.other.calls() == 6);
    CHECK(f.state() == BreakerState::closed);
}
