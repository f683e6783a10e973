// Redis moves under load: another server becomes the master, or a slot goes to another node of the cluster.
#include <catch2/catch.hpp>
#include <chrono>

#include "integration/fleet.hpp"
#include "support/redis_cluster.hpp"
#include "support/redis_sentinels.hpp"

using namespace tollgate::test;
using namespace std::chrono_literals;

namespace {

// What was acknowledged is on two servers, so that the loss of one loses nothing.
const Variables on_two{{"TOLLGATE_STORE_WAIT_REPLICAS", "1"}};

/// The slot in which the charges of the customers are.
std::uint16_t slot_of_charges(RedisCluster& cluster) {
    for (std::size_t i = 0; i < 3; ++i) {
        const RedisReply keys = cluster.node(i).command({"KEYS", "tg:*:c:*"});
        if (keys.elements.empty()) continue;
        return static_cast<std::uint16_t>(cluster.node(i).command({"CLUSTER", "KEYSLOT", keys.elements[0].text}).integer);
    }
    throw std::runtime_error("no charge in the cluster");
}

}  // namespace

TEST_CASE("a Sentinel failover under load is followed and nothing is lost or charged twice") {
    RedisSentinels sentinels(RedisSentinels::Options{.append_only = true});
    const Fleet fleet(sentinels.url(), on_two);
    Customers customers(fleet.ports(), 4);
    REQUIRE(customers.buy(20));
    sentinels.fail_over();
    REQUIRE(customers.buy(20));
    CHECK(fleet.all_become(200));
    check_all_bought_once(customers.stop(), fleet.ports(), fleet.sandbox->port());
}

TEST_CASE("a master that dies under Sentinel is replaced and nothing is lost or charged twice") {
    RedisSentinels sentinels(RedisSentinels::Options{.append_only = true});
    const Fleet fleet(sentinels.url(), on_two);
    Customers customers(fleet.ports(), 4);
    REQUIRE(customers.buy(20));
    RedisServer& dead = sentinels.master();
    sentinels.kill_master();
    // The new one has no replica: it must not acknowledge what a second death would lose.
    CHECK(fleet.all_become(503));
    check_store_unavailable(charge(fleet.port(0), "refused", {.id = "refused"}));
    CHECK(fleet.effects("refused").empty());

    dead.restart();
    sentinels.wait_until_whole();
    CHECK(fleet.all_become(200));
    REQUIRE(customers.buy(20));
    CHECK(settled_charge(fleet.port(1), "refused", {.id = "refused"}).status == 201);
    check_all_bought_once(customers.stop(), fleet.ports(), fleet.sandbox->port());
}

TEST_CASE("a slot that moves through the cluster under load takes its charges with it and nobody is charged twice") {
    RedisCluster cluster;
    const Fleet fleet(cluster.url());
    Customers customers(fleet.ports(), 4);
    REQUIRE(customers.buy(20));
    const std::uint16_t slot = slot_of_charges(cluster);
    const std::size_t home = cluster.owner(slot);
    for (const std::size_t to : {(home + 1) % 3, (home + 2) % 3, home}) {
        const std::string name = "refused-" + std::to_string(to);
        cluster.begin_move(slot, to);
        // What a new charge needs is in two places now (TRYAGAIN).
        check_store_unavailable(charge(fleet.port(0), name, {.id = name}));
        CHECK(fleet.effects(name).empty());
        cluster.move_keys(slot, to);
        cluster.end_move(slot, to);
        REQUIRE(customers.buy(10));
        CHECK(settled_charge(fleet.port(1), name, {.id = name}).status == 201);
    }
    CHECK(fleet.all_become(200));
    check_all_bought_once(customers.stop(), fleet.ports(), fleet.sandbox->port());
}

TEST_CASE("a master that dies in the cluster is replaced and nothing is lost or charged twice") {
    RedisCluster cluster(RedisCluster::Options{.replicas = true, .config = {"appendonly yes"}});
    const Fleet fleet(cluster.url(), on_two);
    Customers customers(fleet.ports(), 4);
    REQUIRE(customers.buy(20));
    const std::size_t dead = cluster.owner(slot_of_charges(cluster));
    cluster.kill_master(dead);
    cluster.node(dead).restart();
    cluster.wait_until_ok();
    CHECK(fleet.all_become(200));
    REQUIRE(customers.buy(20));
    check_all_bought_once(customers.stop(), fleet.ports(), fleet.sandbox->port());
}
