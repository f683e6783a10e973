// Redis goes away, stops, is full or forgets its scripts under load: refused meanwhile, whole again afterwards by itself.
#include <catch2/catch.hpp>
#include <chrono>

#include "integration/fleet.hpp"
#include "support/redis_server.hpp"

using namespace tollgate::test;
using namespace std::chrono_literals;

namespace {

/// Customers shop through two processes while Redis is taken away and comes back. Meanwhile no process takes a new charge or
/// calls the outside for one, and both say that they are not ready.
void check_outage(RedisServer& redis, const std::function<void()>& take_away, const std::function<void()>& bring_back) {
    const Fleet fleet(redis.url());
    Customers customers(fleet.ports(), 4);
    REQUIRE(fleet.all_become(200));
    REQUIRE(customers.buy(20));

    take_away();
    for (int process = 0; process < 2; ++process) {
        const std::string name = "refused-" + std::to_string(process);
        check_store_unavailable(charge(fleet.port(static_cast<std::size_t>(process)), name, {.id = name}));
    }
    CHECK(fleet.all_become(503));
    for (int process = 0; process < 2; ++process) {
        const std::string name = "refused-" + std::to_string(process);
        CHECK(fleet.effects(name).empty());
        const unsigned short port = fleet.port(static_cast<std::size_t>(process));
        check_store_unavailable(charge(port, name, {.id = name}));
        CHECK(must(request(port, {.path = "/health/live"})).status == 200);
    }

    bring_back();
    CHECK(fleet.all_become(200));
    REQUIRE(customers.buy(20));
    for (const std::string name : {"refused-0", "refused-1"}) {
        CHECK(settled_charge(fleet.port(0), name, {.id = name}).status == 201);
        CHECK(fleet.effects(name) == "reserve authorize capture ship");
    }
    check_all_bought_once(customers.stop(), fleet.ports(), fleet.sandbox->port());
}

/// Customers shop while this is done again and again, and none of them is refused for it.
void check_unnoticed(RedisServer& redis, const std::vector<std::string>& nuisance) {
    const Fleet fleet(redis.url(), {{"TOLLGATE_STORE_TIMEOUT", "10s"}, {"TOLLGATE_SAGA_LEASE", "30s"}});
    Customers customers(fleet.ports(), 4);
    for (int i = 0; i < 20; ++i) {
        REQUIRE(customers.buy(3));
        CHECK_FALSE(redis.command(nuisance).is_error());
    }
    REQUIRE(customers.buy(10));
    const auto bought = customers.stop();
    CHECK(customers.asked_again() == 0);
    check_all_bought_once(bought, fleet.ports(), fleet.sandbox->port());
}

}  // namespace

TEST_CASE("Redis killed under load and started again costs nobody a charge and charges nobody twice") {
    RedisServer redis({.append_only = true});
    check_outage(redis, [&] { redis.kill_hard(); }, [&] { redis.restart(); });
}

TEST_CASE("Redis that stops answering under load costs nobody a charge and charges nobody twice") {
    RedisServer redis({.append_only = true});
    check_outage(redis, [&] { redis.stop_process(); }, [&] { redis.continue_process(); });
}

TEST_CASE("Redis that is full under load costs nobody a charge and charges nobody twice") {
    RedisServer redis({.append_only = true, .max_memory = "512mb"});
    const auto limit_memory = [&](const std::string& bytes) {
        REQUIRE_FALSE(redis.command({"CONFIG", "SET", "maxmemory", bytes}).is_error());
    };
    check_outage(redis, [&] { limit_memory("1mb"); }, [&] { limit_memory("512mb"); });
}

TEST_CASE("Redis that loses its replicas and must have one costs nobody a charge and charges nobody twice") {
    RedisServer redis({.append_only = true});
    const auto need_replicas = [&](const std::string& count) {
        REQUIRE_FALSE(redis.command({"CONFIG", "SET", "min-replicas-to-write", count}).is_error());
    };
    check_outage(redis, [&] { need_replicas("1"); }, [&] { need_replicas("0"); });
}

TEST_CASE("Redis that forgets its scripts again and again is taught them again and nobody is refused") {
    RedisServer redis;
    check_unnoticed(redis, {"SCRIPT", "FLUSH"});
}

TEST_CASE("Redis that cuts all connections again and again is connected to again and nobody is refused") {
    RedisServer redis;
    check_unnoticed(redis, {"CLIENT", "KILL", "TYPE", "normal"});
}

TEST_CASE("a Redis behind a Unix socket with user password and database serves and comes back after a kill") {
    RedisServer redis({.user = "shop", .password = "correct-horse", .append_only = true});
    const std::string url = "redis+unix://shop:correct-horse@" + redis.socket_path();
    const Fleet fleet(url);
    Customers customers(fleet.ports(), 4);
    REQUIRE(customers.buy(10));
    redis.restart();
    REQUIRE(customers.buy(10));
    check_all_bought_once(customers.stop(), fleet.ports(), fleet.sandbox->port());
}
