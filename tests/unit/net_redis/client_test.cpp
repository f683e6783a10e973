// One Redis server and a client of it, through everything that may happen to the connection between them.
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "support.hpp"

using namespace tollgate;
using namespace tollgate::test;
using redis::Answer;
using redis::Command;
using redis::Repeat;

namespace {

/// Calls that were begun together; their answers in order.
std::vector<Answer> at_once(Caller& caller, std::size_t count, const std::function<Command(std::size_t)>& command,
                            Milliseconds patience = 5s, Repeat repeat = Repeat::safe) {
    std::vector<Answer> answers(count);
    std::size_t open = count;
    const auto one = [&](std::size_t i) -> Task<void> {
        answers[i] = co_await caller.client->call(command(i), 0, caller.loop.in(patience), repeat);
        --open;
    };
    for (std::size_t i = 0; i < count; ++i) caller.loop.start(one(i));
    caller.loop.run_until([&] { return open == 0; });
    return answers;
}

long long reads_of(RedisServer& server) {
    return std::stoll(server.info("stats", "total_reads_processed"));
}

const redis::Script add("add", "#!lua\nreturn redis.call('INCRBY', KEYS[1], ARGV[1])");

}  // namespace

TEST_CASE("many callers at once get each its own reply") {
    RedisServer server;
    Caller caller(Caller::to(server));
    const auto answers = at_once(caller, 1000, [](std::size_t i) { return Command({"ECHO", "number " + std::to_string(i)}); });
    for (std::size_t i = 0; i < answers.size(); ++i) {
        REQUIRE(answers[i]);
        CHECK(answers[i]->text() == "number " + std::to_string(i));
    }
}

TEST_CASE("commands that are ready together leave in one write") {
    RedisServer server;
    Caller caller(Caller::to(server));
    REQUIRE(caller.ask({"PING"}));
    const long long before = reads_of(server);
    for (const Answer& answer : at_once(caller, 64, [](std::size_t) { return Command({"PING"}); })) CHECK(answer);
    CHECK(reads_of(server) - before <= 4);  // one of them, or two, and those that asked for the figure
}

TEST_CASE("words may hold any bytes, and replies of every kind come back") {
    RedisServer server;
    Caller caller(Caller::to(server));
    const std::string bytes("a\0b\r\n$5\r\n", 9);
    REQUIRE(caller.ask({"SET", bytes, bytes}));
    CHECK(caller.ask({"GET", bytes})->text() == bytes);
    CHECK(caller.ask({"GET", "nothing"})->is_nil());
    CHECK(caller.ask({"INCRBY", "n", "-7"})->integer() == -7);
    const Answer list = caller.ask({"MGET", bytes, "nothing", "n"});
    REQUIRE(list->size() == 3);
    CHECK((*list)[0].text() == bytes);
    CHECK((*list)[1].is_nil());
    CHECK((*list)[2].integer() == -7);
    CHECK((*list)[3].is_nil());
    CHECK(list->text().empty());
}

TEST_CASE("a value larger than any buffer goes through both ways") {
    RedisServer server;
    Caller caller(Caller::to(server));
    const std::string large(20 << 20, 'x');
    REQUIRE(caller.ask({"SET", "large", large}, 20s));
    CHECK(caller.ask({"GET", "large"}, 20s)->text() == large);
}

TEST_CASE("a Unix socket, TLS, users, passwords and databases are spoken to") {
    RedisServer::Options kind;
    kind.password = "s3cret{}";
    Milliseconds patience = 5s;
    redis::Options options;
    SECTION("a password alone") {}
    SECTION("a user with a password") {
        kind.user = options.user = "ann";
    }
    SECTION("TLS") {
        kind.tls = options.tls = true;
    }
    SECTION("a Unix socket") {
        kind.unix_socket = true;
    }
    RedisServer server(kind);
    options.password = kind.password;
    options.database = 3;
    if (kind.unix_socket) {
        options.servers = {{server.socket_path(), 0}};
    } else {
        options.servers = {{kind.tls ? "localhost" : "127.0.0.1", server.port()}};
    }
    if (kind.tls) options.trusted_ca_file = server.ca_file();
    Caller caller(options);
    REQUIRE(caller.ask({"SET", "key", "value"}, patience));
    CHECK(caller.ask({"GET", "key"}, patience)->text() == "value");
    CHECK(server.info("keyspace", "db3").starts_with("keys=1"));
}

