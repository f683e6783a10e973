#include <catch2/catch.hpp>

#include "integration/http_fixture.hpp"

using namespace tollgate;
using namespace tollgate::http;
using namespace tollgate::http::testing;

namespace {

/// One request on a connection of its own.
Answer ask(TestServer& server, std::string_view bytes) {
    Client client(server.port());
    const auto answer = client.ask(bytes);
    REQUIRE(answer);
    return *answer;
}

void with_keys(Options& options) {
    options.authenticate = [](std::optional<std::string_view> authorization, Scope required) -> Result<std::string> {
        if (authorization == "Bearer shop" && required == Scope::charge) return std::string("shop");
        if (authorization == "Bearer boss") return std::string("boss");
        if (authorization == "Bearer shop") return fail(Code::forbidden, "The key may not do this.");
        return fail(Code::unauthenticated, "Send Authorization: Bearer KEY.");
    };
}

}  // namespace

TEST_CASE("a GET is answered with the handler's response, a date and a request id") {
    TestServer server;
    const Answer answer = ask(server, get("/ok?a=1"));
    CHECK(answer.status == 200);
    CHECK(answer.body == R"(["GET","/ok","a=1","default"])");
    CHECK(answer.header("content-type") == "application/json");
    CHECK(answer.header("x-request-id").size() == 32);
    CHECK(answer.header("date").ends_with(" GMT"));
    CHECK(answer.header("connection").empty());
}

