// A cluster of real servers whose slots move and whose masters die under load; and one that sends everybody away.
#include <atomic>
#include <map>

#include "support/redis_cluster.hpp"
#include "support/scripted_server.hpp"
#include "writers.hpp"

using namespace tollgate;
using namespace tollgate::test;
using redis::Command;
using redis::Repeat;

namespace {

redis::Options to(const std::vector<redis::Address>& nodes) {
    redis::Options options;
    options.kind = redis::Options::Kind::cluster;
    options.servers = nodes;
    return options;
}

redis::Options to(RedisCluster& cluster) {
    std::vector<redis::Address> nodes;
    for (std::size_t i = 0; i < 3; ++i) nodes.push_back({"127.0.0.1", cluster.node(i).port()});
    return to(nodes);
}

redis::Answer ask(Caller& caller, std::initializer_list<std::string_view> words, std::uint16_t slot,
                  Milliseconds patience = 5s) {
    return caller.loop.run(caller.client->call(Command(words), slot, caller.loop.in(patience), Repeat::safe));
}

/// The same for keys that are spread over the masters.
std::size_t not_once(RedisCluster& cluster, const std::vector<std::string>& keys) {
    const auto owners = cluster.owners();
    std::map<std::size_t, std::vector<std::string>> by_node;
    for (const std::string& key : keys) by_node[owners[redis::slot_of(key)]].push_back(key);
    std::size_t count = 0;
    for (const auto& [node, held] : by_node) count += test::not_once(cluster.node(node), held);
    return count;
}

/// A server that answers each command, by its words, with these bytes.
class ScriptedNode {
public:
    using Script = std::function<std::string(const std::vector<std::string>& words, int port)>;
    explicit ScriptedNode(Script script) : script_(std::move(script)), server_([this](Peer& peer) { converse(peer); }) {}
    [[nodiscard]] redis::Address address() const { return {"127.0.0.1", static_cast<std::uint16_t>(server_.port())}; }

    /// What CLUSTER SLOTS says when everything is here.
    static std::string all_slots(int port) {
        return "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$9\r\n127.0.0.1\r\n:" + std::to_string(port) + "\r\n";
    }

private:
    void converse(Peer& peer) {
        const std::unique_ptr<redisReader, void (*)(redisReader*)> reader(redisReaderCreate(), redisReaderFree);
        for (std::string bytes = peer.read_some(); !bytes.empty(); bytes = peer.read_some()) {
            redisReaderFeed(reader.get(), bytes.data(), bytes.size());
            for (void* command = nullptr;;) {
                if (redisReaderGetReply(reader.get(), &command) != REDIS_OK || command == nullptr) break;
                const redis::Reply read(static_cast<redisReply*>(command));
                std::vector<std::string> words;
                for (std::size_t i = 0; i < read.size(); ++i) words.emplace_back(read[i].text());
                peer.send(script_(words, server_.port()));
            }
        }
    }

    const Script script_;
    ScriptedServer server_;
};

const redis::Script count_up("count_up", "#!lua\nreturn redis.call('INCR', KEYS[1])");

}  // namespace

TEST_CASE("each command reaches the master of its slot") {
    RedisCluster cluster({.password = "secret"});
    redis::Options options = to(cluster);
    options.password = "secret";
    Caller caller(options);
    for (int i = 0; i < 50; ++i) {
        const std::string key = "key" + std::to_string(i);
        REQUIRE(ask(caller, {"SET", key, "1"}, redis::slot_of(key)));
    }
    const auto slots = caller.loop.run(caller.client->a_slot_of_each_master(caller.loop.in(2s)));
    CHECK(slots.value() == std::vector<std::uint16_t>{0, 5461, 10923});
    // Nothing was sent to a node that had to send it elsewhere.
    for (std::size_t i = 0; i < 3; ++i) CHECK(cluster.node(i).info("errorstats", "errorstat_MOVED").empty());
}

TEST_CASE("a script is loaded on each node that does not know it, also after a flush") {
    RedisCluster cluster;
    Caller caller(to(cluster));
    const auto run = [&](std::string_view key) {
        return caller.loop.run(caller.client->run(count_up, {key}, {}, caller.loop.in(5s)));
    };
    for (const char* const key : {"a", "b", "c", "d"}) CHECK(run(key)->integer() == 1);
    for (std::size_t i = 0; i < 3; ++i) REQUIRE(cluster.node(i).command({"SCRIPT", "FLUSH"}).text == "OK");
    for (const char* const key : {"a", "b", "c", "d"}) CHECK(run(key)->integer() == 2);
}

