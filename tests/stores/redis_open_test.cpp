#include <catch2/catch.hpp>
#include <thread>

#include "redis_under_test.hpp"
#include "stores/redis/opening.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

RedisStoreOptions options_of(const RedisServer& server) {
    RedisStoreOptions options;
    options.redis.servers = {{"127.0.0.1", server.port()}};
    options.redis.timeout = options.timeout = std::chrono::seconds(2);
    return options;
}

/// The sentence why the store cannot be opened; empty when it can.
std::string why_not(const RedisStoreOptions& options) {
    Loops loops;
    const Result<RedisStore::Opened> opened = RedisStore::open(options, loops.runtimes());
    if (opened) return {};
    CHECK(opened.error().code == Code::store_unavailable);
    return opened.error().detail;
}

std::vector<std::string> warnings_of(const RedisServer& server, int wait_replicas = 0) {
    RedisStoreOptions options = options_of(server);
    options.redis.replicas = wait_replicas;
    Loops loops;
    return RedisStore::open(options, loops.runtimes()).value().warnings;
}

bool says(const std::string& sentence, const std::string& part) {
    INFO(sentence);
    const bool found = sentence.find(part) != std::string::npos;
    CHECK(found);
    return found;
}

}  // namespace

TEST_CASE("a wrong password, a missing one and a right one") {
    RedisServer server(RedisServer::Options{.user = "tollgate", .password = "secret-1"});
    RedisStoreOptions options = options_of(server);
    CHECK(says(why_not(options), "user and password"));
    options.redis.user = "tollgate";
    options.redis.password = "secret-2";
    const std::string why = why_not(options);
    CHECK(says(why, "store.url"));
    CHECK(says(why, "user and password"));
    CHECK(why.find("secret-2") == std::string::npos);
    options.redis.password = "secret-1";
    CHECK(why_not(options).empty());
}

TEST_CASE("a user who may not run scripts is refused at start") {
    RedisServer server;
    REQUIRE_FALSE(
        server.command({"ACL", "SETUSER", "reader", "on", ">secret", "~*", "+@read", "+@connection", "+info"}).is_error());
    RedisStoreOptions options = options_of(server);
    options.redis.user = "reader";
    options.redis.password = "secret";
    CHECK(says(why_not(options), "NOPERM"));
}

TEST_CASE("a database that is not there is named") {
    RedisServer server;
    RedisStoreOptions options = options_of(server);
    options.redis.database = 99;
    CHECK(says(why_not(options), "database 99"));
    options.redis.database = 3;
    CHECK(why_not(options).empty());
}

TEST_CASE("TLS on one side only is named") {
    RedisServer plain;
    RedisStoreOptions options = options_of(plain);
    options.redis.tls = true;
    CHECK(says(why_not(options), "TLS"));

    RedisServer secret(RedisServer::Options{.tls = true});
    options = options_of(secret);
    CHECK(says(why_not(options), "rediss://"));
    options.redis.tls = true;
    CHECK(says(why_not(options), "certificate"));
    options.redis.trusted_ca_file = secret.ca_file();
    CHECK(why_not(options).empty());
}

TEST_CASE("nobody at the address, a replica and a node of a cluster are named") {
    RedisServer server;
    RedisStoreOptions nobody = options_of(server);
    {
        const ReservedPort port;
        nobody.redis.servers = {{"127.0.0.1", port.number()}};
        CHECK(says(why_not(nobody), "refused"));
    }
    RedisServer replica(RedisServer::Options{.replica_of = server.port()});
    CHECK(says(why_not(options_of(replica)), "replica"));
    RedisServer node(RedisServer::Options{.cluster = true});
    CHECK(says(why_not(options_of(node)), "redis+cluster://"));
}

