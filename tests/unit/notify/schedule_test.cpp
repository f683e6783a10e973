#include "notify/schedule.hpp"

#include <catch2/catch.hpp>

#include "support/virtual_time.hpp"

using namespace tollgate;
using namespace std::chrono_literals;

TEST_CASE("waits follow the schedule of Standard Webhooks, a tenth to either side") {
    constexpr Milliseconds schedule[] = {5s, 5min, 30min, 2h, 5h, 10h, 14h, 20h, 24h};
    test::SeededRandom random(7);
    for (int i = 0; i < delivery_tries - 1; ++i) {
        Milliseconds least = 24h * 365;
        Milliseconds most{0};
        for (int draw = 0; draw < 1000; ++draw) {
            const auto wait = redelivery_wait(i + 1, std::nullopt, random);
            REQUIRE(wait.has_value());
            least = std::min(least, *wait);
            most = std::max(most, *wait);
        }
        CAPTURE(i, least.count(), most.count());
        CHECK(least >= schedule[i] * 9 / 10);
        CHECK(least < schedule[i] * 92 / 100);
        CHECK(most <= schedule[i] * 11 / 10);
        CHECK(most > schedule[i] * 108 / 100);
    }
    CHECK_FALSE(redelivery_wait(delivery_tries, std::nullopt, random));
    CHECK_FALSE(redelivery_wait(delivery_tries + 100, 5s, random));
}

TEST_CASE("a wait that is asked for makes none shorter and none longer than the next of the schedule") {
    test::SeededRandom random(7);
    CHECK(*redelivery_wait(2, 1s, random) >= 270s);
    CHECK(*redelivery_wait(1, 100s, random) == 100s);
    CHECK(*redelivery_wait(1, 24h, random) == 5min);
    CHECK(*redelivery_wait(9, 240h, random) <= 24h * 11 / 10);
}