TEST_CASE("a key that has left its moving slot is asked for with one hop, and the next without") {
    RedisCluster cluster;
    Caller caller(to(cluster));
    REQUIRE(ask(caller, {"SET", "a", "1"}, redis::slot_of("a")));
    const std::uint16_t slot = redis::slot_of("a");
    const std::size_t from = cluster.owner(slot);
    const std::size_t to = (from + 1) % 3;
    cluster.begin_move(slot, to);
    cluster.move_keys(slot, to);
    for (int i = 0; i < 3; ++i) CHECK(ask(caller, {"GET", "a"}, slot)->text() == "1");
    CHECK(cluster.node(from).info("errorstats", "errorstat_ASK") == "count=3");
    CHECK(cluster.node(to).calls("asking") == 3);
    CHECK(caller.loop.run(caller.client->run(count_up, {"a"}, {}, caller.loop.in(5s)))->integer() == 2);
    cluster.end_move(slot, to);
    for (int i = 0; i < 3; ++i) CHECK(ask(caller, {"GET", "a"}, slot)->text() == "2");
    CHECK(cluster.node(from).info("errorstats", "errorstat_MOVED") == "count=1");
}

TEST_CASE("a slot that moves under load loses no command and doubles none") {
    RedisCluster cluster;
    Caller caller(to(cluster));
    Writers writers(caller.loop, *caller.client, "moving");
    const std::uint16_t slot = redis::slot_of("{moving}");
    const std::size_t first = cluster.owner(slot);
    for (std::size_t turn = 1; turn <= 3; ++turn) {
        const std::size_t to = (first + turn) % 3;
        writers.write_more(300);
        writers.meanwhile([&] { cluster.begin_move(slot, to); });
        writers.write_more(300);
        writers.meanwhile([&] { cluster.move_keys(slot, to); });
        writers.write_more(300);
        writers.meanwhile([&] { cluster.end_move(slot, to); });
    }
    writers.write_more(300);
    writers.stop();
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK_FALSE(cluster.node(i).info("errorstats", "errorstat_ASK").empty());
        CHECK_FALSE(cluster.node(i).info("errorstats", "errorstat_MOVED").empty());
    }
    CHECK(not_once(cluster, writers.acknowledged()) == 0);
    for (const redis::Failure& failure : writers.failures()) {
        INFO(failure.why);
        CHECK(failure.execution == Execution::not_executed);
    }
}

TEST_CASE("a killed master's replica takes its slots over and no acknowledged write is lost") {
    RedisCluster cluster({.replicas = true});
    redis::Options options = to(cluster);
    options.replicas = 1;
    Caller caller(options);
    Writers writers(caller.loop, *caller.client);
    writers.write_more(500);
    writers.meanwhile([&] { cluster.kill_master(0); });
    // Its successor has no replica of its own until the killed one is back as that.
    cluster.node(0).restart();
    writers.meanwhile([&] { cluster.wait_until_ok(); });
    writers.write_more(500);
    writers.stop();
    CHECK(not_once(cluster, writers.acknowledged()) == 0);
    CHECK(ask(caller, {"PING"}, 0));
}

TEST_CASE("a cluster is found while some nodes of its url are dead or silent") {
    RedisCluster cluster;
    const ReservedPort nobody;
    RedisServer silent;
    silent.stop_process();
    Caller caller(to({{"127.0.0.1", nobody.number()}, {"127.0.0.1", silent.port()}, {"127.0.0.1", cluster.node(2).port()}}));
    CHECK(ask(caller, {"SET", "a", "1"}, redis::slot_of("a"), 2s));
}

