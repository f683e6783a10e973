// A start on a Redis that cannot be used ends with one sentence; on one that could lose charges it warns.
#include <catch2/catch.hpp>
#include <chrono>
#include <regex>

#include "integration/fleet.hpp"
#include "support/redis_cluster.hpp"
#include "support/redis_sentinels.hpp"

using namespace tollgate::test;
using namespace std::chrono_literals;

namespace {

const std::string secret = "s3cret-of-ours";

/// Starts on this store, which must not do: the exit code, one sentence that matches, soon, and no password in it.
void check_refused(const std::string& url, const std::string& sentence, int exit_code = 1, Variables more = {}) {
    INFO(url);
    const Folder folder;
    more["TOLLGATE_STORE_URL"] = url;
    const auto began = std::chrono::steady_clock::now();
    Program program({.arguments = {"serve"}, .variables = service_settings(folder, "", std::move(more))});
    CHECK(program.wait() == exit_code);
    CHECK(std::chrono::steady_clock::now() - began < 20s);
    const std::string said = program.said();
    INFO(said);
    CHECK(count_of(said, "\n") == 1);
    CHECK(said.starts_with("tollgate: "));
    CHECK(std::regex_search(said, std::regex("store\\.url|TOLLGATE_STORE_URL")));  // the place
    CHECK(std::regex_search(said, std::regex(sentence)));
    CHECK(said.find(secret) == said.npos);
}

/// What a start on this store has to say about what could be lost.
std::vector<std::string> warnings(const std::string& url, Variables more = {}) {
    const Fleet fleet(url, std::move(more), 1);
    CHECK(fleet.process(0).stop() == 0);
    std::vector<std::string> all;
    std::istringstream log(fleet.process(0).said());
    for (std::string line; std::getline(log, line);) {
        if (line.find("may lose charges") != line.npos) all.push_back(line);
    }
    return all;
}

std::string at(const std::string& scheme, const RedisServer& redis) {
    return scheme + "://localhost:" + std::to_string(redis.port());
}

}  // namespace

TEST_CASE("a login that Redis refuses is said in one sentence without the password") {
    const RedisServer redis({.user = "shop", .password = "correct-horse"});
    const std::string place = "@" + redis.address() + "/0";
    check_refused("redis://shop:" + secret + place, "refuses the login.*user and password");
    check_refused("redis://:" + secret + place, "refuses the login.*user and password");
    check_refused("redis://nobody:" + secret + place, "refuses the login.*user and password");
    check_refused("redis://" + redis.address(), "refuses the login.*user and password");
}

TEST_CASE("a user without the right to what the store does is named what it needs") {
    RedisServer redis({.config = {"user reader on >" + secret + " ~* &* +@read +@connection +info"}});
    check_refused("redis://reader:" + secret + "@" + redis.address(), "user");
}

TEST_CASE("a database that Redis does not have is refused with its number") {
    const RedisServer redis;
    check_refused("redis://" + redis.address() + "/99", "no database 99");
}

TEST_CASE("TLS to a plain server and plain words to a TLS server are told apart from a server that is away") {
    const RedisServer plain;
    const RedisServer tls({.tls = true});
    check_refused(at("rediss", plain), "TLS");
    check_refused(at("redis", tls), "rediss://");
}

TEST_CASE("a certificate that nobody trusts is refused, and one that is trusted serves over TLS") {
    const RedisServer redis({.tls = true, .password = secret});
    check_refused(redis.url(), "certificate.*SSL_CERT_FILE");
    const Fleet fleet(redis.url(), {{"SSL_CERT_FILE", redis.ca_file()}});
    Customers customers(fleet.ports(), 4);
    REQUIRE(customers.buy(20));
    check_all_bought_once(customers.stop(), fleet.ports(), fleet.sandbox->port());
    CHECK(fleet.process(0).said().find(secret) == std::string::npos);
}

TEST_CASE("a store where nobody listens is refused soon") {
    const ClosedPort closed;
    check_refused("redis://" + closed.address(), closed.address());
    check_refused("redis://:" + secret + "@" + closed.address() + "/3", closed.address());
    check_refused("redis+cluster://" + closed.address(), closed.address());
    check_refused("redis+sentinel://" + closed.address() + "/mymaster", closed.address());
    const Folder folder;
    check_refused("redis+unix://" + folder.path() + "/none.sock", folder.path());
}

TEST_CASE("a store that does not answer is refused soon") {
    RedisServer silent;
    silent.stop_process();
    for (const std::string scheme : {"redis://", "rediss://", "redis+cluster://"}) {
        check_refused(scheme + silent.address(), silent.address() + ".*does not answer");
    }
    check_refused("redis+sentinel://" + silent.address() + "/mymaster", silent.address() + ".*does not answer");
    silent.continue_process();
}

TEST_CASE("something that is not Redis is refused as such") {
    const auto sandbox = start_sandbox();
    check_refused("redis://127.0.0.1:" + std::to_string(sandbox->port()), "not Redis");
}

TEST_CASE("a replica is refused with the way to its master") {
    const RedisServer master;
    RedisServer replica({.replica_of = master.port()});
    check_refused(replica.url(), "replica.*master");
}

TEST_CASE("sentinels that do not know the master or are none are refused as such") {
    RedisSentinels sentinels;
    const std::string sentinel = sentinels.sentinel(0).address();
    check_refused("redis+sentinel://" + sentinel + "/other", "no master called \"other\"");
    check_refused("redis+sentinel://" + sentinels.master().address() + "/mymaster", "no sentinel.*redis://");
    check_refused("redis://" + sentinel, "redis\\+sentinel://");
}

TEST_CASE("a server that is no cluster and a cluster that is taken for one server are refused as such") {
    const RedisServer alone;
    check_refused("redis+cluster://" + alone.address(), "cluster.*redis://");
    const RedisServer node({.cluster = true});
    check_refused("redis://" + node.address(), "redis\\+cluster://");
}

TEST_CASE("a store URL that cannot be meant is a mistake in the configuration") {
    for (const std::string& url : {std::string("redis://"), "redis://:" + secret + "@", "redis://u:" + secret + "@host:0/0",
                                   "redis+sentinel://u:" + secret + "@host", "redis+cluster://u:" + secret + "@host/3",
                                   "memcached://u:" + secret + "@host", "redis://u:" + secret + "@host/zero"}) {
        check_refused(url, "redis\\+cluster://", 2);
    }
}

TEST_CASE("a start warns of every setting of Redis that could lose charges and is silent about a safe one") {
    {
        RedisServer safe({.append_only = true, .config = {"maxmemory-policy noeviction"}});
        CHECK(warnings(safe.url()).empty());
    }
    RedisServer redis({.config = {"maxmemory 100mb", "maxmemory-policy allkeys-lru"}});
    const auto said = warnings(redis.url());
    REQUIRE(said.size() == 2);
    CHECK(said[0].find("appendonly yes") != std::string::npos);
    CHECK(said[1].find("noeviction") != std::string::npos);
}

TEST_CASE("a start on a master with replicas warns unless writes wait for one") {
    RedisServer master({.append_only = true});
    const RedisServer replica({.append_only = true, .replica_of = master.port()});
    REQUIRE(wait_for([&] { return master.info("replication", "connected_slaves") == "1"; }));
    const auto said = warnings(master.url());
    REQUIRE(said.size() == 1);
    CHECK(said[0].find("store.wait_replicas = 1") != std::string::npos);
    CHECK(warnings(master.url(), {{"TOLLGATE_STORE_WAIT_REPLICAS", "1"}}).empty());
}