TEST_CASE("settings that are wrong are told in one sentence and at once") {
    RedisServer::Options kind;
    redis::Options options;
    std::string expected;
    SECTION("a wrong password") {
        kind.password = "right";
        options.password = "wrong";
        expected = "check user and password";
    }
    SECTION("no password where one is asked for") {
        kind.password = "right";
        expected = "check user and password";
    }
    SECTION("a password where none is known") {
        options.password = "one";
        expected = "check user and password";
    }
    SECTION("a login that is not known, whose words would be told") {
        kind.config = {"rename-command AUTH \"\""};
        options.user = "ann";
        options.password = "right";
        expected = "check user and password";
    }
    SECTION("a database that is not there") {
        options.database = 999;
        expected = "no database 999";
    }
    SECTION("TLS to a server without") {
        options.tls = true;
        expected = "with redis://";
    }
    SECTION("no TLS to a server with") {
        kind.tls = true;
        expected = "reached with rediss://";
    }
    SECTION("a certificate nobody trusts") {
        kind.tls = true;
        options.tls = true;
        expected = "its certificate is not trusted";
    }
    RedisServer server(kind);
    options.servers = {{"127.0.0.1", server.port()}};
    options.timeout = 1s;
    Caller caller(options);
    const Answer answer = caller.ask({"SET", "key", "value"}, 2s);
    REQUIRE_FALSE(answer);
    INFO(answer.error().why);
    CHECK(answer.error().execution == Execution::not_executed);
    CHECK(answer.error().why.find(expected) != std::string::npos);
    CHECK(answer.error().why.find("right") == std::string::npos);
    CHECK(answer.error().why.find("wrong password") == std::string::npos);
}

TEST_CASE("a server killed and started again is found again, and a command that waits goes to it") {
    RedisServer server({.append_only = true});
    Caller caller(Caller::to(server));
    REQUIRE(caller.ask({"SET", "key", "value"}));
    server.kill_hard();
    caller.loop.run_until([&] { return !caller.changes.empty() && !caller.changes.back().up; });
    std::optional<Answer> late;
    const auto get = [&]() -> Task<void> {
        late = co_await caller.client->call({"GET", "key"}, 0, caller.loop.in(30s), Repeat::safe);
    };
    caller.loop.start(get());
    server.restart();
    caller.loop.run_until([&] { return late.has_value(); });
    if (!*late) CHECK(late->error().outage);  // a start that took longer than the patience with an outage
    CHECK(caller.ask({"GET", "key"}, 30s)->text() == "value");
}

TEST_CASE("a server that has been away for longer than the timeout is not waited for") {
    redis::Options options;
    std::optional<RedisServer> server(std::in_place);
    options = Caller::to(*server);
    options.timeout = 100ms;
    Caller caller(options);
    REQUIRE(caller.ask({"PING"}));
    server->kill_hard();
    REQUIRE_FALSE(caller.ask({"PING"}, 200ms));
    const SteadyTime before = caller.loop.in(0ms);
    const Answer answer = caller.ask({"PING"}, 30s);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().outage);
    CHECK(answer.error().execution == Execution::not_executed);
    CHECK(caller.loop.in(0ms) - before < 15s);
}

