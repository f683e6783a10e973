#include <catch2/catch.hpp>
#include <random>
#include <set>

#include "redis_under_test.hpp"
#include "stores/redis/keys.hpp"

using namespace tollgate;
using namespace tollgate::test;
using Kind = Begun::Kind;

namespace {

Transition declined(const ChargeRow& row, WallTime now = noon) {
    Transition end = end_of(row, Answer{402, "no"}, now);
    end.status = ChargeStatus::declined;
    end.live = false;
    return end;
}

}  // namespace

TEST_CASE("everything of one tenant lies in one slot of a cluster") {
    LoneRedis redis;
    const Begun first = redis.begin(counted("a")).value();
    Transition end = end_of(first.row, Answer{201, "done"});
    end.ledger = {{"capture", "cap_1", 4999, "USD"}};
    REQUIRE(redis.advance(end));
    REQUIRE(redis.advance(declined(redis.begin(counted("b")).value().row)));
    (void)redis.begin(counted("b"));
    std::set<std::uint16_t> slots;
    for (const std::string& key : redis.keys("tg:{p*")) slots.insert(redis::slot_of(key));
    CHECK(slots.size() == 1);
}

TEST_CASE("limits, velocities and what a late copy would meet live no longer than they matter") {
    LoneRedis redis;
    const Begun first = redis.begin(counted("a")).value();
    Transition end = declined(first.row);
    end.velocities = {{.key = "shop/failures/ann", .window = std::chrono::minutes(10), .max = 5}};
    REQUIRE(redis.advance(end));
    (void)redis.begin(begin_of("b"));
    CHECK(redis.begin(begin_of("b")).value().kind == Kind::in_flight);
    const WallTime later = noon + std::chrono::minutes(1);
    REQUIRE(redis.loops.main.run(redis.store.store->claim(later, later, 10)).value().size() == 1);

    const auto life = [&](const std::string& pattern) {
        long long most = 0;
        const std::vector<std::string> keys = redis.keys(pattern);
        for (const std::string& key : keys) {
            const long long left = std::stoll(redis.ask({"PTTL", key}));
            most = left < 0 ? -1 : std::max(most, left);
        }
        return keys.empty() || most < 0 ? -1 : most;
    };
    struct Life {
        const char* of;
        long long least, most;
    };
    for (const Life& bounds :
         {Life{"*:g:*", 1, 12'000}, Life{"*:v:shop/charges*", 1, 60'000}, Life{"*:v:shop/failures*", 60'000, 600'000},
          Life{"*:x:*", 1, 60'000}, Life{"*:y:*", 1, 60'000}, Life{"*:l:*", 80'000'000, 86'400'000}}) {
        INFO(bounds.of);
        CHECK(life(bounds.of) >= bounds.least);
        CHECK(life(bounds.of) <= bounds.most);
    }
}

TEST_CASE("a charge that is over leaves no trace among those that wait or live") {
    LoneRedis redis;
    const Begun begun = redis.begin(counted("a")).value();
    CHECK(redis.keys("*:due").size() == 1);
    Transition refunding = end_of(begun.row, Answer{201, "done"});
    refunding.at_risk.pending_refund = 1;
    REQUIRE(redis.advance(refunding));
    CHECK(redis.keys("*:s:fshop").size() == 1);
    REQUIRE(redis.advance(declined(begun.row)));
    CHECK(redis.keys("*:due").empty());
    CHECK(redis.keys("*:l:*").empty());
    CHECK(redis.keys("*:s:pshop").empty());
    CHECK(redis.keys("*:s:dshop").size() == 1);
    CHECK(redis.keys("*:s:fshop").empty());
    CHECK(redis.keys("*").size() == redis.keys("tg:{*").size());
}

