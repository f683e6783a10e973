#include <catch2/catch.hpp>
#include <fstream>

#include "integration/http_fixture.hpp"

using namespace tollgate;
using namespace tollgate::http;
using namespace tollgate::http::testing;
using namespace std::chrono_literals;

namespace {

std::size_t resident_bytes() {
    std::ifstream statm("/proc/self/statm");
    std::size_t total = 0;
    std::size_t resident = 0;
    statm >> total >> resident;
    return resident * 4'096;
}

/// Sends a byte whenever the other end has not answered yet; the whole takes far longer than any deadline.
std::optional<Answer> drip(Client& client, const std::string& bytes) {
    std::thread sender([&] {
        for (const char c : bytes) {
            if (!client.send(std::string_view(&c, 1))) return;
            std::this_thread::sleep_for(5ms);  // the slowness under test
        }
    });
    auto answer = client.answer();
    sender.join();
    return answer;
}

}  // namespace

TEST_CASE("a head that comes byte by byte is cut off by its total deadline") {
    TestServer server([](Options& options) { options.limits.header_timeout = 100ms; });
    Client client(server.port());
    const auto answer = drip(client, "GET /ok HTTP/1.1\r\nHost: test\r\nX: " + std::string(120, 'a'));
    REQUIRE(answer);
    CHECK(answer->status == 408);
    CHECK(answer->code() == "request_timeout");
    CHECK(answer->header("connection") == "close");
    CHECK(server.counters.timeouts == 1);
}

TEST_CASE("a body that comes byte by byte is cut off by its total deadline") {
    TestServer server([](Options& options) { options.limits.body_timeout = 100ms; });
    for (const char* framing : {"Content-Length: 500\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n1f4\r\n"}) {
        Client client(server.port());
        client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n" + std::string(framing));
        const auto answer = drip(client, std::string(100, 'x'));
        REQUIRE(answer);
        CHECK(answer->status == 408);
    }
    CHECK(server.posted == 0);
}

TEST_CASE("a connection that sends nothing, or nothing more, is closed without a word") {
    TestServer impatient([](Options& options) { options.limits.header_timeout = 100ms; });
    Client silent(impatient.port());
    CHECK(silent.is_closed());
    TestServer server([](Options& options) { options.limits.idle_timeout = 100ms; });
    Client once(server.port());
    CHECK(once.ask(get("/ok"))->status == 200);
    CHECK(once.is_closed());
    CHECK(impatient.counters.timeouts + server.counters.timeouts == 0);
}

TEST_CASE("a handler that takes long is not cut off by any deadline of the connection") {
    TestServer server([](Options& options) {
        options.limits.header_timeout = options.limits.idle_timeout = options.limits.body_timeout =
            options.limits.write_timeout = 10ms;
    });
    Client slow(server.port());
    slow.send(get("/gate"));
    server.gate.await_arrivals(1);
    Client other(server.port());
    CHECK(other.is_closed());  // sweeps have passed
    server.open_gate();
    CHECK(slow.answer()->status == 200);
}

TEST_CASE("a client that never reads is dropped after the write deadline, and others are served meanwhile") {
    TestServer server([](Options& options) { options.limits.write_timeout = 200ms; });
    Client stuck(server.port(), 4'096);
    stuck.send(get("/big"));
    Client other(server.port());
    CHECK(eventually([&] { return other.ask(get("/ok"))->status == 200 && server.counters.timeouts == 1; }));
    other.leave();
    CHECK(eventually([&] { return server.counters.connections == 0; }));
}

TEST_CASE("five hundred connections that dawdle leave the others fast") {
    TestServer server;
    std::vector<Client> slow;
    for (int i = 0; i < 500; ++i) {
        slow.emplace_back(server.port());
        slow.back().send(
            i % 2 == 0 ? "GET /ok HTTP/1.1\r\nHost: te"
                       : "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{");
    }
    CHECK(eventually([&] { return server.counters.connections == 500; }));
    Client fast(server.port());
    const auto before = std::chrono::steady_clock::now();
    for (int i = 0; i < 200; ++i) CHECK(fast.ask(get("/ok"))->status == 200);
    CHECK(std::chrono::steady_clock::now() - before < 2s);
    slow[0].send("st\r\n\r\n");
    CHECK(slow[0].answer()->status == 200);
}

TEST_CASE("fifty kilobytes of headers and endless ones are refused with little memory") {
    TestServer server;
    Client wide(server.port());
    wide.send("GET /ok HTTP/1.1\r\nHost: test\r\nX: " + std::string(50'000, 'a') + "\r\n\r\n");
    CHECK(wide.answer()->status == 431);
    Client many(server.port());
    std::string lines;
    for (int i = 0; i < 150; ++i) lines += "X-" + std::to_string(i) + ": 1\r\n";
    CHECK(many.ask(get("/ok", lines))->status == 431);
    Client endless(server.port());
    endless.send("GET /" + std::string(60'000, 'a'));
    CHECK(endless.answer()->status == 414);
}

TEST_CASE("bodies that are only claimed cost no memory") {
    TestServer server([](Options& options) { options.limits.max_body = 64 * 1024 * 1024; });
    const std::size_t before = resident_bytes();
    std::vector<Client> clients;
    for (int i = 0; i < 200; ++i) {
        clients.emplace_back(server.port());
        clients.back().send(
            "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: 67108864\r\n\r\n{");
    }
    CHECK(eventually([&] { return server.counters.connections == 200; }));
    Client last(server.port());
    CHECK(last.ask(get("/ok"))->status == 200);
    CHECK(resident_bytes() - before < 64U * 1024 * 1024);
}