TEST_CASE("what a stopped server has got and not answered is unknown, and later commands succeed when it goes on") {
    RedisServer server;
    Caller caller(Caller::to(server));
    REQUIRE(caller.ask({"PING"}));
    server.stop_process();
    const Answer stuck = caller.ask({"INCR", "n"}, 300ms, Repeat::never);
    server.continue_process();
    REQUIRE_FALSE(stuck);
    CHECK(stuck.error().execution == Execution::unknown);
    CHECK(caller.ask({"PING"}, 30s));
}

TEST_CASE("a caller with little time left goes without its reply and leaves the others their connection") {
    RedisServer::Options kind;
    kind.config = {"enable-debug-command yes"};
    RedisServer server(kind);
    redis::Options options = Caller::to(server);
    options.timeout = 20s;
    Caller caller(options);
    REQUIRE(caller.ask({"PING"}));
    std::vector<Answer> answers(2);
    std::size_t open = 2;
    const auto one = [&](std::size_t i, Command command, Milliseconds patience) -> Task<void> {
        answers[i] = co_await caller.client->call(std::move(command), 0, caller.loop.in(patience), Repeat::never);
        --open;
    };
    caller.loop.start(one(0, {"DEBUG", "SLEEP", "1"}, 20s));
    caller.loop.start(one(1, {"INCR", "n"}, 100ms));
    caller.loop.run_until([&] { return open == 0; });
    CHECK(answers[0]);
    REQUIRE_FALSE(answers[1]);
    CHECK(answers[1].error().execution == Execution::unknown);
    CHECK(caller.ask({"GET", "n"})->text() == "1");
    CHECK(caller.changes.size() == 1);  // it came up once and stayed
}

TEST_CASE("a command that must not run twice is not sent again when its connection is cut") {
    RedisServer server;
    Caller caller(Caller::to(server));
    REQUIRE(caller.ask({"PING"}));
    // The first one cuts the connection, and both leave together: what became of the second one cannot be told.
    const auto answers = at_once(
        caller, 2,
        [](std::size_t i) {
            return i == 0 ? Command({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no"}) : Command({"INCR", "n"});
        },
        5s, Repeat::never);
    REQUIRE_FALSE(answers[1]);
    CHECK(answers[1].error().execution == Execution::unknown);
    CHECK(caller.ask({"GET", "n"}, 30s)->is_nil());
}

TEST_CASE("a command that is safe to repeat survives the cut of its connection") {
    RedisServer server;
    Caller caller(Caller::to(server));
    REQUIRE(caller.ask({"PING"}));
    for (int round = 0; round < 5; ++round) {
        (void)server.command({"CLIENT", "KILL", "TYPE", "normal"});
        CHECK(caller.ask({"SET", "key", "value"}, 30s));
    }
}

TEST_CASE("a script is loaded where it is not known, also after a flush") {
    RedisServer server;
    Caller caller(Caller::to(server));
    const auto run = [&] { return caller.loop.run(caller.client->run(add, {"sum"}, {"2"}, caller.loop.in(5s))); };
    CHECK(run()->integer() == 2);
    (void)server.command({"SCRIPT", "FLUSH"});
    CHECK(run()->integer() == 4);
}

TEST_CASE("a full server refuses a write as not executed and goes on reading") {
    RedisServer server({.max_memory = "100kb"});
    Caller caller(Caller::to(server));
    const Answer refused = caller.loop.run(caller.client->run(add, {"sum"}, {"2"}, caller.loop.in(5s)));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().execution == Execution::not_executed);
    CHECK(refused.error().why.find("OOM") != std::string::npos);
    CHECK(caller.ask({"GET", "sum"})->is_nil());
}

TEST_CASE("a command's own error is its answer, and is not tried again") {
    RedisServer server;
    Caller caller(Caller::to(server));
    REQUIRE(caller.ask({"SET", "text", "x"}));
    const Answer refused = caller.ask({"INCR", "text"});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().execution == Execution::refused);
    CHECK(server.calls("incr") == 1);
}

