#include "unit/net/support.hpp"

using namespace tollgate;
using namespace tollgate::test;

TEST_CASE("an answered call returns status, body and Retry-After, and the server saw the whole request") {
    std::string seen;
    ScriptedServer server([&](Peer& peer) {
        seen = peer.read_request();
        peer.answer(503, "{\"a\":1}", "Retry-After: 7\r\n");
    });
    EventLoop loop;
    const auto client = client_of(loop, server.url() + "/api/");
    auto request = post(loop.in(5s));
    request.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    request.authorization = "Bearer secret";
    request.headers = {{"webhook-id", "evt_1"}, {"webhook-timestamp", "1674087231"}};
    const auto reply = loop.run(client->exchange(request));

    REQUIRE(reply.has_value());
    CHECK(reply->status == 503);
    CHECK(reply->body == "{\"a\":1}");
    CHECK(reply->retry_after == Milliseconds(7000));
    CHECK(seen.starts_with("POST /api/v1/authorize HTTP/1.1\r\n"));
    CHECK(seen.find("Host: 127.0.0.1:" + std::to_string(server.port()) + "\r\n") != seen.npos);
    CHECK(seen.find("Idempotency-Key: key-1\r\n") != seen.npos);
    CHECK(seen.find("traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n") != seen.npos);
    CHECK(seen.find("Authorization: Bearer secret\r\n") != seen.npos);
    CHECK(seen.find("webhook-id: evt_1\r\nwebhook-timestamp: 1674087231\r\n") != seen.npos);
    CHECK(seen.ends_with("\r\n\r\n{\"amount\":4999}"));
}

TEST_CASE("a server that is not there is a network error: nothing was sent") {
    EventLoop loop;
    const auto client = client_of(loop, "http://127.0.0.1:" + std::to_string(ScriptedServer::dead_port()));
    const auto reply = loop.run(client->exchange(post(loop.in(5s))));
    CHECK(code_of(reply) == Code::network_error);
    CHECK(reply.error().execution == Execution::not_executed);
}

TEST_CASE("a name that does not exist is a network error that says so") {
    EventLoop loop;
    const auto client = client_of(loop, "http://no-such-host.invalid:80");
    const auto reply = loop.run(client->exchange(post(loop.in(10s))));
    CHECK(code_of(reply) == Code::network_error);
    CHECK(reply.error().detail.find("no-such-host.invalid") != std::string::npos);
}

TEST_CASE("a name with several addresses is reached at the one that answers") {
    ScriptedServer server([](Peer& peer) {
        peer.read_request();
        peer.answer(200, "{}");
    });
    EventLoop loop;
    const auto client = client_of(loop, "http://localhost:" + std::to_string(server.port()));
    CHECK(loop.run(client->exchange(post(loop.in(5s)))).has_value());
}

TEST_CASE("a connection cut after the request was read leaves the outcome unknown") {
    const auto reply = post_to([](Peer& peer) { peer.read_request(); });
    CHECK(code_of(reply) == Code::gateway_timeout);
    CHECK(reply.error().execution == Execution::unknown);
}

TEST_CASE("a connection reset after the request was read leaves the outcome unknown") {
    const auto reply = post_to([](Peer& peer) {
        peer.read_request();
        peer.reset();
    });
    CHECK(code_of(reply) == Code::gateway_timeout);
}

TEST_CASE("half an answer leaves the outcome unknown, wherever it breaks off") {
    const std::string part = GENERATE(as<std::string>(), "HTTP/1.1 20", "HTTP/1.1 200 OK\r\nContent-Le",
                                      "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"a\":1}",
                                      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":");
    const auto reply = post_to([&](Peer& peer) {
        peer.read_request();
        peer.send(part);
    });
    CHECK(code_of(reply) == Code::gateway_timeout);
}

TEST_CASE("a silent server is given up at the deadline, and the outcome is unknown") {
    const auto begun = std::chrono::steady_clock::now();
    const auto reply = post_to([](Peer& peer) { peer.wait_until_closed(); }, 200ms);
    const auto took = std::chrono::steady_clock::now() - begun;
    CHECK(code_of(reply) == Code::gateway_timeout);
    CHECK(took >= 200ms);
    CHECK(took < 5s);
}

TEST_CASE("an answer that trickles in is bounded by the total deadline, not by each byte") {
    const auto reply = post_to(
        [](Peer& peer) {
            peer.read_request();
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{");
            peer.wait_until_closed();
        },
        200ms);
    CHECK(code_of(reply) == Code::gateway_timeout);
}

TEST_CASE("without time left nothing is sent") {
    ScriptedServer server([](Peer& peer) { peer.wait_until_closed(); });
    EventLoop loop;
    const auto client = client_of(loop, server.url());
    CHECK(code_of(loop.run(client->exchange(post(loop.in(-1ms))))) == Code::network_error);
    CHECK(server.connections() == 0);
}

TEST_CASE("a header that would break the request is not sent") {
    ScriptedServer server([](Peer& peer) { peer.wait_until_closed(); });
    EventLoop loop;
    const auto client = client_of(loop, server.url());
    auto request = post(loop.in(5s));
    SECTION("of ours") {
        request.authorization = "Bearer x\r\nX-Evil: 1";
    }
    SECTION("of the caller's") {
        request.headers = {{"webhook-id", "evt_1\r\nX-Evil: 1"}};
    }
    SECTION("by its name") {
        request.headers = {{"webhook-id: 1\r\nX-Evil", "1"}};
    }
    CHECK(code_of(loop.run(client->exchange(request))) == Code::network_error);
    CHECK(server.connections() == 0);
}

TEST_CASE("a body larger than the socket's buffer arrives whole") {
    std::size_t seen = 0;
    ScriptedServer server([&](Peer& peer) {
        seen = peer.read_request().size();
        peer.answer(200, "{}");
    });
    EventLoop loop;
    const auto client = client_of(loop, server.url());
    const std::string large(8'000'000, 'x');
    CHECK(loop.run(client->exchange(post(loop.in(20s), large))).has_value());
    CHECK(seen > large.size());
}

TEST_CASE("a server that stops reading in the middle of the request leaves the outcome unknown at the deadline") {
    EventLoop loop;
    std::atomic<bool> over = false;
    ScriptedServer server([&](Peer&) {
        while (!over) std::this_thread::yield();
    });
    const auto client = client_of(loop, server.url());
    // The body is made first, and the time is ample: the deadline must come after the first byte has left.
    const std::string body(30'000'000, 'x');
    const auto reply = loop.run(client->exchange(post(loop.in(3s), body)));
    over = true;
    CHECK(code_of(reply) == Code::gateway_timeout);
}

TEST_CASE("destroying the client ends the exchanges that are under way") {
    std::atomic<bool> reading = false;
    ScriptedServer server([&](Peer& peer) {
        peer.read_request();
        reading = true;
        peer.wait_until_closed();
    });
    EventLoop loop;
    auto client = client_of(loop, server.url());
    std::optional<Result<OutboundReply>> reply;
    loop.start([](HttpClient& to, OutboundRequest request, std::optional<Result<OutboundReply>>& out) -> Task<void> {
        out.emplace(co_await to.exchange(std::move(request)));
    }(*client, post(loop.in(50s)), reply));
    loop.run_until([&] { return reading.load(); });
    client.reset();
    loop.run_until([&] { return reply.has_value(); });
    CHECK(code_of(*reply) == Code::gateway_timeout);
}