TEST_CASE("every answer of the server itself is a problem with its status and code") {
    TestServer server(with_keys);
    const auto expect = [&](const std::string& request, int status, const std::string& code) {
        CAPTURE(request.substr(0, 100));
        const Answer answer = ask(server, request);
        CHECK(answer.status == status);
        CHECK(answer.code() == code);
        CHECK(answer.header("content-type") == "application/problem+json");
        CHECK_FALSE(answer.header("x-request-id").empty());
        CHECK_FALSE(answer.header("date").empty());
    };
    expect("nonsense\r\n\r\n", 400, "bad_request");
    expect(post("/charge", "{}"), 401, "unauthenticated");
    expect(get("/admin", "Authorization: Bearer shop\r\n"), 403, "forbidden");
    expect(get("/nowhere"), 404, "not_found");
    expect(get("/echo"), 405, "method_not_allowed");
    expect("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n\r\n", 411, "length_required");
    expect("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: 262145\r\n\r\n", 413,
           "body_too_large");
    expect(get("/" + std::string(8'192, 'a')), 414, "uri_too_long");
    expect("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}", 415,
           "unsupported_media_type");
    expect("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\n{}", 415, "unsupported_media_type");
    expect(post("/echo", "{}", "Content-Encoding: gzip\r\n"), 415, "unsupported_media_type");
    expect(get("/ok", "X-Much: " + std::string(20'000, 'a') + "\r\n"), 431, "headers_too_large");
    expect(get("/throws"), 500, "internal");
    expect("BREW /ok HTTP/1.1\r\nHost: test\r\n\r\n", 501, "not_implemented");
    expect("CONNECT test:443 HTTP/1.1\r\nHost: test\r\n\r\n", 400, "bad_request");
    expect("GET /ok HTTP/2.0\r\nHost: test\r\n\r\n", 505, "http_version_not_supported");
    expect("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "http_version_not_supported");
    expect("GET /ok HTTP/1.2\r\nHost: test\r\n\r\n", 505, "http_version_not_supported");
    expect("GET /ok HTTP/0.9\r\nHost: test\r\n\r\n", 505, "http_version_not_supported");
    expect("GET /ok http/1.1\r\nHost: test\r\n\r\n", 400, "bad_request");
    expect("GET /ok HTTP/1.10\r\nHost: test\r\n\r\n", 400, "bad_request");
}

TEST_CASE("a 401 names the scheme, a 405 names what is allowed") {
    TestServer server(with_keys);
    CHECK(ask(server, post("/charge", "{}")).header("www-authenticate") == "Bearer");
    CHECK(ask(server, get("/echo")).header("allow") == "POST, OPTIONS");
    CHECK(ask(server, post("/ok", "{}")).header("allow") == "GET, HEAD, OPTIONS");
}

TEST_CASE("a right key reaches the handler as its tenant, and the next request on the connection is judged anew") {
    TestServer server(with_keys);
    Client client(server.port());
    CHECK(client.ask(get("/admin", "Authorization: Bearer boss\r\n"))->body == R"(["GET","/admin","","boss"])");
    CHECK(client.ask(get("/ok"))->body == R"(["GET","/ok","","default"])");
    CHECK(client.ask(get("/admin"))->status == 401);
    CHECK(client.ask(get("/admin", "Authorization: Bearer boss\r\nAuthorization: Bearer boss\r\n"))->status == 400);
}

TEST_CASE("what a page of another origin makes a browser send is refused before anything is done, unless it only reads") {
    TestServer server(with_keys);
    const auto status_of = [&](const std::string& lines) { return ask(server, post("/echo", "{}", lines)).status; };
    for (const char* fine : {"", "Sec-Fetch-Site: same-origin\r\n", "Sec-Fetch-Site: none\r\n", "Origin: https://test\r\n",
                             "Origin: http://TEST\r\nSec-Fetch-Site: same-origin\r\n"}) {
        CAPTURE(fine);
        CHECK(status_of(fine) == 201);
    }
    for (const char* foreign :
         {"Sec-Fetch-Site: cross-site\r\n", "Sec-Fetch-Site: same-site\r\n", "Sec-Fetch-Site: new-word\r\n",
          "Sec-Fetch-Site:\r\n", "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Site: none\r\n", "Origin: https://evil.example\r\n",
          "Origin: https://test:8080\r\n", "Origin: null\r\n", "Origin: test\r\n", "Origin: https://test.evil.example\r\n",
          "Origin: https://test\r\nOrigin: https://test\r\n", "Origin:\r\n",
          "Origin: https://test\r\nSec-Fetch-Site: cross-site\r\n"}) {
        CAPTURE(foreign);
        CHECK(status_of(foreign) == 403);
        CHECK(ask(server, post("/charge", "{}", foreign)).code() == "forbidden");
        CHECK(ask(server, get("/ok", foreign)).status == 200);
    }
}

TEST_CASE("HEAD is GET without the body, OPTIONS tells what is allowed") {
    TestServer server;
    Client client(server.port());
    client.send("HEAD /ok HTTP/1.1\r\nHost: test\r\n\r\n");
    const auto head = client.answer(true);
    REQUIRE(head);
    CHECK(head->status == 200);
    CHECK(head->header("content-length") == std::to_string(std::string(R"(["HEAD","/ok","","default"])").size()));
    const auto options = client.ask("OPTIONS /ok HTTP/1.1\r\nHost: test\r\n\r\n");
    REQUIRE(options);
    CHECK(options->status == 204);
    CHECK(options->header("allow") == "GET, HEAD, OPTIONS");
    CHECK(options->header("content-length").empty());
    CHECK(client.ask("OPTIONS * HTTP/1.1\r\nHost: test\r\n\r\n")->status == 204);
    CHECK(client.ask("GET * HTTP/1.1\r\nHost: test\r\n\r\n")->status == 400);
}

TEST_CASE("a handler that throws tells the client nothing of why") {
    TestServer server;
    Client client(server.port());
    const auto answer = client.ask(get("/throws"));
    REQUIRE(answer);
    CHECK(answer->status == 500);
    CHECK(answer->body.find("secret") == std::string::npos);
    CHECK(client.ask(get("/ok"))->status == 200);
    CHECK(server.counters.handler_failures == 1);
}

TEST_CASE("the client's request id comes back when it is fit, and is replaced when it is not") {
    TestServer server;
    const auto id_for = [&](const std::string& lines) { return ask(server, get("/ok", lines)).header("x-request-id"); };
    CHECK(id_for("X-Request-Id: order-17\r\n") == "order-17");
    CHECK(id_for("x-request-id: " + std::string(128, 'a') + "\r\n") == std::string(128, 'a'));
    CHECK(id_for("X-Request-Id: " + std::string(129, 'a') + "\r\n").size() == 32);
    CHECK(id_for("X-Request-Id: two words\r\n").size() == 32);
    CHECK(id_for("X-Request-Id: caf\xc3\xa9\r\n").size() == 32);
    CHECK(id_for("X-Request-Id:\r\n").size() == 32);
    CHECK(id_for("X-Request-Id: a\r\nX-Request-Id: b\r\n").size() == 32);
    CHECK(id_for("X-Request-Id: 4111111111111111\r\n").size() == 32);
    CHECK(ask(server, get("/nowhere", "X-Request-Id: lost\r\n")).body.find(R"("request_id":"lost")") != std::string::npos);
}

TEST_CASE("a path that holds a card number does not come back in the problem") {
    TestServer server;
    const Answer answer = ask(server, get("/card/4111111111111111"));
    CHECK(answer.status == 404);
    CHECK(answer.body.find("4111") == std::string::npos);
}

TEST_CASE("a valid traceparent is passed on, any other is made anew") {
    TestServer server;
    const auto seen = [&](const std::string& value) {
        return ask(server, post("/echo", "{}", "traceparent: " + value + "\r\n")).header("seen-trace");
    };
    const std::string valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    CHECK(seen(valid) == valid);
    const std::string made = seen("00-00000000000000000000000000000000-00f067aa0ba902b7-01");
    CHECK(made.size() == 55);
    CHECK(made.substr(3, 32) != std::string(32, '0'));
}

TEST_CASE("content types: JSON with or without charset utf-8, and an empty body needs none, and a webhook takes any") {
    TestServer server;
    const auto status = [&](const std::string& path, const std::string& type, const std::string& body) {
        return ask(server, "POST " + path + " HTTP/1.1\r\nHost: test\r\n" +
                               (type.empty() ? "" : "Content-Type: " + type + "\r\n") +
                               "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body)
            .status;
    };
    CHECK(status("/echo", "application/json", "{}") == 201);
    CHECK(status("/echo", "Application/JSON; charset=UTF-8", "{}") == 201);
    CHECK(status("/echo", "application/json;charset=\"utf-8\"", "{}") == 201);
    CHECK(status("/echo", "application/json; charset=latin1", "{}") == 415);
    CHECK(status("/echo", "application/jsonp", "{}") == 415);
    CHECK(status("/echo", "", "") == 201);
    CHECK(status("/anything", "text/plain", "x") == 201);
    CHECK(status("/anything", "", "x") == 201);
    CHECK(ask(server, "POST /optional HTTP/1.1\r\nHost: test\r\n\r\n").status == 201);
    CHECK(ask(server, "POST /anything HTTP/1.1\r\nHost: test\r\n\r\n").status == 411);
}

TEST_CASE("a refused request whose body is here already does not cost the connection") {
    TestServer server;
    Client client(server.port());
    CHECK(client.ask(post("/nowhere", R"({"a":1})"))->status == 404);
    CHECK(client.ask(post("/echo", R"({"a":2})"))->body == R"({"a":2})");
}

TEST_CASE("targets: an absolute URL is taken, a fragment, broken encoding or other form is not") {
    TestServer server;
    CHECK(ask(server, get("http://example.com/ok?x=1")).body == R"(["GET","/ok","x=1","default"])");
    CHECK(ask(server, get("HTTPS://[::1]:8443/ok")).status == 200);
    CHECK(ask(server, get("http://example.com")).status == 404);
    CHECK(ask(server, get("/item/a%20b")).body == R"(["GET","/item/a%20b","","default"])");
    for (const char* target : {"ftp://example.com/ok", "http:///ok", "http://us er/ok", "ok", "/ok#top", "/ok%zz", "/ok%2",
                               "/o\xc3\xa9k", "//", "*"}) {
        CAPTURE(target);
        const int status = ask(server, get(target)).status;
        CHECK(status == (std::string(target) == "//" ? 404 : 400));
    }
}

TEST_CASE("HTTP/1.0 closes unless asked to stay") {
    TestServer server;
    Client closing(server.port());
    CHECK(closing.ask("GET /ok HTTP/1.0\r\n\r\n")->header("connection") == "close");
    CHECK(closing.is_closed());
    Client staying(server.port());
    CHECK(staying.ask("GET /ok HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")->header("connection") == "keep-alive");
    CHECK(staying.ask("GET /ok HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")->header("connection") == "close");
    CHECK(staying.is_closed());
}
