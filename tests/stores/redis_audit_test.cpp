#include <catch2/catch.hpp>

#include "audit_records.hpp"
#include "redis_under_test.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

/// Three records, two with a transition and one with the closing; the store is closed.
void write_three(LoneRedis& redis) {
    redis.store.store->append(audit_record("attempt"));
    redis.store.store->append(audit_record("line\r\nbreak"));
    REQUIRE(redis.begin(begin_of("a")));
    redis.store.store->append(audit_record("201"));
    redis.store.store.reset();
}

std::string chain_key(LoneRedis& redis) {
    return redis.keys("tg:{p*}:a:*").at(0);
}

/// Adds records to a chain of one start, which comes into being with the first.
class OneChain {
public:
    OneChain(LoneRedis& redis, std::vector<std::string> keys) : redis_(redis) {
        redis.store.options.audit_delay = std::chrono::hours(1);  // with the scripts of their charge, all in its partition
        redis.store.options.audit_keys = std::move(keys);
        redis.store.reopen();
    }
    void write(const AuditRecord& record) {
        redis_.store.store->append(record);
        REQUIRE(redis_.begin(begin_of("a")));
    }

private:
    LoneRedis& redis_;
};

AuditVerdict verify_with(const LoneRedis& redis, std::vector<std::string> keys) {
    RedisStoreOptions options = redis.store.options;
    options.audit_keys = std::move(keys);
    options.timeout = std::chrono::milliseconds(100);  // what is missing is waited for once
    options.redis.timeout = std::chrono::seconds(10);
    return verify_audit(options).value();
}

/// A record as it lies in Redis, under a hash that anybody can make.
std::string unkeyed(const AuditHash& previous, std::int64_t seq, const AuditRecord& record) {
    std::string bytes(bytes_of(AuditHasher("").next(previous, seq, record)));
    encode(bytes, record);
    return bytes;
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
    redis.store.store->append(audit_record("replay"));
    redis.store.store.reset();
    const AuditVerdict verdict = verify_audit(redis.store.options).value();
    CHECK(verdict.records == 4);
    CHECK_FALSE(verdict.bad_seq);
}

TEST_CASE("a record in Redis that was changed, removed, added or cut off breaks its chain where it stands") {
    const std::string key = GENERATE(as<std::string>(), "", "the old key of the audit log");
    LoneRedis redis;
    const std::vector<std::string> keys = key.empty() ? std::vector<std::string>() : std::vector{key};
    OneChain one(redis, keys);
    for (const char* outcome : {"attempt", "line\r\nbreak", "201"}) one.write(audit_record(outcome));
    REQUIRE(verify_with(redis, keys).records == 3);
    const std::string chain = chain_key(redis);
    const std::string first = redis.ask({"HGET", chain, "1"});
    const std::string second = redis.ask({"HGET", chain, "2"});
    const auto check_bad_at = [&](std::int64_t bad) {
        const AuditVerdict verdict = verify_with(redis, keys);
        REQUIRE(verdict.bad_seq == bad);
        CHECK(verdict.records == bad - 1);
        CHECK_FALSE(verdict.why.empty());
        CHECK(verdict.chain == chain.substr(4, 3) + ":" + chain.substr(chain.rfind(':') + 1));
    };
    SECTION("changed in any field") {
        for (const auto& change : field_changes()) {
            AuditRecord record = audit_record("line\r\nbreak");
            change(record);
            std::string changed = second.substr(0, 32);
            encode(changed, record);
            redis.ask({"HSET", chain, "2", changed});
            check_bad_at(2);
            CHECK(verify_with(redis, keys).record->outcome == record.outcome);
        }
    }
    SECTION("its hash changed") {
        redis.ask({"HSET", chain, "2", std::string(32, '\1') + second.substr(32)});
        check_bad_at(2);
    }
    SECTION("replaced by bytes that are no record") {
        redis.ask({"HSET", chain, "1", "?"});
        check_bad_at(1);
    }
    SECTION("replaced by another kind of value") {
        redis.ask({"DEL", chain});
        redis.ask({"SET", chain, "?"});
        check_bad_at(1);
    }
    SECTION("exchanged") {
        redis.ask({"HSET", chain, "1", second, "2", first});
        check_bad_at(1);
    }
    SECTION("removed in the middle") {
        redis.ask({"HDEL", chain, "2"});
        check_bad_at(2);
    }
    SECTION("cut off") {
        redis.ask({"HDEL", chain, "3"});
        check_bad_at(3);
    }
    SECTION("all of them removed") {
        redis.ask({"DEL", chain});
        check_bad_at(1);
    }
    SECTION("added") {
        redis.ask({"HSET", chain, "4", second});
        check_bad_at(4);
    }
    SECTION("the note of its end changed") {
        redis.ask({"HSET", chain.substr(0, 10), chain.substr(11), "9007199254740992"});
        check_bad_at(4);
    }
}

TEST_CASE("whoever has no key can forge no record of a chain in Redis that has one") {
    LoneRedis redis;
    OneChain one(redis, {old_key});
    one.write(audit_record("attempt"));
    one.write(audit_record("402"));
    const std::string chain = chain_key(redis);
    const std::optional<AuditHash> first = audit_hash_from(redis.ask({"HGET", chain, "1"}).substr(0, 32));
    redis.ask({"HSET", chain, "2", unkeyed(*first, 2, audit_record("201"))});
    CHECK(verify_with(redis, {old_key}).bad_seq == 2);
    CHECK(verify_with(redis, {old_key, ""}).bad_seq == 2);
}