TEST_CASE("settings that could lose charges are warned of in a sentence each") {
    CHECK(says(warnings_of(RedisServer()).at(0), "a restart loses every charge"));
    CHECK(warnings_of(RedisServer(RedisServer::Options{.append_only = true})).empty());

    RedisServer server(RedisServer::Options{.append_only = true});
    const auto set = [&](const std::string& name, const std::string& value) {
        REQUIRE_FALSE(server.command({"CONFIG", "SET", name, value}).is_error());
        return warnings_of(server);
    };
    CHECK(says(set("appendfsync", "everysec").at(0), "two seconds"));
    CHECK(says(set("appendfsync", "no").at(0), "thirty seconds"));
    CHECK(set("appendfsync", "always").empty());
    CHECK(says(set("no-appendfsync-on-rewrite", "yes").at(0), "while it is rewritten"));
    CHECK(set("no-appendfsync-on-rewrite", "no").empty());
    CHECK(says(set("maxmemory-policy", "allkeys-lru").at(0), "maxmemory-policy allkeys-lru"));
    CHECK(set("maxmemory-policy", "noeviction").empty());
}

TEST_CASE("replicas that no write waits for are warned of") {
    RedisServer server(RedisServer::Options{.append_only = true});
    RedisServer replica(RedisServer::Options{.replica_of = server.port()});
    REQUIRE(wait_for([&] { return server.info("replication", "connected_slaves") == "1"; }));
    CHECK(says(warnings_of(server).at(0), "min-replicas-to-write 1"));
    CHECK(warnings_of(server, 1).empty());
    REQUIRE_FALSE(server.command({"CONFIG", "SET", "min-replicas-to-write", "1"}).is_error());
    CHECK(says(warnings_of(server).at(0), "store.wait_replicas = 1"));
}

TEST_CASE("settings that may not be read are a warning too") {
    RedisServer server(RedisServer::Options{.append_only = true});
    REQUIRE_FALSE(server.command({"ACL", "SETUSER", "shy", "on", ">secret", "~*", "+@all", "-config"}).is_error());
    RedisStoreOptions options = options_of(server);
    options.redis.user = "shy";
    options.redis.password = "secret";
    Loops loops;
    const auto warnings = RedisStore::open(options, loops.runtimes()).value().warnings;
    REQUIRE(warnings.size() == 1);
    CHECK(says(warnings[0], "CONFIG GET"));
}

TEST_CASE("with replicas to wait for an answer that is told again is held by them too") {
    RedisServer server;
    RedisServer replica(RedisServer::Options{.replica_of = server.port()});
    REQUIRE(wait_for([&] { return replica.info("replication", "master_link_status") == "up"; }));
    RedisStoreOptions options = options_of(server);
    options.redis.replicas = 1;
    Loops loops;
    const auto store = RedisStore::open(options, loops.runtimes()).value().store;
    const Begun begun = loops.main.run(store->begin(begin_of("a"))).value();
    CHECK(begun.kind == Begun::Kind::fresh);
    REQUIRE(loops.main.run(store->advance(end_of(begun.row, Answer{201, "done"}))));
    CHECK(loops.main.run(store->begin(begin_of("a"))).value().kind == Begun::Kind::replay);

    // The replica is gone: nothing is told as if it were safe.
    replica.stop_process();
    for (const char* key : {"a", "b"}) {
        const Result<Begun> untold = loops.main.run(store->begin(begin_of(key)));
        REQUIRE_FALSE(untold);
        CHECK(untold.error().code == Code::store_unknown);
    }
    replica.continue_process();
    CHECK(wait_for([&] { return loops.main.run(store->begin(begin_of("a"))).has_value(); }));
}

TEST_CASE("a server that reads its data after a start is waited for") {
    RedisServer server(RedisServer::Options{.append_only = true, .config = {"key-load-delay 200"}});
    REQUIRE_FALSE(server.command({"EVAL", "for i = 1, 10000 do redis.call('SET', i, i) end", "0"}).is_error());
    server.kill_hard();
    // Another open beside the start: it is refused until the server listens, and then waits until it has read its data.
    RedisStoreOptions options = options_of(server);
    options.redis.timeout = options.timeout = std::chrono::seconds(5);
    std::string why;
    bool opened = false;
    std::thread opener([&] {
        opened = wait_for([&] {
            why = why_not(options);
            return why.find("refused") == std::string::npos;
        });
    });
    server.restart();
    opener.join();
    INFO(why);
    CHECK(opened);
    CHECK(why.empty());
}
