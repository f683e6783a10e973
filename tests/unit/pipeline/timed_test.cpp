#include "pipeline/timed.hpp"

#include <catch2/catch.hpp>

#include "unit/pipeline/scripted.hpp"

using namespace tollgate;
using namespace std::chrono_literals;
using test::Call;

TEST_CASE("a call is measured from its beginning to its end, with its outcome") {
    test::VirtualTime time;
    test::ScriptedService other(time);
    test::NotedMeter meter;
    auto service = timed(meter, "gateway_authorize", time.runtime()) | std::ref(other);
    other.then("auth_1", 250ms);
    other.then(Code::card_declined);
    CHECK(time.run(service(Call{})).has_value());
    CHECK_FALSE(time.run(service(Call{})).has_value());
    CHECK(meter.notes == std::vector<std::string>{"gateway_authorize ok 250", "gateway_authorize card_declined 0"});
}

TEST_CASE("a call that is dropped half-way is measured as canceled") {
    test::NotedMeter meter;
    auto time = std::make_unique<test::VirtualTime>();
    test::ScriptedService other(*time);
    auto service = timed(meter, "gateway_authorize", time->runtime()) | std::ref(other);
    other.then("never seen", 1h);
    time->start([](auto& called) -> Task<void> { std::ignore = co_await called(Call{}); }(service));
    time->advance(5s);
    CHECK(meter.notes.empty());
    time.reset();
    CHECK(meter.notes == std::vector<std::string>{"gateway_authorize canceled 5000"});
}

TEST_CASE("layers meet a request from the outside in, and its response from the inside out") {
    test::VirtualTime time;
    test::ScriptedService other(time);
    test::NotedMeter meter;
    other.then("ok", 1ms);
    auto service = timed(meter, "outer", time.runtime()) | timed(meter, "inner", time.runtime()) | std::ref(other);
    REQUIRE(time.run(service(Call{})));
    CHECK(meter.notes == std::vector<std::string>{"inner ok 1", "outer ok 1"});
}