TEST_CASE("a key that is begun anew leaves no trace of its last attempt among pending refunds") {
    LoneRedis redis;
    Transition freeing = end_of(redis.begin(begin_of("a")).value().row, Answer{});
    freeing.answer.reset();
    freeing.frees_key = true;
    freeing.at_risk.pending_refund = 1;
    REQUIRE(redis.advance(freeing));
    REQUIRE(redis.keys("*:s:fshop").size() == 1);
    REQUIRE(redis.begin(begin_of("a")).value().kind == Kind::fresh);
    CHECK(redis.keys("*:s:fshop").empty());
}

TEST_CASE("a velocity keeps no more events than it can tell apart") {
    LoneRedis redis;
    for (int i = 0; i < 20; ++i) {
        BeginCharge begin = counted(std::to_string(i), noon + Milliseconds(i));
        begin.admission.limit.reset();
        CHECK(redis.begin(begin).value().velocities.at(0) == std::min(i + 1, 6));
    }
    CHECK(redis.ask({"ZCARD", redis.keys("*:v:*").at(0)}) == "6");
}

TEST_CASE("the limit in Redis is the library's own, to the microsecond") {
    LoneRedis redis;
    std::mt19937_64 dice(20261122);  // NOLINT: the same every time
    const auto pick = [&](std::int64_t least, std::int64_t most) {
        return least + static_cast<std::int64_t>(dice() % static_cast<std::uint64_t>(most - least + 1));
    };
    const std::vector<GcraPolicy> policies{{2, std::chrono::minutes(1), 2},
                                           {7, std::chrono::seconds(1), 3},
                                           {100, std::chrono::minutes(1), 100},
                                           {999'983, std::chrono::hours(24 * 30), 5},
                                           {1'000'003, std::chrono::hours(24), 1},
                                           {5, std::chrono::hours(24 * 36'525), 2},
                                           {3'000'000'000, std::chrono::hours(24 * 36'525), 4},
                                           {1'000, Milliseconds(1), 10},
                                           {5'000, Milliseconds(1), 10},
                                           {1, Milliseconds(1), 1}};
    const std::string limits = redis::Keys(partition_of_tenant("shop")).limit("");
    int charges = 0;
    for (const GcraPolicy& policy : policies) {
        INFO(policy.requests << " per " << policy.per.count() << " ms");
        const std::string who = "ann" + std::to_string(charges);
        GcraTime tat{0};
        WallTime now = noon;
        const std::int64_t step = std::max<std::int64_t>(2 * policy.per.count() / policy.requests, 2);
        for (int i = 0; i < 60; ++i) {
            now += Milliseconds(i % 13 == 12 ? -pick(0, 20 * step) : pick(0, step));
            BeginCharge begin = begin_of(std::to_string(charges++), now);
            begin.admission.limit_key = who;
            begin.admission.limit = policy;
            const GcraDecision right = gcra(policy, tat, now.time_since_epoch());
            const Begun begun = redis.begin(begin).value();
            REQUIRE((begun.kind == Kind::fresh) == right.allowed);
            REQUIRE(begun.limit->remaining == right.remaining);
            REQUIRE(begun.limit->retry_after == right.retry_after);
            if (!right.allowed) continue;
            tat = right.next_tat;
            const RedisReply kept = redis.server.command({"GET", limits + who});
            if (kept.kind == RedisReply::Kind::text) REQUIRE(kept.text == std::to_string(tat.count()));
            redis.ask(
                {"SET", limits + who, std::to_string(tat.count())});  // its life goes by the server's time, not the test's
        }
    }
}

TEST_CASE("answers that have outlived their time are forgotten in Redis, and only those") {
    LoneRedis redis;
    for (int i = 0; i < 150; ++i) {
        const WallTime now = noon + std::chrono::minutes(i < 100 ? 0 : 60);
        const Begun begun = redis.begin(begin_of(std::to_string(i), now)).value();
        REQUIRE(redis.advance(end_of(begun.row, Answer{201, "done"}, now)));
    }
    const WallTime later = noon + std::chrono::hours(24);
    CHECK(redis.begin(begin_of("0", later)).value().kind == Kind::settled);
    CHECK(redis.loops.main.run(redis.store.store->sweep()).value() == 100);
    CHECK(redis.loops.main.run(redis.store.store->sweep()).value() == 0);
    CHECK_FALSE(redis.find(id_of("0"))->answer);
    CHECK(redis.find(id_of("149"))->answer);
    CHECK(redis.begin(begin_of("0", later)).value().kind == Kind::settled);
    CHECK(redis.begin(begin_of("149", later)).value().kind == Kind::replay);

    // An outlived answer stays outlived, even when its charge moves on.
    REQUIRE(redis.advance(end_of(redis.find(id_of("0")).value(), Answer{200, "another"}, later)));
    CHECK(redis.begin(begin_of("0", later)).value().kind == Kind::settled);
}

TEST_CASE("settled operations that have outlived their time are forgotten in Redis, and never one under way") {
    LoneRedis redis;
    const Begun begun = redis.begin(begin_of("a")).value();
    const WallTime later = noon + std::chrono::hours(1);
    Transition step = step_of(begun.row, "refund intended");
    step.operations = {{"op_1", "payload", {}}, {"op_2", "payload", Answer{200, "old"}}, {"op_3", "payload", {}}};
    REQUIRE(redis.advance(step));
    step = end_of(begun.row, Answer{201, "done"}, later);
    step.operations = {{"op_3", "payload", Answer{200, "young"}}};
    step.lease_until = noon;
    REQUIRE(redis.advance(step));
    const auto kind_of = [&](const std::string& operation, WallTime now) {
        return redis.loops.main.run(redis.store.store->take_for(id_of("a"), operation, now, now)).value().kind;
    };
    const auto sweep_at = [&](WallTime now) {
        REQUIRE(redis.begin(begin_of("a", now)));
        return redis.loops.main.run(redis.store.store->sweep()).value();
    };
    const WallTime outlived = noon + std::chrono::hours(24);
    CHECK(sweep_at(outlived - Milliseconds(1)) == 0);
    CHECK(kind_of("op_2", outlived) == Taken::Kind::known);
    CHECK(sweep_at(outlived) == 1);
    CHECK(kind_of("op_1", outlived) == Taken::Kind::known);
    CHECK(kind_of("op_3", outlived) == Taken::Kind::known);
    CHECK(kind_of("op_2", outlived) == Taken::Kind::taken);
    CHECK(redis.find(id_of("a"))->answer);
    CHECK(sweep_at(later + std::chrono::hours(24)) == 2);  // the charge's own answer too
    CHECK(kind_of("op_3", outlived) == Taken::Kind::taken);
    CHECK_FALSE(redis.find(id_of("a"))->answer);
    CHECK(kind_of("op_1", noon + std::chrono::hours(24 * 400)) == Taken::Kind::known);
}

TEST_CASE("a page of a rare status is found however many other charges the order has") {
    LoneRedis redis;
    for (int i = 0; i < 600; ++i) {
        BeginCharge begin = begin_of(std::to_string(i), noon + Milliseconds(i));
        begin.row.order_id = "one order";
        begin.allow_duplicate = true;
        const Begun begun = redis.begin(begin).value();
        if (i == 3 || i == 400) REQUIRE(redis.advance(declined(begun.row)));
    }
    ChargeQuery query{.tenant = "shop", .order_id = "one order", .status = ChargeStatus::declined, .limit = 1, .cursor = ""};
    const auto page = [&] { return redis.loops.main.run(redis.store.store->page(query)).value(); };
    const ChargePage first = page();
    REQUIRE(first.rows.size() == 1);
    CHECK(first.rows[0].id == id_of("400"));
    query.cursor = first.next_cursor;
    const ChargePage second = page();
    REQUIRE(second.rows.size() == 1);
    CHECK(second.rows[0].id == id_of("3"));
    CHECK(second.next_cursor.empty());
}
