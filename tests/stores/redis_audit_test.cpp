#include <catch2/catch.hpp>

#include "redis_under_test.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

AuditRecord record_of(const std::string& outcome, const std::string& key = "a", WallTime at = noon) {
    return {.at = at,
            .who = "key_1",
            .what = "charge.create",
            .outcome = outcome,
            .origin = "127.0.0.1",
            .charge_id = id_of(key),
            .request_id = "req_1"};
}

/// Three records, two with a transition and one with the closing; the store is closed.
void write_three(LoneRedis& redis) {
    redis.store.store->append(record_of("attempt"));
    redis.store.store->append(record_of("line\r\nbreak"));
    REQUIRE(redis.begin(begin_of("a")));
    redis.store.store->append(record_of("201"));
    redis.store.store.reset();
}

std::string chain_key(LoneRedis& redis) {
    return redis.keys("tg:{p*}:a:*").at(0);
}

/// Runs the store's loop until its first record is in Redis.
bool record_arrives(LoneRedis& redis) {
    return wait_for([&] {
        redis.loops.main.io().restart();
        redis.loops.main.io().run_for(std::chrono::milliseconds(5));
        return verify_audit(redis.store.options).value().records == 1;
    });
}

}  // namespace

TEST_CASE("the audit chains in Redis are whole across restarts, and none at all are too") {
    LoneRedis redis;
    CHECK(verify_audit(redis.store.options).value().records == 0);
    write_three(redis);
    redis.store.reopen();
    redis.store.store->append(record_of("replay"));
    redis.store.store.reset();
    const AuditVerdict verdict = verify_audit(redis.store.options).value();
    CHECK(verdict.records == 4);
    CHECK_FALSE(verdict.bad_seq);
}

TEST_CASE("a record in Redis that was changed, removed, added or cut off breaks its chain where it stands") {
    LoneRedis redis;
    redis.store.options.audit_delay = std::chrono::hours(1);  // all three in one chain, with the scripts of their charge
    redis.store.reopen();
    for (const char* outcome : {"attempt", "line\r\nbreak", "201"}) {
        redis.store.store->append(record_of(outcome));
        REQUIRE(redis.begin(begin_of("a")));
    }
    REQUIRE(verify_audit(redis.store.options).value().records == 3);
    const std::string chain = chain_key(redis);
    std::string second = redis.ask({"HGET", chain, "2"});
    std::int64_t bad = 0;
    SECTION("changed") {
        second.back() ^= 1;
        redis.ask({"HSET", chain, "2", second});
        bad = 2;
    }
    SECTION("replaced by bytes that are no record") {
        redis.ask({"HSET", chain, "1", "?"});
        bad = 1;
    }
    SECTION("removed in the middle") {
        redis.ask({"HDEL", chain, "2"});
        bad = 2;
    }
    SECTION("cut off") {
        redis.ask({"HDEL", chain, "3"});
        bad = 3;
    }
    SECTION("all of them removed") {
        redis.ask({"DEL", chain});
        bad = 1;
    }
    SECTION("added") {
        redis.ask({"HSET", chain, "4", second});
        bad = 4;
    }
    const AuditVerdict verdict = verify_audit(redis.store.options).value();
    REQUIRE(verdict.bad_seq == bad);
    CHECK(verdict.records == bad - 1);
    CHECK_FALSE(verdict.why.empty());
    CHECK(chain.ends_with(verdict.chain));
}

TEST_CASE("a transition in Redis is never durable before the audit records appended ahead of it") {
    LoneRedis redis;
    for (int i = 1; i <= 20; ++i) {
        const std::string key = std::to_string(i);
        redis.store.store->append(record_of("attempt", key));
        REQUIRE(redis.begin(begin_of(key)));
        REQUIRE(verify_audit(redis.store.options).value().records == i);
    }
}

TEST_CASE("audit records reach Redis soon though nothing else is written") {
    LoneRedis redis;
    redis.store.store->append(record_of("attempt"));
    CHECK(record_arrives(redis));
}

TEST_CASE("an audit record that went with another charge's script is there before its own charge's next step") {
    LoneRedis redis;
    std::string other;  // a tenant elsewhere
    for (int i = 0; other.empty() || partition_of_tenant(other) == partition_of_tenant("shop"); ++i) {
        other = "shop " + std::to_string(i);
    }
    BeginCharge foreign = begin_of("b");
    foreign.row.tenant = other;
    foreign.row.id = id_of("b", other);
    const Begun begun = redis.begin(begin_of("a")).value();
    for (int i = 1; i <= 3; ++i) {
        redis.store.store->append(record_of("attempt"));
        // Its carrier is under way when the charge's own step is asked for.
        RedisStore& store = *redis.store.store;
        redis.loops.main.run([](RedisStore& on, BeginCharge stray, Transition step) -> Task<bool> {
            const Executor here = co_await asio::this_coro::executor;
            asio::co_spawn(here, on.begin(std::move(stray)), [](const std::exception_ptr&, const Result<Begun>&) {});
            const Result<void> written = co_await on.advance(std::move(step));
            co_return written.has_value();
        }(store, foreign, step_of(begun.row, "authorize intended")));
        CHECK(verify_audit(redis.store.options).value().records == i);
    }
}

TEST_CASE("audit records that could not be written go before the next that can") {
    LoneRedis redis;
    be_quick(redis);
    redis.server.stop_process();
    redis.store.store->append(record_of("attempt"));
    CHECK_FALSE(redis.begin(begin_of("a")));
    redis.server.continue_process();
    redis.store.store->append(record_of("attempt"));
    CHECK(wait_for([&] { return redis.begin(begin_of("b")).has_value(); }));
    redis.store.store.reset();
    const AuditVerdict verdict = verify_audit(redis.store.options).value();
    CHECK(verdict.records == 2);
    CHECK_FALSE(verdict.bad_seq);
}

TEST_CASE("audit records whose script failed reach Redis by themselves when it is back") {
    LoneRedis redis;
    be_quick(redis);
    redis.server.stop_process();
    redis.store.store->append(record_of("attempt"));
    CHECK_FALSE(redis.begin(begin_of("a")));
    redis.server.continue_process();
    redis.store.options.timeout = redis.store.options.redis.timeout = std::chrono::seconds(10);  // of those who look
    CHECK(record_arrives(redis));
}

TEST_CASE("audit records beyond what may wait for Redis are counted in the chain itself") {
    LoneRedis redis;
    redis.store.options.audit_max = 10;
    redis.store.options.audit_delay = std::chrono::hours(1);
    redis.store.reopen();
    for (int i = 0; i < 25; ++i) redis.store.store->append(record_of("attempt"));
    redis.store.store.reset();
    CHECK(verify_audit(redis.store.options).value().records == 11);
    const std::string last = redis.ask({"HGET", chain_key(redis), "11"});
    CHECK(last.find("audit.lost") != std::string::npos);
    CHECK(last.ends_with(std::string("\0\0\0\0\0\0\0\2"
                                     "15",
                                     10) +
                         std::string(24, '\0')));
}

TEST_CASE("audit records lie by the day they were written on") {
    LoneRedis redis;
    redis.store.store->append(record_of("attempt", "a", noon + std::chrono::hours(13) + std::chrono::minutes(59)));
    redis.store.store->append(record_of("201", "a", noon + std::chrono::hours(14)));
    REQUIRE(redis.begin(begin_of("a")));
    CHECK(redis.keys("*:a:20261122:*").size() == 1);
    CHECK(redis.keys("*:a:20261123:*").size() == 1);
    CHECK(verify_audit(redis.store.options).value().records == 2);
}