TEST_CASE("a caller that is cancelled leaves at once, and the others' replies stay their own") {
    RedisServer server;
    Caller caller(Caller::to(server));
    REQUIRE(caller.ask({"PING"}));
    server.stop_process();
    asio::cancellation_signal signal;
    bool left = false;
    std::optional<Answer> first;
    std::optional<Answer> other;
    const auto ask = [&](std::string word, std::optional<Answer>& into) -> Task<void> {
        into = co_await caller.client->call({"ECHO", word}, 0, caller.loop.in(20s), Repeat::safe);
    };
    asio::co_spawn(caller.loop.context(), ask("first", first),
                   asio::bind_cancellation_slot(signal.slot(), [&](const std::exception_ptr&) { left = true; }));
    caller.loop.start(ask("second", other));
    bool sent = false;
    asio::post(caller.loop.context(), [&] { asio::post(caller.loop.context(), [&] { sent = true; }); });
    caller.loop.run_until([&] { return sent; });
    signal.emit(asio::cancellation_type::terminal);
    caller.loop.run_until([&] { return left || other.has_value(); });
    CHECK(left);
    CHECK_FALSE(first);
    CHECK_FALSE(other);
    server.continue_process();
    caller.loop.run_until([&] { return other.has_value(); });
    CHECK((*other)->text() == "second");
}

TEST_CASE("callers that still wait when the client and its loop go leave nothing behind") {
    auto kept = std::make_shared<int>();
    const std::weak_ptr<int> left = kept;
    int waiting = 0;
    const auto wait = [&waiting](Caller& caller, std::shared_ptr<int>) -> Task<void> {
        ++waiting;
        std::ignore = co_await caller.client->call({"PING"}, 0, caller.loop.in(1min), Repeat::safe);
        --waiting;
    };
    {
        RedisServer server;
        redis::Options options = Caller::to(server);
        options.timeout = 1min;
        Caller caller(options);
        REQUIRE(caller.ask({"PING"}));
        SECTION("for a reply") {
            server.stop_process();
        }
        SECTION("for a connection") {
            server.kill_hard();
            caller.loop.run_until([&] { return caller.changes.size() == 2; });  // up, and down
        }
        for (int i = 0; i < 3; ++i) caller.loop.start(wait(caller, kept));
        kept.reset();
        caller.loop.run_until([&] { return waiting == 3; });
        server.continue_process();
    }
    CHECK(waiting == 3);
    CHECK(left.expired());
}

TEST_CASE("no more commands wait than was allowed") {
    RedisServer server;
    redis::Options options = Caller::to(server);
    options.waiting_max = 10;
    Caller caller(options);
    REQUIRE(caller.ask({"PING"}));
    const auto answers = at_once(caller, 25, [](std::size_t) { return Command({"PING"}); }, 100ms, Repeat::never);
    const auto good = std::ranges::count_if(answers, [](const Answer& answer) { return answer.has_value(); });
    CHECK(good >= 10);
    for (const Answer& answer : answers) {
        if (!answer) CHECK(answer.error().execution == Execution::not_executed);
    }
}

TEST_CASE("a write counts only when so many replicas hold it as was asked for") {
    RedisServer master;
    redis::Options options = Caller::to(master);
    options.replicas = 1;
    options.timeout = 400ms;
    Caller caller(options);
    const Answer alone = caller.ask({"SET", "key", "value"}, 300ms);
    REQUIRE_FALSE(alone);
    CHECK(alone.error().execution == Execution::unknown);

    RedisServer replica({.replica_of = master.port()});
    REQUIRE(wait_for([&] { return replica.info("replication", "master_link_status") == "up"; }));
    for (const Answer& answer : at_once(caller, 100, [](std::size_t i) { return Command({"SET", std::to_string(i), "x"}); })) {
        CHECK(answer);
    }
    CHECK(replica.command({"DBSIZE"}).integer >= 100);
}
