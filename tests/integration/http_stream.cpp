// Answers whose body goes on: sent as it comes, and given up when nobody takes it any more.
#include <catch2/catch.hpp>

#include "integration/http_fixture.hpp"

using namespace tollgate;
using namespace tollgate::http;
using namespace tollgate::http::testing;
using namespace std::chrono_literals;

TEST_CASE("an answer that goes on arrives piece by piece while its connection is open, and ends with it") {
    TestServer server;
    Client client(server.port());
    client.send(get("/pieces"));
    auto head = client.until("begun;");
    REQUIRE(head);
    const auto answer = take_answer(*head, true);
    CHECK(answer->status == 200);
    CHECK(answer->header("content-type") == "text/plain");
    CHECK(answer->header("connection") == "close");
    CHECK(answer->header("content-length").empty());
    CHECK(answer->header("transfer-encoding").empty());
    for (const std::string piece : {"one", "two", "three"}) {
        server.say(piece);
        CHECK(client.until(piece) == piece);
    }
    server.say("four");
    server.say(std::nullopt);
    CHECK(client.rest() == "four");
    CHECK(eventually([&] { return server.sources == 0; }));
    CHECK(eventually([&] { return server.counters.connections == 0; }));
}

TEST_CASE("HEAD of an answer that goes on has its head alone, and nothing is asked to go on") {
    TestServer server;
    Client client(server.port());
    client.send("HEAD /pieces HTTP/1.1\r\nHost: test\r\n\r\n");
    const auto answer = client.answer(true);
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(answer->header("content-type") == "text/plain");
    CHECK(client.is_closed());
    CHECK(server.asked == 0);
    CHECK(eventually([&] { return server.sources == 0; }));
}

TEST_CASE("an answer that goes on is given up when its client leaves, though there is nothing to send") {
    TestServer server;
    Client client(server.port());
    client.send(get("/pieces"));
    REQUIRE(client.until("begun;"));
    CHECK(server.sources == 1);
    client.leave();
    CHECK(eventually([&] { return server.sources == 0; }));
    CHECK(server.counters.timeouts == 0);
}

TEST_CASE("a client that asked for more before its answer ended still gets it to the end") {
    TestServer server;
    Client client(server.port());
    client.send(get("/pieces") + get("/ok"));
    REQUIRE(client.until("begun;"));
    server.say("one");
    CHECK(client.until("one") == "one");
    server.say(std::nullopt);
    CHECK(client.is_closed());
}

TEST_CASE("an answer that goes on is given up when its client does not read it") {
    TestServer server([](Options& options) { options.limits.write_timeout = 200ms; });
    Client client(server.port(), 4'096);
    client.send(get("/flood"));
    CHECK(eventually([&] { return server.asked > 0; }));
    CHECK(eventually([&] { return server.sources == 0; }));
    CHECK(server.counters.timeouts == 1);
    CHECK(eventually([&] { return server.counters.connections == 0; }));
}

TEST_CASE("a drain ends answers that would go on for ever, and the rest is served") {
    TestServer server;
    Client looking(server.port());
    looking.send(get("/pieces"));
    REQUIRE(looking.until("begun;"));
    Client flooded(server.port());
    flooded.send(get("/flood"));
    CHECK(eventually([&] { return server.sources == 2; }));
    Client waiting(server.port());
    waiting.send(get("/gate"));
    server.gate.await_arrivals(1);
    server.begin_drain();
    CHECK(looking.is_closed());
    CHECK(flooded.rest().ends_with("xxx"));
    CHECK(eventually([&] { return server.sources == 0; }));
    server.open_gate();
    CHECK(waiting.answer()->status == 200);
    CHECK(server.drain());
}

TEST_CASE("an answer that goes on counts as a connection and not as a request in flight") {
    TestServer server;
    Client client(server.port());
    client.send(get("/pieces"));
    REQUIRE(client.until("begun;"));
    server.say("one");
    REQUIRE(client.until("one"));
    CHECK(server.counters.connections == 1);
    CHECK(server.counters.in_flight == 0);
}
