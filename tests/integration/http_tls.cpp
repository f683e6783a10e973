#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ssl.hpp>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

#include "integration/http_fixture.hpp"
#include "service/http/tls.hpp"

using namespace tollgate;
using namespace tollgate::http;
using namespace tollgate::http::testing;
using namespace std::chrono_literals;
namespace ssl = asio::ssl;

namespace {

/// A CA, a server's and a client's certificate in a folder of their own.
class Certificates {
public:
    Certificates() {
        std::string name = (std::filesystem::temp_directory_path() / "tollgate-tls-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        folder_ = name;
        openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=ca -keyout ca.key -out ca.pem");
        for (const std::string who : {"server", "client"}) {
            openssl("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=" + who + " -keyout " + who +
                    ".key -out " + who + ".csr");
            openssl("x509 -req -days 2 -in " + who + ".csr -CA ca.pem -CAkey ca.key -CAcreateserial -out " + who + ".pem");
        }
    }
    ~Certificates() { std::filesystem::remove_all(folder_); }

    std::string file(const std::string& name) const { return folder_ / name; }

    std::shared_ptr<ssl::context> server(bool with_clients) const {
        auto context = make_server_tls({file("server.pem"), file("server.key"), with_clients ? file("ca.pem") : ""});
        REQUIRE(context);
        return *context;
    }

private:
    void openssl(const std::string& arguments) const {
        REQUIRE(std::system(("cd '" + folder_.string() + "' && openssl " + arguments + " >/dev/null 2>&1").c_str()) == 0);
    }
    std::filesystem::path folder_;
};

/// A TLS client over a raw socket; throws when the handshake or a read fails.
class TlsClient {
public:
    TlsClient(unsigned short port, ssl::context& context) : stream_(io_, context) {
        stream_.next_layer().connect({asio::ip::address_v4::loopback(), port});
        stream_.handshake(ssl::stream_base::client);
    }
    std::string version() { return SSL_get_version(stream_.native_handle()); }
    void send(std::string_view bytes) { asio::write(stream_, asio::buffer(bytes)); }
    Answer ask(std::string_view bytes) {
        send(bytes);
        return answer();
    }
    Answer answer() {
        for (;;) {
            if (auto whole = take_answer(buffer_, false)) return *whole;
            char bytes[65536];
            buffer_.append(bytes, stream_.read_some(asio::buffer(bytes)));
        }
    }
    /// The bytes that came, once they end so.
    std::string until(std::string_view end) {
        while (!buffer_.ends_with(end)) {
            char bytes[4096];
            buffer_.append(bytes, stream_.read_some(asio::buffer(bytes)));
        }
        return std::exchange(buffer_, {});
    }
    /// With a goodbye it returns once the other end said its own.
    void leave(bool with_goodbye) {
        boost::system::error_code ignored;
        if (with_goodbye)
            stream_.shutdown(ignored);
        else
            stream_.next_layer().close(ignored);
    }
    /// Reads to the end; whether the server said goodbye properly.
    bool ends_cleanly() {
        boost::system::error_code ec;
        char bytes[4096];
        while (!ec) stream_.read_some(asio::buffer(bytes), ec);
        return ec == asio::error::eof;
    }

private:
    asio::io_context io_;
    ssl::stream<asio::ip::tcp::socket> stream_;
    std::string buffer_;
};

ssl::context trusting(const Certificates& certificates) {
    ssl::context context(ssl::context::tls_client);
    context.load_verify_file(certificates.file("ca.pem"));
    context.set_verify_mode(ssl::verify_peer);
    return context;
}

}  // namespace

TEST_CASE("requests are served over TLS 1.3 and 1.2, and not over 1.1") {
    const Certificates certificates;
    TestServer server([&](Options& options) { options.tls = certificates.server(false); });
    for (const int version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
        ssl::context context = trusting(certificates);
        SSL_CTX_set_max_proto_version(context.native_handle(), version);
        TlsClient client(server.port(), context);
        CHECK(client.version() == (version == TLS1_3_VERSION ? "TLSv1.3" : "TLSv1.2"));
        CHECK(client.ask(get("/ok")).status == 200);
        CHECK(client.ask(post("/echo", std::string(100'000, ' '))).body.size() == 100'000);
        CHECK(client.ask(get("/big")).body.size() == 32U * 1024 * 1024);
        CHECK(client.ask(get("/ok", "Connection: close\r\n")).status == 200);
        CHECK(client.ends_cleanly());
    }
    ssl::context old = trusting(certificates);
    SSL_CTX_set_security_level(old.native_handle(), 0);
    SSL_CTX_set_min_proto_version(old.native_handle(), TLS1_1_VERSION);
    SSL_CTX_set_max_proto_version(old.native_handle(), TLS1_1_VERSION);
    CHECK_THROWS(TlsClient(server.port(), old));
}

TEST_CASE("with a client CA, a certificate of it is required") {
    const Certificates certificates;
    TestServer server([&](Options& options) { options.tls = certificates.server(true); });
    ssl::context known = trusting(certificates);
    known.use_certificate_file(certificates.file("client.pem"), ssl::context::pem);
    known.use_private_key_file(certificates.file("client.key"), ssl::context::pem);
    TlsClient client(server.port(), known);
    CHECK(client.ask(get("/ok")).status == 200);

    const Certificates strangers;
    for (const bool with_certificate : {false, true}) {
        ssl::context unknown = trusting(certificates);
        if (with_certificate) {
            unknown.use_certificate_file(strangers.file("client.pem"), ssl::context::pem);
            unknown.use_private_key_file(strangers.file("client.key"), ssl::context::pem);
        }
        CHECK_THROWS(
            TlsClient(server.port(), unknown).ask(get("/ok")));  // in TLS 1.3 the refusal comes after the client's part
    }
    CHECK(eventually([&] { return server.counters.tls_failures == 2; }));
}

TEST_CASE("garbage and silence instead of a handshake are counted and dropped, others are served") {
    const Certificates certificates;
    TestServer server([&](Options& options) {
        options.tls = certificates.server(false);
        options.limits.handshake_timeout = 1s;
    });
    Client garbage(server.port());
    garbage.send(get("/ok"));
    Client silent(server.port());
    ssl::context context = trusting(certificates);
    TlsClient client(server.port(), context);
    CHECK(client.ask(get("/ok")).status == 200);
    CHECK(garbage.rest().find("HTTP/1.1") == std::string::npos);
    CHECK(silent.is_closed());
    CHECK(server.counters.tls_failures == 2);
}

TEST_CASE("over TLS too, a client that goes on writing a refused body reads the answer") {
    const Certificates certificates;
    TestServer server([&](Options& options) { options.tls = certificates.server(false); });
    ssl::context context = trusting(certificates);
    TlsClient client(server.port(), context);
    client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: 1048576\r\n\r\n");
    client.send(std::string(1'048'576, 'x'));
    CHECK(client.answer().status == 413);
}

TEST_CASE("over TLS too, an answer goes on piece by piece to its end, and does not outlive its client") {
    const Certificates certificates;
    TestServer server([&](Options& options) { options.tls = certificates.server(false); });
    ssl::context context = trusting(certificates);
    {
        TlsClient client(server.port(), context);
        client.send(get("/pieces"));
        CHECK(client.until("begun;").find("\r\n\r\nbegun;") != std::string::npos);
        for (const std::string piece : {"one", "two"}) {
            server.say(piece);
            CHECK(client.until(piece) == piece);
        }
        server.say(std::nullopt);
        CHECK(client.ends_cleanly());
    }
    CHECK(eventually([&] { return server.sources == 0; }));
    for (const bool says_goodbye : {false, true}) {
        TlsClient client(server.port(), context);
        client.send(get("/pieces"));
        client.until("begun;");
        CHECK(server.sources == 1);
        client.leave(says_goodbye);
        CHECK(eventually([&] { return server.sources == 0; }));
    }
}

TEST_CASE("TLS files that cannot be used are named") {
    const Certificates certificates;
    const auto missing = make_server_tls({certificates.file("absent.pem"), certificates.file("server.key"), ""});
    REQUIRE_FALSE(missing);
    CHECK(missing.error().detail.find("absent.pem") != std::string::npos);
    const auto mixed = make_server_tls({certificates.file("server.pem"), certificates.file("client.key"), ""});
    REQUIRE_FALSE(mixed);
    CHECK(mixed.error().detail.find("client.key") != std::string::npos);
}
