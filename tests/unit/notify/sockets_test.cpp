// A notifier, its vetted client and a shop that listens, over real sockets.
#include "net/http_client.hpp"
#include "support/event_loop.hpp"
#include "support/scripted_server.hpp"
#include "unit/notify/support.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

/// What a notifier made of the only event there was, once it was tried.
struct Delivered {
    StoredEvent event;
    std::vector<std::string> told;
};

Delivered deliver_to(const std::string& url) {
    EventLoop loop;
    MemoryStore store;
    KeptPages pager;
    KeptOutcomes meter;
    Delivered delivered;
    Event event = event_of("A", 1);
    event.at = loop.runtime().clock.wall();
    store.events.queue({event}, event.at);
    auto [origin, path] = split_target(url);
    const auto client = HttpClient::make(loop.runtime(), origin, {.may_reach = vet_target});
    REQUIRE(client.has_value());
    Notifier notifier(loop.runtime(), store.event_store(), **client, {path, published_key}, pager, meter,
                      [&](const FailedDelivery& failed) { delivered.told.push_back(std::string(failed.why)); });
    loop.start(notifier.run());
    loop.run_until([&] { return !meter.outcomes.empty(); });
    notifier.stop();
    CHECK(loop.run(notifier.ended(loop.in(10s))));
    delivered.event = *store.events.find(event.id);
    return delivered;
}

std::string line_of(const std::string& request, const std::string& name) {
    const auto begin = request.find("\r\n" + name + ": ");
    REQUIRE(begin != std::string::npos);
    const auto value = begin + name.size() + 4;
    return request.substr(value, request.find("\r\n", value) - value);
}

}  // namespace

TEST_CASE("a shop that listens gets the event with headers that its own check accepts") {
    std::string seen;
    ScriptedServer shop([&](Peer& peer) {
        seen = peer.read_request();
        peer.answer(204, "");
    });
    const auto delivered = deliver_to(shop.url() + "/hooks?token=1");
    CHECK(delivered.event.state == StoredEvent::State::done);
    CHECK(delivered.told.empty());

    CHECK(seen.starts_with("POST /hooks?token=1 HTTP/1.1\r\n"));
    CHECK(line_of(seen, "User-Agent").starts_with("tollgate/"));
    CHECK(line_of(seen, "Content-Type") == "application/json");
    const std::string body = seen.substr(seen.find("\r\n\r\n") + 4);
    CHECK(body == delivered.event.event.body);
    CHECK(line_of(seen, "webhook-signature") ==
          standard_signature(published_key, delivered.event.event.id, line_of(seen, "webhook-timestamp"), body));
    CHECK(line_of(seen, "webhook-id") == delivered.event.event.id);
}

TEST_CASE("a shop that sends the event elsewhere has not taken it, and nothing goes there") {
    ScriptedServer elsewhere([](Peer& peer) {
        peer.read_request();
        peer.answer(200, "{}");
    });
    ScriptedServer shop([&](Peer& peer) {
        peer.read_request();
        peer.answer(308, "", "Location: " + elsewhere.url() + "/\r\n");
    });
    const auto delivered = deliver_to(shop.url());
    CHECK(delivered.event.failures == 1);
    CHECK(delivered.event.note == "it answered 308");
    CHECK(elsewhere.connections() == 0);
}

TEST_CASE("a shop whose name leads to this machine is not called, and what is told keeps its token") {
    ScriptedServer here([](Peer& peer) {
        peer.read_request();
        peer.answer(200, "{}");
    });
    const auto delivered = deliver_to("http://127.1:" + std::to_string(here.port()) + "/hooks?token=secret");
    CHECK(delivered.event.failures == 1);
    REQUIRE(delivered.told.size() == 1);
    CHECK(delivered.told.front().find("the host 127.1 resolves to 127.0.0.1, a loopback address") != std::string::npos);
    CHECK(delivered.told.front().find("secret") == std::string::npos);
    CHECK(here.connections() == 0);
}
