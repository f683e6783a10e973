#include <catch2/catch.hpp>
#include <string>

#include "support/redis_cluster.hpp"
#include "support/redis_sentinels.hpp"

using namespace tollgate::test;

namespace {

bool asks_for_a_password(RedisServer& server) {
    return server.command({"AUTH", "wrong"}).text.find("WRONGPASS") == 0;
}

}  // namespace

TEST_CASE("a test's server keeps its port and what it wrote through a kill") {
    RedisServer server({.append_only = true});
    REQUIRE(server.command({"SET", "a", "1"}).text == "OK");
    const auto port = server.port();
    server.kill_hard();
    CHECK_THROWS(server.command({"PING"}));
    server.restart();
    CHECK(server.port() == port);
    CHECK(server.command({"GET", "a"}).text == "1");
    CHECK(server.calls("get") == 1);
}

TEST_CASE("test servers side by side have ports of their own and a stopped one goes on") {
    RedisServer one;
    RedisServer other({.user = "shop", .password = "secret"});
    CHECK(one.port() != other.port());
    CHECK(other.url() == "redis://shop:secret@127.0.0.1:" + std::to_string(other.port()) + "/0");
    CHECK(asks_for_a_password(other));
    one.stop_process();
    CHECK(other.command({"PING"}).text == "PONG");
    one.continue_process();
    CHECK(one.command({"PING"}).text == "PONG");
}

TEST_CASE("a full test server refuses writes") {
    RedisServer server({.max_memory = "2mb"});
    const std::string much(1 << 20, 'x');
    RedisReply reply;
    for (int i = 0; i < 4 && !reply.is_error(); ++i) reply = server.command({"SET", std::to_string(i), much});
    CHECK(reply.text.starts_with("OOM"));
}

TEST_CASE("a test's sentinels name another master on command and when it dies") {
    RedisSentinels sentinels({.password = "secret"});
    const auto first = sentinels.master().port();
    REQUIRE(sentinels.master().command({"SET", "a", "1"}).text == "OK");
    REQUIRE(wait_for([&] { return sentinels.replica().command({"GET", "a"}).text == "1"; }));
    sentinels.fail_over();
    CHECK(sentinels.master().port() != first);
    sentinels.wait_until_whole();
    CHECK(sentinels.master().command({"GET", "a"}).text == "1");
    CHECK(sentinels.replica().command({"SET", "a", "2"}).text.starts_with("READONLY"));
    sentinels.kill_master();
    CHECK(sentinels.master().port() == first);
    CHECK(sentinels.master().command({"GET", "a"}).text == "1");
}

TEST_CASE("three test sentinels agree on a new master") {
    RedisSentinels sentinels({.sentinels = 3});
    const auto first = sentinels.master().port();
    sentinels.kill_master();
    CHECK(sentinels.master().port() != first);
}

TEST_CASE("a test's cluster moves a slot with its keys and answers ask on the way") {
    RedisCluster cluster({.password = "secret"});
    const auto slot = static_cast<std::uint16_t>(cluster.node(0).command({"CLUSTER", "KEYSLOT", "a"}).integer);
    const std::size_t from = cluster.owner(slot);
    const std::size_t to = (from + 1) % 3;
    REQUIRE(cluster.node(from).command({"SET", "a", "1"}).text == "OK");
    cluster.begin_move(slot, to);
    CHECK(cluster.node(from).command({"GET", "a"}).text == "1");
    cluster.move_keys(slot, to);
    CHECK(cluster.node(from).command({"GET", "a"}).text.starts_with("ASK "));
    cluster.end_move(slot, to);
    CHECK(cluster.owner(slot) == to);
    CHECK(cluster.node(to).command({"GET", "a"}).text == "1");
    CHECK(cluster.node(from).command({"GET", "a"}).text.starts_with("MOVED "));
}

TEST_CASE("a test's cluster replaces a dead master by its replica") {
    RedisCluster cluster({.replicas = true});
    REQUIRE(cluster.owner(0) == 0);
    cluster.kill_master(0);
    CHECK(cluster.owner(0) == 3);
    cluster.node(0).restart();
    cluster.wait_until_ok();
    CHECK(cluster.node(0).info("replication", "role") == "slave");
}
