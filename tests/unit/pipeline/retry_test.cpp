#include "pipeline/retry.hpp"

#include <catch2/catch.hpp>

#include "unit/pipeline/scripted.hpp"

using namespace tollgate;
using namespace std::chrono_literals;
using test::Call;

namespace {

constexpr RetryPolicy policy{.attempts_max = 3, .backoff = {.base_delay = 500ms, .max_delay = 5s, .multiplier = 2.0}};

struct Fixture {
    explicit Fixture(std::uint64_t seed = 1) : time(seed) {}
    test::VirtualTime time;
    test::ScriptedService other{time};

    Result<std::string> call(Milliseconds within = 1min, RetryPolicy with = policy) {
        auto service = retry(time.runtime(), with) | std::ref(other);
        return time.run(service(Call{time.steady() + within}));
    }
};

}  // namespace

TEST_CASE("a call that fails on the way twice succeeds at the third attempt, under the same key") {
    Fixture f;
    f.other.then(Code::network_error);
    f.other.then(Code::gateway_timeout);
    f.other.then("auth_1");
    const auto result = f.call();
    REQUIRE(result);
    CHECK(*result == "auth_1");
    CHECK(f.other.keys() == std::vector<std::string>{"k", "k", "k"});
}

TEST_CASE("no more attempts are made than the policy allows, and the last error is told") {
    Fixture f;
    for (int i = 0; i < 5; ++i) f.other.then(Code::network_error);
    const auto result = f.call();
    CHECK(result.error().code == Code::network_error);
    CHECK(result.error().execution == Execution::not_executed);
    CHECK(f.other.calls() == 3);
}

TEST_CASE("what asking again cannot mend is asked once") {
    for (const auto code : {Code::card_declined, Code::insufficient_funds, Code::expired_card, Code::out_of_stock,
                            Code::cannot_ship, Code::gateway_refused, Code::gateway_fault, Code::unreadable_answer,
                            Code::echo_mismatch, Code::never_arrived, Code::circuit_open, Code::internal}) {
        CAPTURE(info(code).name);
        Fixture f;
        f.other.then(code);
        CHECK(f.call().error().code == code);
        CHECK(f.other.calls() == 1);
    }
}

TEST_CASE("an error that says it is not retriable is not retried, whatever its code") {
    Fixture f;
    PaymentError error(Code::gateway_timeout, "for good");
    error.retriable = false;
    f.other.then(error);
    CHECK(f.call().error().execution == Execution::unknown);
    CHECK(f.other.calls() == 1);
}

TEST_CASE("the waits between attempts are jittered: never longer than the ceiling, and not always the same") {
    std::vector<Milliseconds> waits;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        Fixture f(seed);
        f.other.then(Code::network_error);
        f.other.then(Code::network_error);
        REQUIRE(f.call());
        const auto& at = f.other.came_at();
        CHECK(at[1] - at[0] <= 500ms);
        CHECK(at[2] - at[1] <= 1000ms);
        waits.push_back(at[2] - at[1]);
    }
    const auto [shortest, longest] = std::ranges::minmax(waits);
    CHECK(shortest < 200ms);
    CHECK(longest > 800ms);
}

TEST_CASE("nobody is asked again sooner than they said") {
    Fixture f;
    f.other.then(Code::gateway_busy, 7s);
    REQUIRE(f.call());
    CHECK(f.other.came_at()[1] >= 7s);
}

TEST_CASE("no wait goes past the deadline: the error is told at once") {
    Fixture f;
    f.other.then(Code::gateway_busy, 7s);
    const auto result = f.call(7s);
    CHECK(result.error().code == Code::gateway_busy);
    CHECK(f.other.calls() == 1);
    CHECK(f.time.elapsed() == 0ms);
}

TEST_CASE("a deadline already past still gives the one attempt, and waits of any length do not overflow") {
    Fixture f;
    f.other.then(Code::gateway_busy, Milliseconds::max());
    CHECK(f.call(-1s).error().code == Code::gateway_busy);
    CHECK(f.other.calls() == 1);

    Fixture g;
    g.other.then(Code::gateway_busy, Milliseconds::max());
    CHECK(g.call(1h).error().code == Code::gateway_busy);
    CHECK(g.other.calls() == 1);
}

TEST_CASE("an attempt that may have moved money is not forgotten because a later one could not be made") {
    for (const auto later : {Code::network_error, Code::gateway_busy, Code::circuit_open, Code::gateway_refused}) {
        CAPTURE(info(later).name);
        Fixture f;
        f.other.then(Code::gateway_timeout);
        for (int i = 0; i < 2; ++i) f.other.then(later);
        const auto result = f.call();
        CHECK(result.error().execution == Execution::unknown);
        CHECK(result.error().code == Code::gateway_timeout);
    }
}

TEST_CASE("the answer about the key itself settles an unknown attempt before it") {
    for (const auto answer :
         {Code::card_declined, Code::insufficient_funds, Code::expired_card, Code::out_of_stock, Code::cannot_ship}) {
        CAPTURE(info(answer).name);
        Fixture f;
        f.other.then(Code::gateway_timeout);
        f.other.then(answer);
        const auto result = f.call();
        CHECK(result.error().code == answer);
        CHECK(result.error().execution == Execution::refused);
    }
}

TEST_CASE("an unknown attempt keeps the whole unknown when only the last one says when to come back") {
    Fixture f;
    f.other.then(Code::gateway_timeout);
    f.other.then(Code::gateway_busy, 2min);
    const auto result = f.call();
    CHECK(result.error().execution == Execution::unknown);
    CHECK(result.error().retry_after == 2min);
    CHECK(f.other.calls() == 2);
}
