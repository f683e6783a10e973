#include <catch2/catch.hpp>

#include "integration/http_fixture.hpp"

using namespace tollgate;
using namespace tollgate::http;
using namespace tollgate::http::testing;
using namespace std::chrono_literals;

TEST_CASE("a client that goes on writing a refused body still reads the answer") {
    TestServer server;
    Client client(server.port());
    client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: 1048576\r\n\r\n");
    CHECK(client.send(std::string(1'048'576, 'x')));
    const auto answer = client.answer();
    REQUIRE(answer);
    CHECK(answer->status == 413);
    CHECK(answer->header("connection") == "close");
    CHECK(client.is_closed());
}

TEST_CASE("a chunked body beyond the limit is refused, and its writer still reads the answer") {
    TestServer server([](Options& options) { options.limits.max_body = 1'000; });
    Client client(server.port());
    client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 64; ++i) client.send("400\r\n" + std::string(1'024, 'x') + "\r\n");
    CHECK(client.answer()->status == 413);
    CHECK(client.is_closed());
}

TEST_CASE("lingering after a refusal ends after its time, however long the client goes on") {
    TestServer server([](Options& options) { options.limits.linger_timeout = 100ms; });
    Client client(server.port());
    CHECK(client.ask("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: 999999\r\n\r\n")
              ->status == 413);
    CHECK(eventually([&] { return server.counters.connections == 0; }));
    CHECK(eventually([&] { return !client.send("x"); }));
}

TEST_CASE("lingering after a refusal ends after its bytes") {
    TestServer server([](Options& options) {
        options.limits.linger_timeout = 1h;
        options.limits.max_linger = 100'000;
    });
    Client client(server.port());
    CHECK(client.ask("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: 999999\r\n\r\n")
              ->status == 413);
    const std::string much(100'000, 'x');
    CHECK(eventually([&] { return !client.send(much); }));
    CHECK(eventually([&] { return server.counters.connections == 0; }));
}

TEST_CASE("a client that expects 100-continue is told to go on, or gets its refusal at once") {
    TestServer server;
    Client client(server.port());
    const std::string head = "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n";
    client.send(head + "Content-Length: 2\r\n\r\n");
    const auto go_on = client.answer();
    REQUIRE(go_on);
    CHECK(go_on->status == 100);
    CHECK(client.ask("{}")->status == 201);
    CHECK(client.ask(head + "Content-Length: 2\r\n\r\n{}")->status == 201);
    CHECK(client.ask(head + "Content-Length: 300000\r\n\r\n")->status == 413);
    CHECK(client.is_closed());
}

TEST_CASE("a client that leaves in the middle does not cancel its handler") {
    TestServer server;
    Client client(server.port());
    client.send(get("/gate"));
    server.gate.await_arrivals(1);
    client.leave();
    server.open_gate();
    CHECK(eventually([&] { return server.finished == 1 && server.counters.connections == 0; }));
}

TEST_CASE("a client that has closed its sending side still gets its answer") {
    TestServer server;
    Client client(server.port());
    client.send(post("/echo", "{}"));
    client.finish_sending();
    CHECK(client.answer()->status == 201);
    CHECK(client.is_closed());
}

TEST_CASE("a request that ends in its middle is told so") {
    TestServer server;
    for (const char* part :
         {"GET /ok HT", "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{}"}) {
        Client client(server.port());
        client.send(part);
        client.finish_sending();
        CHECK(client.answer()->status == 400);
        CHECK(client.is_closed());
    }
    CHECK(server.posted == 0);
}

TEST_CASE("draining closes idle connections, finishes what is being served, and refuses new ones") {
    TestServer server;
    Client idle(server.port());
    CHECK(idle.ask(get("/ok"))->status == 200);
    Client busy(server.port());
    busy.send(get("/gate"));
    server.gate.await_arrivals(1);

    server.begin_drain();
    CHECK(idle.is_closed());
    server.open_gate();
    const auto answer = busy.answer();
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(answer->header("connection") == "close");
    CHECK(busy.is_closed());
    busy.leave();
    CHECK(server.drain());
    CHECK_THROWS(Client(server.port()));
}

TEST_CASE("a connection that was made just before the drain still gets its request served") {
    TestServer server;
    Client fresh(server.port());
    CHECK(eventually([&] { return server.counters.connections == 1; }));
    server.begin_drain();
    const auto answer = fresh.ask(get("/ok"));
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(answer->header("connection") == "close");
    fresh.leave();
    CHECK(server.drain());
}

TEST_CASE("a drain tells when sessions outlive its time") {
    TestServer server;
    Client busy(server.port());
    busy.send(get("/gate"));
    server.gate.await_arrivals(1);
    CHECK_FALSE(server.drain(50ms));
    server.open_gate();
    CHECK(busy.answer()->status == 200);
    busy.leave();
    CHECK(server.drain());
}

TEST_CASE("the access hook sees each answer, with the route's pattern and never the path") {
    std::vector<std::string> seen;
    TestServer server([&](Options& options) {
        options.access = [&](const Access& access) {
            seen.push_back(std::string(access.method) + " " + std::string(access.route) + " " + std::to_string(access.status) +
                           " " + std::to_string(access.request_bytes) + " " + std::string(access.request_id) + " " +
                           std::string(access.peer) + (access.delivered ? " delivered" : " lost"));
        };
    });
    Client client(server.port());
    client.ask(get("/item/7", "X-Request-Id: a\r\n"));
    client.ask(post("/echo", "{}", "X-Request-Id: b\r\n"));
    client.ask(get("/nowhere", "X-Request-Id: c\r\n"));
    client.ask("4111111111111111 /ok HTTP/1.1\r\nHost: test\r\n\r\n");
    client.ask("nonsense\r\n\r\n");
    client.leave();
    CHECK(server.drain());
    REQUIRE(seen.size() == 5);
    CHECK(seen[0] == "GET /item/{id} 200 0 a 127.0.0.1 delivered");
    CHECK(seen[1] == "POST /echo 201 2 b 127.0.0.1 delivered");
    CHECK(seen[2] == "GET  404 0 c 127.0.0.1 delivered");
    CHECK(seen[3].starts_with("other  501 0 "));
    CHECK(seen[4].starts_with("other  400 0 "));
}
