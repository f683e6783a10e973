#include <catch2/catch.hpp>

#include "integration/http_fixture.hpp"

using namespace tollgate;
using namespace tollgate::http;
using namespace tollgate::http::testing;
using namespace std::string_literals;

namespace {

const std::string host = "Host: test\r\nContent-Type: application/json\r\n";

/// The attack is refused once, the connection ends, and what was hidden behind it is never served.
void refused(const std::string& attack, int status = 400) {
    CAPTURE(attack);
    TestServer server;
    Client client(server.port());
    client.send(attack + get("/ok", "X-Request-Id: smuggled\r\n"));
    const auto answer = client.answer();
    REQUIRE(answer);
    CHECK(answer->status == status);
    CHECK(answer->header("connection") == "close");
    client.finish_sending();
    CHECK(client.rest().empty());
    CHECK(server.posted == 0);
}

std::string chunked(const std::string& body, const std::string& more = "") {
    return "POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n" + more + "\r\n" + body;
}

}  // namespace

TEST_CASE("Content-Length beside Transfer-Encoding is refused, in either order") {
    refused("POST /echo HTTP/1.1\r\n" + host + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    refused("POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n");
    refused("GET /ok HTTP/1.1\r\n" + host + "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
}

TEST_CASE("a Transfer-Encoding that is not exactly chunked is refused") {
    for (const char* value : {"chunked, chunked", "chunked, gzip", "chunked,", "", "chunked,identity"}) {
        const std::string line = std::string("Transfer-Encoding: ") + value + "\r\n";
        const bool empty_tail = std::string(value) == "chunked,";
        refused("POST /echo HTTP/1.1\r\n" + host + line + "\r\n0\r\n\r\n", empty_tail ? 501 : 400);
    }
    for (const char* value : {"gzip, chunked", "xchunked", "identity", "chunked;q=1", "\"chunked\"", "gzip"})
        refused("POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: " + value + "\r\n\r\n0\r\n\r\n", 501);
    refused("POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    refused("POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n");
    refused("POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n");
    refused("POST /echo HTTP/1.1\r\n" + host +
            "Transfer-Encoding: \x0b"
            "chunked\r\n\r\n0\r\n\r\n");
}

TEST_CASE("chunked on HTTP/1.0 is refused") {
    refused("POST /echo HTTP/1.0\r\n" + host + "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
}

TEST_CASE("a Content-Length that is not one plain number is refused") {
    for (const char* value : {"5, 5", "5,6", "+5", "-5", "0x5", "5 5", "", "5.0", "5a", "18446744073709551616", ",5", "5,"})
        refused("POST /echo HTTP/1.1\r\n" + host + "Content-Length: " + value + "\r\n\r\nhello");
    refused("POST /echo HTTP/1.1\r\n" + host + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello");
    refused("POST /echo HTTP/1.1\r\n" + host + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello");
    refused("POST /echo HTTP/1.1\r\n" + host + "Content-Length : 5\r\n\r\nhello");
}

TEST_CASE("a claimed length beyond every bound cannot pass for a body that is here") {
    refused("POST /nowhere HTTP/1.1\r\n" + host + "Content-Length: 18446744073709551615\r\n\r\n", 404);
    refused("POST /echo HTTP/1.1\r\n" + host + "Content-Length: 18446744073709551000\r\n\r\n", 413);
}

TEST_CASE("a trailer that carries framing, routing or a key is refused") {
    for (const char* name :
         {"Content-Length", "Transfer-Encoding", "Host", "Idempotency-Key", "Authorization", "X-Request-Id", "Content-Type",
          "connection", "TRAILER", "Cookie", "traceparent", "webhook-id", "Stripe-Signature", "X-Forwarded-For"})
        refused(chunked(std::string("2\r\n{}\r\n0\r\n") + name + ": 1\r\n\r\n"));
    refused(chunked("2\r\n{}\r\n0\r\nfolded: a\r\n b: c\r\n\r\n"));
    refused(chunked("2\r\n{}\r\n0\r\nno colon\r\n\r\n"));
    refused(chunked("2\r\n{}\r\n0\r\nspace : a\r\n\r\n"));
    refused(chunked("2\r\n{}\r\n0\r\nlong: " + std::string(9'000, 'a') + "\r\n\r\n"));
}

TEST_CASE("a harmless trailer is dropped and never becomes a header") {
    TestServer server;
    Client client(server.port());
    const auto answer = client.ask(chunked("2\r\n{}\r\n0\r\nX-Checksum: 1\r\nServer-Timing: a\r\n\r\n"));
    REQUIRE(answer);
    CHECK(answer->status == 201);
    CHECK(answer->body == "{}");
    CHECK(client.ask(get("/ok"))->status == 200);
}

TEST_CASE("a chunk whose size is not plain hexadecimal is refused") {
    for (const char* size :
         {"+2", "-2", "0x2", " 2", "2 ", "\t2", "2_", "g", "", "00000000000000002", "fffffffffffffffff", "2,", "2\xff"})
        refused(chunked(std::string(size) + "\r\n{}\r\n0\r\n\r\n"));
    refused(chunked("ffffffffffffffff\r\n{}\r\n0\r\n\r\n"), 413);
    refused(chunked("8000000000000002\r\n{}\r\n0\r\n\r\n"), 413);
}

TEST_CASE("chunks with other line ends, wrong sizes or flooding extensions are refused") {
    refused(chunked("2\n{}\r\n0\r\n\r\n"));
    refused(chunked("2\r{}\r\n0\r\n\r\n"));
    refused(chunked("2\r\n{}\n0\r\n\r\n"));
    refused(chunked("2\r\n{}0\r\n\r\n"));
    refused(chunked("1\r\n{}\r\n0\r\n\r\n"));
    refused(chunked("2\r\n{}\r\n0\n\r\n"));
    refused(chunked("2\r\n{}\r\n0\r\n\n"));
    refused(chunked("2;a\n\r\n{}\r\n0\r\n\r\n"));
    refused(chunked("2;a=\0b\r\n{}\r\n0\r\n\r\n"s));
    refused(chunked("2;" + std::string(9'000, 'a') + "\r\n{}\r\n0\r\n\r\n"));
    std::string flood;
    for (int i = 0; i < 300; ++i) flood += "1;" + std::string(64, 'a') + "\r\n \r\n";
    refused(chunked(flood + "0\r\n\r\n"));
}

TEST_CASE("Host must stand exactly once in HTTP/1.1 and be a host") {
    refused("GET /ok HTTP/1.1\r\n\r\n");
    refused("GET /ok HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n");
    refused("GET /ok HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n");
    for (const char* value : {"", "a b", "a/b", "user@a", "a:b", "a:123456", "[::1", "[zz]", "a,b:1:2", "\xc3\xa9", "a\tb"})
        refused(std::string("GET /ok HTTP/1.1\r\nHost: ") + value + "\r\n\r\n");
}

TEST_CASE("line ends other than CR LF, folded lines and strange characters are refused") {
    refused("GET /ok HTTP/1.1\nHost: test\n\n");
    refused("GET /ok HTTP/1.1\r\nHost: test\n\r\n");
    refused("GET /ok HTTP/1.1\r\nHost: test\r\nA: b\rC: d\r\n\r\n");
    refused("GET /ok HTTP/1.1\rHost: test\r\n\r\n");
    refused("GET /ok HTTP/1.1\r\nHost: test\r\nA: b\r\n c\r\n\r\n");
    refused("GET /ok HTTP/1.1\r\nHost: test\r\nA:\r\n b\r\n\r\n");
    refused("GET /ok HTTP/1.1\r\n Host: test\r\n\r\n");
    refused("GET /ok HTTP/1.1\r\nHost : test\r\n\r\n");
    refused("GET /ok HTTP/1.1\r\nHost: test\r\nA b: c\r\n\r\n");
    refused("GET /ok HTTP/1.1\r\nHost: test\r\n: c\r\n\r\n");
    refused("GET /ok HTTP/1.1\r\nHost: test\r\nno colon\r\n\r\n");
    refused("GET /ok HTTP/1.1\r\nHost: test\r\nA: b\0c\r\n\r\n"s);
    refused("GET /ok HTTP/1.1\r\nHost: test\r\nA\0: c\r\n\r\n"s);
    refused("GET /ok HTTP/1.1\r\nHost: test\r\nA: b\x01\r\n\r\n");
    refused("GET /ok HTTP/1.1\r\nHost: test\r\nA: b\x7f\r\n\r\n");
    refused("GET /ok HTTP/1.1\r\nHost: test\r\nA\xc3: b\r\n\r\n");
    refused("GET  /ok HTTP/1.1\r\nHost: test\r\n\r\n");
    refused("GET /ok  HTTP/1.1\r\nHost: test\r\n\r\n");
    refused("GET /ok HTTP/1.1 \r\nHost: test\r\n\r\n");
    refused(" GET /ok HTTP/1.1\r\nHost: test\r\n\r\n");
    refused("GET\t/ok HTTP/1.1\r\nHost: test\r\n\r\n");
    refused("GET /o\tk HTTP/1.1\r\nHost: test\r\n\r\n");
    refused("\r\n\r\n\r\nGET /ok HTTP/1.1\r\nHost: test\r\n\r\n");
}

TEST_CASE("one or two empty lines before a request are stepped over") {
    TestServer server;
    Client client(server.port());
    CHECK(client.ask("\r\n" + get("/ok"))->status == 200);
    CHECK(client.ask("\r\n\r\n" + get("/ok"))->status == 200);
}

TEST_CASE("a chunked body is put together however it is cut") {
    const std::string request = chunked("1;a=b\r\n{\r\n00C\r\n\"a\":\"bcdefg\"\r\n1\r\n}\r\n000\r\n\r\n");
    TestServer server;
    Client client(server.port());
    CHECK(client.ask(request)->body == R"({"a":"bcdefg"})");
    for (const char c : request) client.send(std::string_view(&c, 1));
    CHECK(client.answer()->body == R"({"a":"bcdefg"})");
    std::string many = "POST /anything HTTP/1.1\r\n" + host + "transfer-encoding: CHUNKED\r\n\r\n";
    for (int i = 0; i < 20'000; ++i) many += "1\r\nx\r\n";
    CHECK(client.ask(many + "0\r\n\r\n" + get("/ok"))->body == std::string(20'000, 'x'));
    CHECK(client.answer()->status == 200);
}

TEST_CASE("several requests sent at once are answered one by one, in order") {
    TestServer server;
    Client client(server.port());
    std::string batch;
    for (int i = 0; i < 200; ++i)
        batch += i % 2 == 0 ? get("/item/" + std::to_string(i)) : post("/echo", "{\"n\":" + std::to_string(i) + "}");
    std::thread sender([&] { client.send(batch); });
    for (int i = 0; i < 200; ++i) {
        const auto answer = client.answer();
        REQUIRE(answer);
        const std::string number = std::to_string(i);
        CHECK(answer->body == (i % 2 == 0 ? R"(["GET","/item/)" + number + R"(","","default"])" : "{\"n\":" + number + "}"));
    }
    sender.join();
}
