#include "resilience/gcra.hpp"

#include <catch2/catch.hpp>
#include <limits>

using namespace tollgate;
using namespace std::chrono_literals;

namespace {

constexpr GcraTime noon{1'795'341'600'000'000};

/// One key's allowance, asked as often as the test likes.
struct Key {
    GcraPolicy policy;
    GcraTime tat{0};

    GcraDecision ask(GcraTime now) {
        const auto decision = gcra(policy, tat, now);
        if (decision.allowed) tat = decision.next_tat;
        return decision;
    }

    int allowed_at_once(GcraTime now) {
        int allowed = 0;
        while (ask(now).allowed) ++allowed;
        return allowed;
    }

    /// How many pass in a spell of asking as often as possible: always at the moment the last refusal named.
    std::int64_t allowed_within(GcraTime from, GcraTime span) {
        std::int64_t allowed = 0;
        for (GcraTime now = from; now < from + span;) {
            const auto decision = ask(now);
            if (decision.allowed) {
                ++allowed;
            } else {
                now += decision.retry_after;
            }
        }
        return allowed;
    }
};

}  // namespace

TEST_CASE("a burst passes at once, the next request waits for one interval") {
    Key key{{.requests = 100, .per = 1min, .burst = 5}};
    CHECK(key.allowed_at_once(noon) == 5);
    const auto refused = key.ask(noon);
    CHECK(refused.retry_after == 600ms);
    CHECK_FALSE(key.ask(noon + 599ms).allowed);
    CHECK(key.ask(noon + 600ms).allowed);
    CHECK_FALSE(key.ask(noon + 600ms).allowed);
}

TEST_CASE("a decision tells how many more would pass and when all of them are back") {
    Key key{{.requests = 10, .per = 1s, .burst = 3}};
    const auto first = key.ask(noon);
    CHECK(first.remaining == 2);
    CHECK(first.reset_after == 100ms);
    CHECK(key.ask(noon).remaining == 1);
    const auto last = key.ask(noon);
    CHECK(last.remaining == 0);
    CHECK(last.reset_after == 300ms);
    const auto refused = key.ask(noon);
    CHECK(refused.remaining == 0);
    CHECK(refused.reset_after == 300ms);
    CHECK(refused.next_tat == key.tat);
    CHECK(key.ask(noon + 250ms).remaining == 1);
}

TEST_CASE("after a quiet spell no more than the burst is saved up") {
    Key key{{.requests = 100, .per = 1min, .burst = 5}};
    CHECK(key.allowed_at_once(noon) == 5);
    CHECK(key.allowed_at_once(noon + 24h) == 5);
}

TEST_CASE("the moment a refusal names is the first at which a request passes") {
    for (const std::int64_t requests : {1, 3, 7, 60, 999}) {
        for (const std::int64_t burst : {1, 2, 10}) {
            Key key{{.requests = requests, .per = 1s, .burst = burst}};
            key.allowed_at_once(noon);
            const auto refused = key.ask(noon);
            CAPTURE(requests, burst);
            CHECK_FALSE(gcra(key.policy, key.tat, noon + refused.retry_after - 1ms).allowed);
            CHECK(gcra(key.policy, key.tat, noon + refused.retry_after).allowed);
        }
    }
}

TEST_CASE("intervals of a broken number of microseconds do not drift over a busy day") {
    // 7 a second is one in 142857.142857… µs; rounded at each request that would be 86 ms or more by the evening.
    const GcraPolicy policy{.requests = 7, .per = 1s, .burst = 100};
    GcraTime tat = noon + 1s;
    for (int i = 0; i < 7 * 86'400; ++i) tat = gcra(policy, tat, tat - 1s).next_tat;
    CHECK(tat - noon >= 24h + 1s - 2us);
    CHECK(tat - noon <= 24h + 1s + 2us);
}

TEST_CASE("an interval of one and a half microseconds is neither one nor two") {
    Key key{{.requests = 2'000'000, .per = 3s, .burst = 1}};
    int allowed = 0;
    for (GcraTime now = noon; now < noon + 30ms; ++now) allowed += key.ask(now).allowed ? 1 : 0;
    CHECK(allowed >= 20'000);
    CHECK(allowed <= 20'001);
}

TEST_CASE("any start gives the same allowance, to the request") {
    for (const auto start : {0us, 1us, 142'856us, 142'857us, 142'858us, 999'999us}) {
        Key key{{.requests = 7, .per = 1s, .burst = 4}};
        CAPTURE(start.count());
        CHECK(key.allowed_at_once(noon + start) == 4);
        CHECK(key.allowed_within(noon + start, 10s) == 69);
    }
}

TEST_CASE("a clock that jumped back locks a key out for no longer than its burst") {
    const GcraPolicy policy{.requests = 10, .per = 1s, .burst = 5};
    Key key{policy};
    key.allowed_at_once(noon);

    SECTION("far back: the key is served again at once, but gets no second burst") {
        CHECK(key.ask(noon - 24h).allowed);
        CHECK_FALSE(key.ask(noon - 24h).allowed);
        CHECK(key.ask(noon - 24h + 100ms).allowed);
    }
    SECTION("a little back: it waits, and not for long") {
        const auto refused = key.ask(noon - 300ms);
        CHECK_FALSE(refused.allowed);
        CHECK(refused.retry_after <= 500ms);
    }
}

TEST_CASE("a clock that jumped ahead gives one burst and then counts on") {
    Key key{{.requests = 10, .per = 1s, .burst = 5}};
    key.allowed_at_once(noon);
    CHECK(key.allowed_at_once(noon + 24h * 365) == 5);
}

TEST_CASE("extreme policies and times neither overflow nor divide by zero") {
    const std::int64_t most = std::numeric_limits<std::int64_t>::max();
    for (const std::int64_t requests : {std::int64_t{0}, std::int64_t{1}, most}) {
        for (const auto per : {0ms, 1ms, std::chrono::milliseconds::max()}) {
            for (const std::int64_t burst : {std::int64_t{0}, std::int64_t{1}, most}) {
                for (const auto now : {GcraTime(0), noon, GcraTime::max(), GcraTime(-1), GcraTime::min()}) {
                    for (const auto tat : {GcraTime(0), noon, GcraTime::max(), GcraTime::min()}) {
                        CAPTURE(requests, per.count(), burst, now.count(), tat.count());
                        const auto decision = gcra({requests, per, burst}, tat, now);
                        CHECK(decision.remaining >= 0);
                        CHECK(decision.retry_after >= 0ms);
                        CHECK(decision.reset_after >= 0ms);
                        CHECK(decision.allowed == (decision.retry_after == 0ms));
                    }
                }
            }
        }
    }
}

TEST_CASE("a limit of more than one request a microsecond counts as one") {
    Key key{{.requests = 1'000'000, .per = 1ms, .burst = 1}};
    CHECK(key.ask(noon).allowed);
    CHECK_FALSE(key.ask(noon).allowed);
    CHECK(key.ask(noon + 1us).allowed);
}
