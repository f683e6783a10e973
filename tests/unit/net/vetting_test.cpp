// Which addresses a client may be led to by a name.
#include "net/vetting.hpp"

#include "unit/net/support.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

std::string refusal(std::string_view host, const std::vector<std::string>& addresses) {
    std::vector<asio::ip::tcp::endpoint> endpoints;
    for (const auto& address : addresses) endpoints.emplace_back(asio::ip::make_address(address), 443);
    return vet_target(host, endpoints).value_or("");
}

/// Answers every request with 200 and a body.
ScriptedServer::Conversation answering() {
    return [](Peer& peer) {
        while (!peer.read_request().empty()) peer.answer(200, "{}");
    };
}

HttpClientOptions vetted() {
    return {.may_reach = vet_target};
}

}  // namespace

TEST_CASE("a name that resolves to public addresses only may be called") {
    CHECK(refusal("shop.example", {"8.8.8.8"}).empty());
    CHECK(refusal("shop.example", {"2606:4700::1111", "64:ff9b::8.8.8.8", "1.1.1.1"}).empty());
}

TEST_CASE("one address that is not public refuses all that came with it, wherever it stands") {
    for (const char* bad : {"127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "192.0.2.1",
                            "::1", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "2002:7f00:1::"}) {
        CAPTURE(bad);
        CHECK_FALSE(refusal("shop.example", {bad}).empty());
        CHECK_FALSE(refusal("shop.example", {bad, "8.8.8.8"}).empty());
        CHECK_FALSE(refusal("shop.example", {"8.8.8.8", "1.1.1.1", bad}).empty());
    }
}

TEST_CASE("a refusal names the address, what is wrong with it, and the mend") {
    CHECK(refusal("shop.example", {"8.8.8.8", "10.1.2.3"}) ==
          "resolves to 10.1.2.3, a private address: name a host that has public addresses only, or write the address itself");
    CHECK(refusal("169.254.169.254", {"169.254.169.254"}) ==
          "is 169.254.169.254, a link-local address: write the name or the address of a host");
}

TEST_CASE("localhost is loopback and nothing else") {
    CHECK(refusal("localhost", {"127.0.0.1", "::1"}).empty());
    CHECK(refusal("LOCALHOST", {"127.0.0.1"}).empty());
    CHECK_FALSE(refusal("localhost", {"127.0.0.1", "8.8.8.8"}).empty());
    CHECK_FALSE(refusal("localhost", {"10.0.0.1"}).empty());
    CHECK_FALSE(refusal("localhost.shop.example", {"127.0.0.1"}).empty());
    CHECK_FALSE(refusal("shop.localhost", {"127.0.0.1"}).empty());
}

TEST_CASE("an address that is written out is the operator's own word unless no host can have it") {
    for (const char* good : {"127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "100.64.0.1", "fd00::1", "8.8.8.8"}) {
        CAPTURE(good);
        CHECK(refusal(good, {good}).empty());
    }
    for (const char* bad : {"169.254.169.254", "fe80::1", "fe80::1%2", "0.0.0.0", "::", "224.0.0.1", "ff02::1",
                            "255.255.255.255", "::ffff:169.254.169.254", "::ffff:0.0.0.0"}) {
        CAPTURE(bad);
        CHECK_FALSE(refusal(bad, {bad}).empty());
    }
}

TEST_CASE("a vetted client reaches loopback that is called so, by name and by address") {
    ScriptedServer server(answering());
    EventLoop loop;
    for (const char* host : {"localhost", "127.0.0.1"}) {
        const auto client = client_of(loop, "http://" + std::string(host) + ":" + std::to_string(server.port()), vetted());
        CHECK(loop.run(client->exchange(post(loop.in(5s)))).has_value());
    }
}

TEST_CASE("another way to write 127.0.0.1 is a name to a vetted client, and does not reach it") {
    ScriptedServer server(answering());
    EventLoop loop;
    for (const char* host : {"127.1", "2130706433", "0x7f.1"}) {
        CAPTURE(host);
        const std::string url = "http://" + std::string(host) + ":" + std::to_string(server.port());
        REQUIRE(loop.run(client_of(loop, url)->exchange(post(loop.in(5s)))).has_value());
        const auto reply = loop.run(client_of(loop, url, vetted())->exchange(post(loop.in(5s))));
        CHECK(code_of(reply) == Code::network_error);
        CHECK(reply.error().detail.find(std::string("the host ") + host + " resolves to 127.0.0.1, a loopback") !=
              std::string::npos);
    }
    CHECK(server.connections() == 3);
}

TEST_CASE("an address that no host can have is refused without a connection") {
    EventLoop loop;
    const auto reply = loop.run(client_of(loop, "http://169.254.169.254", vetted())->exchange(post(loop.in(5s))));
    CHECK(code_of(reply) == Code::network_error);
    CHECK(reply.error().detail.find("169.254.169.254, a link-local address") != std::string::npos);
}

TEST_CASE("a name that is led elsewhere later is not reached any more, at its earlier addresses neither") {
    ScriptedServer server(std::vector<ScriptedServer::Conversation>{[](Peer& peer) {
                                                                        peer.read_request();
                                                                        peer.answer(200, "{}", "Connection: close\r\n");
                                                                    },
                                                                    answering()});
    EventLoop loop;
    int asked = 0;
    const AddressRule at_first = [&](std::string_view host, auto addresses) -> std::optional<std::string> {
        CHECK(host == "localhost");
        CHECK_FALSE(addresses.empty());
        if (++asked == 1) return std::nullopt;
        return "was rebound";
    };
    const auto client =
        client_of(loop, "http://localhost:" + std::to_string(server.port()), {.addresses_kept = 0ms, .may_reach = at_first});
    CHECK(loop.run(client->exchange(post(loop.in(5s)))).has_value());
    CHECK(code_of(loop.run(client->exchange(post(loop.in(5s))))) == Code::network_error);
    CHECK(asked == 2);
    CHECK(server.connections() == 1);
}

TEST_CASE("a redirect is an answer like any other, and nobody goes where it points") {
    ScriptedServer elsewhere(answering());
    ScriptedServer server([&](Peer& peer) {
        peer.read_request();
        peer.answer(307, "", "Location: " + elsewhere.url() + "/\r\n");
    });
    EventLoop loop;
    const auto reply = loop.run(client_of(loop, server.url(), vetted())->exchange(post(loop.in(5s))));
    REQUIRE(reply.has_value());
    CHECK(reply->status == 307);
    CHECK(elsewhere.connections() == 0);
}
