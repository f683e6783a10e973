// Sentinels that say who is the master, and what happens to the callers when it becomes another.
#include "support/redis_sentinels.hpp"
#include "writers.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

redis::Options to(RedisSentinels& sentinels) {
    redis::Options options;
    options.kind = redis::Options::Kind::sentinel;
    options.master = RedisSentinels::master_name();
    for (std::size_t i = 0; i < sentinels.size(); ++i) options.servers.push_back({"127.0.0.1", sentinels.sentinel(i).port()});
    return options;
}

std::string why_not(redis::Options options) {
    Caller caller(std::move(options));
    const auto answer = caller.ask({"PING"}, 2s);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().execution == Execution::not_executed);
    return answer.error().why;
}

}  // namespace

TEST_CASE("commands reach the master that the sentinels name, with the password of both") {
    RedisSentinels sentinels({.password = "secret"});
    redis::Options options = to(sentinels);
    options.password = "secret";
    Caller caller(options);
    REQUIRE(caller.ask({"SET", "a", "1"}));
    CHECK(sentinels.master().command({"GET", "a"}).text == "1");
    options.password = "wrong";
    CHECK_THAT(why_not(options), Catch::Contains("refuses the login") && Catch::Contains("store.url"));
}

TEST_CASE("a failover on command loses no acknowledged write and every caller ends well") {
    RedisSentinels sentinels;
    redis::Options options = to(sentinels);
    options.replicas = 1;
    Caller caller(options);
    Writers writers(caller.loop, *caller.client);
    writers.write_more(500);
    const auto before = sentinels.master().port();
    writers.meanwhile([&] { sentinels.fail_over(); });
    CHECK(sentinels.master().port() != before);
    writers.meanwhile([&] { sentinels.wait_until_whole(); });
    writers.write_more(500);
    writers.stop();
    CHECK(not_once(sentinels.master(), writers.acknowledged()) == 0);
}

TEST_CASE("a killed master loses no acknowledged write and every caller ends well") {
    RedisSentinels sentinels({.sentinels = 3});
    redis::Options options = to(sentinels);
    options.replicas = 1;
    Caller caller(options);
    Writers writers(caller.loop, *caller.client);
    writers.write_more(500);
    writers.meanwhile([&] { sentinels.kill_master(); });
    const auto acknowledged = writers.acknowledged();
    CHECK(not_once(sentinels.master(), acknowledged) == 0);
    sentinels.replica().restart();
    writers.write_more(500);
    writers.stop();
    CHECK(not_once(sentinels.master(), writers.acknowledged()) == 0);
}

TEST_CASE("sentinels that are dead or silent do not keep a caller from the master") {
    RedisSentinels sentinels({.sentinels = 3});
    const ReservedPort nobody;
    redis::Options options = to(sentinels);
    options.servers.insert(options.servers.begin(), {"127.0.0.1", nobody.number()});
    sentinels.sentinel(0).stop_process();
    Caller caller(options);
    const auto answer = caller.ask({"SET", "a", "1"}, 2s);
    INFO((answer ? "" : answer.error().why));
    CHECK(answer);
    sentinels.sentinel(0).continue_process();
}

TEST_CASE("a sentinel that still names the old master does not hold a caller back") {
    RedisSentinels sentinels;
    RedisServer stale({.sentinel = true, .config = {"sentinel monitor mymaster 127.0.0.1 1 1"}});
    redis::Options options = to(sentinels);
    options.servers.insert(options.servers.begin(), {"127.0.0.1", stale.port()});
    Caller caller(options);
    CHECK(caller.ask({"SET", "a", "1"}, 3s));
}

TEST_CASE("a replica that is named as master is left for the real one") {
    RedisSentinels sentinels;
    const std::string replica = std::to_string(sentinels.replica().port());
    RedisServer wrong({.sentinel = true, .config = {"sentinel monitor mymaster 127.0.0.1 " + replica + " 1"}});
    redis::Options options = to(sentinels);
    options.servers.insert(options.servers.begin(), {"127.0.0.1", wrong.port()});
    Caller caller(options);
    CHECK(caller.ask({"SET", "a", "1"}, 3s));
    CHECK(sentinels.master().command({"GET", "a"}).text == "1");
}

TEST_CASE("what is wrong with the sentinels of the url is said in a sentence") {
    RedisServer sentinel({.sentinel = true, .config = {"sentinel monitor other 127.0.0.1 1 1"}});
    RedisServer alone;
    const ReservedPort nobody;
    redis::Options options;
    options.kind = redis::Options::Kind::sentinel;
    options.master = "mymaster";
    options.servers = {{"127.0.0.1", sentinel.port()}};
    CHECK_THAT(why_not(options), Catch::Contains("knows no master called \"mymaster\"") && Catch::Contains("store.url"));
    options.servers = {{"127.0.0.1", alone.port()}};
    CHECK_THAT(why_not(options), Catch::Contains("it is no sentinel"));
    options.servers = {{"127.0.0.1", nobody.number()}};
    CHECK_THAT(why_not(options),
               Catch::Contains("no sentinel of store.url names the master") && Catch::Contains("cannot be reached"));
}
