#include <catch2/catch.hpp>
#include <thread>

#include "redis_under_test.hpp"

using namespace tollgate;
using namespace tollgate::test;
using Kind = Begun::Kind;

namespace {

void be_quick(LoneRedis& redis) {
    redis.store.options.timeout = redis.store.options.redis.timeout = Milliseconds(200);
    redis.store.reopen();
}

bool healthy(LoneRedis& redis) {
    return redis.loops.main.run(redis.store.store->check()).has_value();
}

}  // namespace

TEST_CASE("a server that was killed is told of at once, and after its restart the store goes on by itself") {
    LoneRedis redis(RedisServer::Options{.append_only = true});
    be_quick(redis);
    const Begun begun = redis.begin(begin_of("a")).value();
    redis.server.kill_hard();
    CHECK(wait_for([&] {
        const Result<Begun> refused = redis.begin(begin_of("b"));
        REQUIRE_FALSE(refused);
        return refused.error().code == Code::store_unavailable && refused.error().retry_after.has_value();
    }));
    CHECK_FALSE(healthy(redis));
    redis.server.restart();
    CHECK(wait_for([&] { return healthy(redis); }));
    CHECK(redis.find(id_of("a"))->fence == 1);
    CHECK(redis.advance(step_of(begun.row, "goes on")));
    CHECK(redis.begin(begin_of("b")).value().kind == Kind::fresh);
}

TEST_CASE("a server that stands still leaves it open whether it wrote, and asked again it tells") {
    LoneRedis redis;
    be_quick(redis);
    const Begun begun = redis.begin(begin_of("a")).value();
    redis.server.stop_process();
    const auto asked = std::chrono::steady_clock::now();
    const Result<void> untold = redis.advance(step_of(begun.row, "authorize intended"));
    REQUIRE_FALSE(untold);
    CHECK(untold.error().code == Code::store_unknown);
    CHECK(std::chrono::steady_clock::now() - asked < std::chrono::seconds(10));
    CHECK_FALSE(healthy(redis));
    redis.server.continue_process();
    CHECK(wait_for([&] { return healthy(redis); }));
    CHECK(redis.advance(step_of(begun.row, "authorize intended")));
    CHECK(redis.find(id_of("a"))->state == "authorize intended");
}

TEST_CASE("a full server takes no charge and says so, reads go on, and with room again all is well") {
    LoneRedis redis;
    REQUIRE(redis.begin(begin_of("a")));
    redis.ask({"CONFIG", "SET", "maxmemory", "1"});
    const Result<Begun> refused = redis.begin(begin_of("b"));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::store_unavailable);
    CHECK(refused.error().detail.find("OOM") != std::string::npos);
    CHECK_FALSE(healthy(redis));
    CHECK(redis.find(id_of("a")));
    CHECK_FALSE(redis.find(id_of("b")));
    redis.ask({"CONFIG", "SET", "maxmemory", "0"});
    CHECK(healthy(redis));
    CHECK(redis.begin(begin_of("b")).value().kind == Kind::fresh);
}

TEST_CASE("a server that became a replica takes no charge") {
    LoneRedis redis;
    be_quick(redis);
    RedisServer master;
    REQUIRE(redis.begin(begin_of("a")));
    redis.ask({"REPLICAOF", "127.0.0.1", std::to_string(master.port())});
    const Result<Begun> refused = redis.begin(begin_of("b"));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::store_unavailable);
    CHECK_FALSE(healthy(redis));
}

TEST_CASE("a caller from a thread that is none of the store's loops is served") {
    LoneRedis redis;
    asio::io_context elsewhere;
    auto work = asio::make_work_guard(redis.loops.main.io());
    std::thread loop([&] {
        redis.loops.main.io().restart();
        redis.loops.main.io().run();
    });
    auto begun = asio::co_spawn(elsewhere, redis.store.store->begin(begin_of("a")), asio::use_future);
    elsewhere.run();
    CHECK(begun.get().value().kind == Kind::fresh);
    redis.loops.main.io().stop();
    loop.join();
}