TEST_CASE("a command is sent on five times and not for ever") {
    std::atomic<int> asked = 0;
    ScriptedNode node([&](const std::vector<std::string>& words, int port) -> std::string {
        if (words.front() == "CLUSTER") return ScriptedNode::all_slots(port);
        if (words.front() != "GET") return "+OK\r\n";
        ++asked;
        return "-" + words.at(1) + " 0 127.0.0.1:" + std::to_string(port) + "\r\n";
    });
    Caller caller(to({node.address()}));
    for (const std::string kind : {"MOVED", "ASK"}) {
        asked = 0;
        const auto answer = ask(caller, {"GET", kind}, 0);
        REQUIRE_FALSE(answer);
        CHECK(answer.error().execution == Execution::not_executed);
        CHECK_THAT(answer.error().why, Catch::Contains("without end"));
        CHECK(asked == 6);
    }
}

TEST_CASE("a command waits while its keys move, its cluster is down or its node loads") {
    for (const std::string error : {"TRYAGAIN Multiple keys request", "CLUSTERDOWN The cluster is down", "LOADING Redis is"}) {
        std::atomic<int> asked = 0;
        ScriptedNode node([&](const std::vector<std::string>& words, int port) -> std::string {
            if (words.front() == "CLUSTER") return ScriptedNode::all_slots(port);
            if (words.front() != "GET" || ++asked > 3) return "+OK\r\n";
            return "-" + error + "\r\n";
        });
        Caller caller(to({node.address()}));
        CHECK(ask(caller, {"GET", "a"}, 0)->text() == "OK");
        asked = -1000;
        const auto answer = ask(caller, {"GET", "a"}, 0, 300ms);
        REQUIRE_FALSE(answer);
        CHECK(answer.error().execution == Execution::not_executed);
    }
}

TEST_CASE("a command that must not be repeated is not, when its node went away with it") {
    std::atomic<int> asked = 0;
    ScriptedNode node([&](const std::vector<std::string>& words, int port) -> std::string {
        if (words.front() == "CLUSTER") return ScriptedNode::all_slots(port);
        if (words.front() != "INCR") return "+OK\r\n";
        ++asked;
        return "$-5\r\n";  // unreadable: the connection is given up
    });
    Caller caller(to({node.address()}));
    const auto answer = caller.loop.run(caller.client->call(Command({"INCR", "a"}), 0, caller.loop.in(1s), Repeat::never));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().execution == Execution::unknown);
    CHECK(asked == 1);
}

TEST_CASE("callers that still wait when a cluster's client and its loop go leave nothing behind") {
    auto kept = std::make_shared<int>();
    const std::weak_ptr<int> left = kept;
    std::atomic<int> asked = 0;
    const auto wait = [](Caller& caller, std::shared_ptr<int>) -> Task<void> {
        std::ignore = co_await caller.client->call({"GET", "a"}, 0, caller.loop.in(1min), Repeat::safe);
    };
    {
        ScriptedNode node([&](const std::vector<std::string>& words, int port) -> std::string {
            if (words.front() == "CLUSTER") return ScriptedNode::all_slots(port);
            if (words.front() != "GET") return "+OK\r\n";
            ++asked;
            return "";
        });
        redis::Options options = to({node.address()});
        options.timeout = 1min;
        Caller caller(options);
        for (int i = 0; i < 3; ++i) caller.loop.start(wait(caller, kept));
        kept.reset();
        caller.loop.run_until([&] { return asked == 3; });
    }
    CHECK(left.expired());
}

TEST_CASE("what is wrong with the cluster of the url is said in a sentence") {
    RedisServer alone;
    const ReservedPort nobody;
    const auto why_not = [](redis::Options options) {
        Caller caller(std::move(options));
        const auto answer = ask(caller, {"PING"}, 0, 2s);
        REQUIRE_FALSE(answer);
        CHECK(answer.error().execution == Execution::not_executed);
        return answer.error().why;
    };
    CHECK_THAT(why_not(to({{"127.0.0.1", alone.port()}})), Catch::Contains("it is no node of a cluster"));
    CHECK_THAT(why_not(to({{"127.0.0.1", nobody.number()}})), Catch::Contains("cannot be reached"));
    redis::Options wrong = to({{"127.0.0.1", alone.port()}});
    wrong.database = 3;
    EventLoop loop;
    const auto made = redis::Client::make(loop.runtime(), wrong);
    REQUIRE_FALSE(made);
    CHECK_THAT(made.error().detail, Catch::Contains("database 0") && Catch::Contains("store.url"));
    wrong.database = 0;
    wrong.password = "secret";  // the server asks for none
    CHECK_THAT(why_not(wrong), Catch::Contains("refuses the login"));
}
