#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <filesystem>

#include "unit/net/support.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

/// A certificate that signs itself, for one host, and the server side that shows it.
class TestCertificate {
public:
    explicit TestCertificate(const std::string& subject_alt_name, long valid_seconds = 3600) {
        key_ = EVP_EC_gen("P-256");
        certificate_ = X509_new();
        X509_set_version(certificate_, X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(certificate_), 1);
        X509_gmtime_adj(X509_getm_notBefore(certificate_), -7200);
        X509_gmtime_adj(X509_getm_notAfter(certificate_), valid_seconds);
        X509_NAME* const name = X509_get_subject_name(certificate_);
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
        X509_set_issuer_name(certificate_, name);
        X509_set_pubkey(certificate_, key_);
        add(NID_subject_alt_name, subject_alt_name);
        add(NID_basic_constraints, "critical,CA:TRUE");
        X509_sign(certificate_, key_, EVP_sha256());

        file_ = std::filesystem::temp_directory_path() / ("tollgate-ca-" + std::to_string(::getpid()) + ".pem");
        std::FILE* const out = std::fopen(file_.c_str(), "w");
        PEM_write_X509(out, certificate_);
        std::fclose(out);
        context_ = SSL_CTX_new(TLS_server_method());
        SSL_CTX_use_certificate(context_, certificate_);
        SSL_CTX_use_PrivateKey(context_, key_);
    }
    TestCertificate(const TestCertificate&) = delete;
    TestCertificate& operator=(const TestCertificate&) = delete;
    ~TestCertificate() {
        std::filesystem::remove(file_);
        SSL_CTX_free(context_);
        X509_free(certificate_);
        EVP_PKEY_free(key_);
    }

    [[nodiscard]] SSL_CTX* server() const noexcept { return context_; }
    [[nodiscard]] std::string file() const { return file_.string(); }

private:
    void add(int nid, const std::string& value) {
        X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
        X509_add_ext(certificate_, extension, -1);
        X509_EXTENSION_free(extension);
    }

    EVP_PKEY* key_;
    X509* certificate_;
    SSL_CTX* context_;
    std::filesystem::path file_;
};

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
