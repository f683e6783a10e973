#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "integration/http_fixture.hpp"

using namespace tollgate;
using namespace tollgate::http;
using namespace tollgate::http::testing;
using namespace std::chrono_literals;

TEST_CASE("above the limit in flight, routes that shed answer 503 with Retry-After and others go on") {
    TestServer server([](Options& options) { options.limits.max_in_flight = 1; });
    Client busy(server.port());
    busy.send(get("/gate"));
    server.gate.await_arrivals(1);
    Client client(server.port());
    const auto refused = client.ask(post("/charge", "{}"));
    REQUIRE(refused);
    CHECK(refused->status == 503);
    CHECK(refused->code() == "overloaded");
    CHECK(refused->header("retry-after") == "1");
    CHECK(client.ask(get("/ok"))->status == 200);
    CHECK(server.counters.refused == 1);
    server.open_gate();
    CHECK(busy.answer()->status == 200);
    CHECK(client.ask(post("/charge", "{}"))->status == 201);
}

TEST_CASE("when all connections are taken, a new one waits until one of them is free") {
    TestServer server([](Options& options) { options.limits.max_connections = 2; });
    std::vector<Client> busy;
    for (int i = 0; i < 2; ++i) {
        busy.emplace_back(server.port());
        busy.back().send(get("/gate"));
    }
    server.gate.await_arrivals(2);
    Client waiting(server.port());
    waiting.send(get("/ok"));
    CHECK(eventually([&] { return server.counters.accept_pauses > 0; }));
    CHECK(server.counters.connections == 2);
    server.open_gate();
    for (Client& client : busy) CHECK(client.answer()->status == 200);
    CHECK(waiting.answer()->status == 200);  // an idle one made room
}

TEST_CASE("without free file descriptors accepting pauses and recovers") {
    TestServer server;
    Client before(server.port());
    CHECK(before.ask(get("/ok"))->status == 200);

    rlimit limit{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
    rlimit low = limit;
    low.rlim_cur = 64;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
    std::vector<int> taken;
    for (int fd = ::open("/dev/null", O_RDONLY); fd >= 0; fd = ::open("/dev/null", O_RDONLY)) taken.push_back(fd);
    ::close(taken.back());
    taken.pop_back();
    Client waiting(server.port());  // takes the last one
    waiting.send(get("/ok"));
    const bool paused = eventually([&] { return server.counters.accept_pauses > 0; });

    // Checks only from here on: the sanitizer needs a descriptor for its own.
    for (const int fd : taken) ::close(fd);
    ::setrlimit(RLIMIT_NOFILE, &limit);
    CHECK(paused);
    const auto answer = waiting.answer();
    REQUIRE(answer);
    CHECK(answer->status == 200);
}

TEST_CASE("an address that another socket listens on is refused, not shared") {
    TestServer server;
    asio::io_context io;
    const auto second = listen_first(io, *parse_endpoint("127.0.0.1:" + std::to_string(server.port())));
    REQUIRE_FALSE(second);
    CHECK(second.error().detail.find("127.0.0.1:" + std::to_string(server.port())) != std::string::npos);
}

TEST_CASE("several threads listen on one port, also on one the kernel chose") {
    asio::io_context io;
    auto first = listen_first(io, *parse_endpoint("127.0.0.1:0"));
    REQUIRE(first);
    const auto second = listen_again(io, *first);
    REQUIRE(second);
    CHECK(second->local_endpoint() == first->local_endpoint());
    CHECK(first->local_endpoint().port() != 0);
}

TEST_CASE("addresses to listen on are IP and port") {
    CHECK(to_string(*parse_endpoint("127.0.0.1:8080")) == "127.0.0.1:8080");
    CHECK(to_string(*parse_endpoint("[::1]:0")) == "[::1]:0");
    CHECK(to_string(*parse_endpoint("localhost:80")) == "127.0.0.1:80");
    for (const char* wrong :
         {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000", "::1:80", "example.com:80", "[127.0.0.1]:80", "127.0.0.1:8o"})
        CHECK_FALSE(parse_endpoint(wrong));
}
