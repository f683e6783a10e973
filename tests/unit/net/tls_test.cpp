#include "support/test_certificate.hpp"
#include "unit/net/support.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

void serve_for_ever(Peer& peer) {
    while (!peer.read_request().empty()) peer.answer(200, "{}");
}

Result<OutboundReply> call(const TestCertificate& shown, const std::string& trusted, const std::string& host) {
    ScriptedServer server({serve_for_ever}, shown.server());
    EventLoop loop;
    const auto client = client_of(loop, "https://" + host + ":" + std::to_string(server.port()), {.trusted_ca_file = trusted});
    return loop.run(client->exchange(post(loop.in(10s))));
}

}  // namespace

TEST_CASE("a trusted certificate for this host is spoken to, on one connection for several exchanges") {
    const TestCertificate certificate("DNS:localhost,IP:127.0.0.1");
    ScriptedServer server({serve_for_ever}, certificate.server());
    EventLoop loop;
    const std::string host = GENERATE("localhost", "127.0.0.1");
    const auto client =
        client_of(loop, "https://" + host + ":" + std::to_string(server.port()), {.trusted_ca_file = certificate.file()});
    for (int i = 0; i < 5; ++i) {
        const auto reply = loop.run(client->exchange(post(loop.in(10s))));
        REQUIRE(reply.has_value());
        CHECK(reply->body == "{}");
    }
    CHECK(server.connections() == 1);
}

TEST_CASE("an untrusted, expired or foreign certificate gets no byte of the request") {
    SECTION("untrusted") {
        const TestCertificate certificate("IP:127.0.0.1");
        const auto reply = call(certificate, "", "127.0.0.1");
        CHECK(code_of(reply) == Code::network_error);
        CHECK(reply.error().detail.find("certificate verify failed") != std::string::npos);
    }
    SECTION("for another name") {
        const TestCertificate certificate("DNS:elsewhere.example");
        CHECK(code_of(call(certificate, certificate.file(), "localhost")) == Code::network_error);
    }
    SECTION("for another address") {
        const TestCertificate certificate("IP:127.0.0.2");
        CHECK(code_of(call(certificate, certificate.file(), "127.0.0.1")) == Code::network_error);
    }
    SECTION("expired") {
        const TestCertificate certificate("IP:127.0.0.1", -3600);
        CHECK(code_of(call(certificate, certificate.file(), "127.0.0.1")) == Code::network_error);
    }
}

TEST_CASE("TLS older than 1.2 is not spoken") {
    const TestCertificate certificate("IP:127.0.0.1");
    SSL_CTX_set_security_level(certificate.server(), 0);
    SSL_CTX_set_min_proto_version(certificate.server(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(certificate.server(), TLS1_1_VERSION);
    CHECK(code_of(call(certificate, certificate.file(), "127.0.0.1")) == Code::network_error);
}

TEST_CASE("a server that does not speak TLS, or stays silent in the handshake, is a network error") {
    const std::string_view said = GENERATE("HTTP/1.1 400 Bad Request\r\n\r\n", "");
    ScriptedServer server([&](Peer& peer) {
        peer.send(said);
        peer.wait_until_closed();
    });
    EventLoop loop;
    const auto client = client_of(loop, "https://127.0.0.1:" + std::to_string(server.port()));
    CHECK(code_of(loop.run(client->exchange(post(loop.in(300ms))))) == Code::network_error);
}

TEST_CASE("a TLS connection cut after the request leaves the outcome unknown") {
    const TestCertificate certificate("IP:127.0.0.1");
    ScriptedServer server({[](Peer& peer) { peer.read_request(); }}, certificate.server());
    EventLoop loop;
    const auto client =
        client_of(loop, "https://127.0.0.1:" + std::to_string(server.port()), {.trusted_ca_file = certificate.file()});
    CHECK(code_of(loop.run(client->exchange(post(loop.in(10s))))) == Code::gateway_timeout);
}

TEST_CASE("a CA file that cannot be used is named when the client is made") {
    EventLoop loop;
    const auto made = HttpClient::make(loop.runtime(), "https://127.0.0.1", {.trusted_ca_file = "/nowhere/ca.pem"});
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error().detail.find("/nowhere/ca.pem") != std::string::npos);
}
