#include <boost/asio/experimental/awaitable_operators.hpp>

#include "unit/net/support.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

void serve_for_ever(Peer& peer) {
    while (!peer.read_request().empty()) peer.answer(200, "{}");
}

}  // namespace

TEST_CASE("exchanges one after the other share one connection") {
    ScriptedServer server(serve_for_ever);
    EventLoop loop;
    const auto client = client_of(loop, server.url());
    for (int i = 0; i < 20; ++i) REQUIRE(loop.run(client->exchange(post(loop.in(5s)))).has_value());
    CHECK(server.connections() == 1);
}

TEST_CASE("a connection is not used again after an answer that closes it or leaves bytes behind") {
    const std::string answer =
        GENERATE(as<std::string>(), "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
                 "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
                 "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    ScriptedServer server([&](Peer& peer) {
        peer.read_request();
        peer.send(answer);
        peer.wait_until_closed();
    });
    EventLoop loop;
    const auto client = client_of(loop, server.url());
    for (int i = 0; i < 3; ++i) {
        const auto reply = loop.run(client->exchange(post(loop.in(5s))));
        REQUIRE(reply.has_value());
        CHECK(reply->body == "{}");
    }
    CHECK(server.connections() == 3);
}

TEST_CASE("a kept connection that the server has closed meanwhile is replaced, and nobody notices") {
    std::atomic<bool> closed = false;
    ScriptedServer server({[&](Peer& peer) {
                               peer.read_request();
                               peer.answer(200, "{}");
                               peer.close();
                               closed = true;
                           },
                           serve_for_ever});
    EventLoop loop;
    const auto client = client_of(loop, server.url());
    REQUIRE(loop.run(client->exchange(post(loop.in(5s)))).has_value());
    loop.run_until([&] { return closed.load(); });
    CHECK(loop.run(client->exchange(post(loop.in(5s)))).has_value());
    CHECK(server.connections() == 2);
}

TEST_CASE("a kept connection on which something unasked arrived is not trusted with another request") {
    std::atomic<bool> may_speak = false;
    std::atomic<bool> spoke = false;
    ScriptedServer liar({[&](Peer& peer) {
                             peer.read_request();
                             peer.answer(200, "{}");
                             while (!may_speak) std::this_thread::yield();
                             peer.answer(200, "{\"authorization_id\":\"forged\"}");
                             spoke = true;
                             peer.wait_until_closed();
                         },
                         serve_for_ever});
    EventLoop loop;
    const auto client = client_of(loop, liar.url());
    REQUIRE(loop.run(client->exchange(post(loop.in(5s)))).has_value());
    may_speak = true;
    loop.run_until([&] { return spoke.load(); });
    const auto reply = loop.run(client->exchange(post(loop.in(5s))));
    REQUIRE(reply.has_value());
    CHECK(reply->body == "{}");
    CHECK(liar.connections() == 2);
}

TEST_CASE("a connection closed by the server after the next request was sent is never re-sent: the outcome is unknown") {
    ScriptedServer server([](Peer& peer) {
        peer.read_request();
        peer.answer(200, "{}");
        peer.read_request();
    });
    EventLoop loop;
    const auto client = client_of(loop, server.url());
    REQUIRE(loop.run(client->exchange(post(loop.in(5s)))).has_value());
    CHECK(code_of(loop.run(client->exchange(post(loop.in(5s))))) == Code::gateway_timeout);
    CHECK(server.connections() == 1);
}

TEST_CASE("no more connections than allowed are opened, and the others wait for their turn") {
    std::atomic<int> at_once = 0;
    std::atomic<int> most = 0;
    ScriptedServer server([&](Peer& peer) {
        while (!peer.read_request().empty()) {
            const int now = ++at_once;
            int seen = most;
            while (seen < now && !most.compare_exchange_weak(seen, now)) {
            }
            --at_once;
            peer.answer(200, "{}");
        }
    });
    EventLoop loop;
    const auto client = client_of(loop, server.url(), {.connections_max = 4});
    int good = 0;
    int done = 0;
    for (int i = 0; i < 200; ++i) {
        loop.start([](HttpClient& to, OutboundRequest request, int& ok, int& all) -> Task<void> {
            if (const auto reply = co_await to.exchange(std::move(request)); reply && reply->status == 200) ++ok;
            ++all;
        }(*client, post(loop.in(20s)), good, done));
    }
    loop.run_until([&] { return done == 200; });
    CHECK(good == 200);
    CHECK(server.connections() == 4);
    CHECK(most <= 4);
}

TEST_CASE("who waits for a connection in vain gives up at the deadline, and a full line refuses at once") {
    std::atomic<bool> taken = false;
    ScriptedServer server([&](Peer& peer) {
        peer.read_request();
        taken = true;
        peer.wait_until_closed();
    });
    EventLoop loop;
    const auto client = client_of(loop, server.url(), {.connections_max = 1, .waiting_max = 1});
    const auto go = [&](SteadyTime deadline, std::optional<Result<OutboundReply>>& out) {
        loop.start([](HttpClient& to, OutboundRequest request, std::optional<Result<OutboundReply>>& to_fill) -> Task<void> {
            to_fill.emplace(co_await to.exchange(std::move(request)));
        }(*client, post(deadline), out));
    };
    std::optional<Result<OutboundReply>> holder;
    std::optional<Result<OutboundReply>> waiter;
    std::optional<Result<OutboundReply>> refused;
    go(loop.in(30s), holder);
    loop.run_until([&] { return taken.load(); });
    go(loop.in(500ms), waiter);
    go(loop.in(30s), refused);
    loop.run_until([&] { return refused.has_value(); });
    CHECK_FALSE(waiter.has_value());
    CHECK(code_of(*refused) == Code::network_error);
    loop.run_until([&] { return waiter.has_value(); });
    CHECK(code_of(*waiter) == Code::network_error);
    CHECK_FALSE(holder.has_value());
}

TEST_CASE("an exchange whose coroutine is cancelled closes its socket and frees its place") {
    using namespace asio::experimental::awaitable_operators;
    std::atomic<bool> reading = false;
    std::atomic<bool> closed = false;
    ScriptedServer server({[&](Peer& peer) {
                               peer.read_request();
                               reading = true;
                               peer.wait_until_closed();
                               closed = true;
                           },
                           serve_for_ever});
    EventLoop loop;
    const auto client = client_of(loop, server.url(), {.connections_max = 1});
    const auto cancelled = loop.run([](EventLoop& on, HttpClient& to, std::atomic<bool>& begun) -> Task<bool> {
        const auto when_begun = [](EventLoop& where, std::atomic<bool>& flag) -> Task<void> {
            while (!flag) co_await sleep_for(where.runtime(), 1ms);
        };
        const auto first = co_await (to.exchange(post(on.in(30s))) || when_begun(on, begun));
        co_return first.index() == 1;
    }(loop, *client, reading));
    CHECK(cancelled);
    loop.run_until([&] { return closed.load(); });
    CHECK(loop.run(client->exchange(post(loop.in(5s)))).has_value());
}

TEST_CASE("an idle connection is closed after its time") {
    std::atomic<bool> closed = false;
    ScriptedServer server([&](Peer& peer) {
        peer.read_request();
        peer.answer(200, "{}");
        peer.wait_until_closed();
        closed = true;
    });
    EventLoop loop;
    const auto client = client_of(loop, server.url(), {.idle_timeout = 100ms});
    REQUIRE(loop.run(client->exchange(post(loop.in(5s)))).has_value());
    loop.run_until([&] { return closed.load(); });
    CHECK(closed);
}