TEST_CASE("chains in Redis are verified with any of the keys that they were written with, and with no other") {
    LoneRedis redis;
    OneChain(redis, {}).write(audit_record("201"));
    OneChain(redis, {old_key, ""}).write(audit_record("201"));
    OneChain(redis, {new_key, old_key, ""}).write(audit_record("201"));
    const AuditVerdict whole = verify_with(redis, {new_key, old_key, ""});
    CHECK_FALSE(whole.bad_seq);
    CHECK(whole.records == 3);
    CHECK(whole.chains == 3);
    CHECK(verify_with(redis, {new_key, old_key}).bad_seq == 1);
    CHECK(verify_with(redis, {new_key, ""}).bad_seq == 1);
    CHECK(verify_with(redis, {}).bad_seq == 1);
}

TEST_CASE("the chains of two processes on one Redis are verified and exported together") {
    LoneRedis redis;
    Loops loops;
    auto other = redis.store.another_process(loops);
    redis.store.store->append(audit_record("mine"));
    other->audit().append(audit_record("theirs"));
    REQUIRE(redis.begin(begin_of("a")));
    REQUIRE(loops.main.run(other->charges().begin(begin_of("b"))));
    CHECK(verify_audit(redis.store.options).value().chains == 2);
    const std::vector<Shown> shown = exported(redis.store.options);
    REQUIRE(shown.size() == 2);
    CHECK(shown[0].chain != shown[1].chain);
    CHECK(shown[0].seq == 1);
    CHECK(shown[1].seq == 1);
    CHECK(shown[0].record.outcome != shown[1].record.outcome);
}

TEST_CASE("a text of a stranger is kept in Redis as it came or cut off, and neither breaks nor forges a record") {
    LoneRedis redis;
    OneChain one(redis, {});
    for (const std::string& text : hostile_texts()) {
        AuditRecord record = audit_record(text);
        record.who = record.origin = record.request_id = text;
        one.write(record);
    }
    CHECK(verify_with(redis, {}).records == std::ssize(hostile_texts()));
    const std::vector<Shown> shown = exported(redis.store.options);
    REQUIRE(shown.size() == hostile_texts().size());
    for (std::size_t i = 0; i < shown.size(); ++i) {
        INFO(i);
        const AuditRecord& kept = shown[i].record;
        for (const std::string* text : {&kept.who, &kept.outcome, &kept.origin, &kept.request_id})
            CHECK(kept_as_it_came(*text, hostile_texts()[i]));
    }
}

TEST_CASE("an export from Redis holds a UTC day's records, also those a clock that went back has put between another's") {
    LoneRedis redis;
    OneChain one(redis, {});
    const WallTime next = the_day + std::chrono::days(1);
    for (const WallTime at :
         {WallTime(the_day), next, next - Milliseconds(1), next, WallTime(noon), the_day - Milliseconds(1)}) {
        one.write(audit_record("201", "a", at));
    }
    std::vector<std::int64_t> numbers;
    for (const Shown& shown : exported(redis.store.options)) numbers.push_back(shown.seq);
    std::ranges::sort(numbers);
    CHECK(numbers == std::vector<std::int64_t>{1, 3, 5});
    CHECK(exported(redis.store.options, the_day + std::chrono::days(1)).size() == 2);
    CHECK(exported(redis.store.options, the_day + std::chrono::days(2)).empty());
    CHECK(verify_with(redis, {}).records == 6);
}

TEST_CASE("an export from Redis names the record that cannot be read, and those that its chain does not lead to") {
    LoneRedis redis;
    OneChain one(redis, {});
    for (int i = 0; i < 3; ++i) one.write(audit_record("201"));
    const std::string chain = chain_key(redis);
    const auto bad_seq = [&] {
        return export_audit(redis.store.options, the_day, [](const AuditEntry&) { return Result<void>(); }).value().bad_seq;
    };
    CHECK_FALSE(bad_seq());
    SECTION("no record") {
        redis.ask({"HSET", chain, "2", "?"});
        CHECK(bad_seq() == 2);
    }
    SECTION("beyond the end") {
        redis.ask({"HSET", chain, "9", redis.ask({"HGET", chain, "3"})});
        CHECK(bad_seq() == 3);
    }
    SECTION("an end that is far away") {
        redis.ask({"HSET", chain.substr(0, 10), chain.substr(11), "9007199254740992"});
        CHECK(bad_seq() == 9'007'199'254'740'992);
    }
}

TEST_CASE("a transition in Redis is never durable before the audit records appended ahead of it") {
    LoneRedis redis;
    for (int i = 1; i <= 20; ++i) {
        const std::string key = std::to_string(i);
        redis.store.store->append(audit_record("attempt", key));
        REQUIRE(redis.begin(begin_of(key)));
        REQUIRE(verify_audit(redis.store.options).value().records == i);
    }
}

TEST_CASE("audit records reach Redis soon though nothing else is written") {
    LoneRedis redis;
    redis.store.store->append(audit_record("attempt"));
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
        redis.store.store->append(audit_record("attempt"));
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
    redis.store.store->append(audit_record("attempt"));
    CHECK_FALSE(redis.begin(begin_of("a")));
    redis.server.continue_process();
    redis.store.store->append(audit_record("attempt"));
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
    redis.store.store->append(audit_record("attempt"));
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
    for (int i = 0; i < 25; ++i) redis.store.store->append(audit_record("attempt"));
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
    redis.store.store->append(audit_record("attempt", "a", noon + std::chrono::hours(13) + std::chrono::minutes(59)));
    redis.store.store->append(audit_record("201", "a", noon + std::chrono::hours(14)));
    REQUIRE(redis.begin(begin_of("a")));
    CHECK(redis.keys("*:a:20261122:*").size() == 1);
    CHECK(redis.keys("*:a:20261123:*").size() == 1);
    CHECK(verify_audit(redis.store.options).value().records == 2);
}
