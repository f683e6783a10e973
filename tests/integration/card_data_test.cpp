// A card number that comes in anywhere is refused, and is found nowhere afterwards.
#include <catch2/catch.hpp>
#include <filesystem>

#include "integration/shop.hpp"

using namespace tollgate::test;

namespace {

const std::string visa = "4111111111111111";
const std::vector<std::string> written{visa, "4111 1111 1111 1111", "4111-1111-1111-1111", "4111%201111%201111%201111"};

/// A service that tells as much as it can, and what was ever heard from it.
struct Watched {
    Shop shop{{{"TOLLGATE_LOG_LEVEL", "trace"}}};
    std::string heard;
    int number = 0;

    Reply send(Call call) {
        Reply reply = must(request(shop.port(), call));
        for (const auto& [name, value] : reply.headers) heard.append(name).append(": ").append(value).append("\n");
        heard.append(reply.body).append("\n");
        return reply;
    }
    Reply post(const std::string& body) {
        return send({.method = "POST", .path = "/charge", .body = body, .key = "key-" + std::to_string(++number)});
    }
    void refuses(const std::string& body) {
        INFO(body);
        const Reply reply = post(body);
        check_problem(reply, 422, "pan_not_accepted");
        CHECK(reply.text("retriable") == "false");
    }

    /// Everything the process leaves behind, from while it ran and from after it.
    std::string traces() {
        std::string all = heard + send({.path = "/metrics"}).body + send({.path = "/charge"}).body;
        const auto take_files = [&] {
            int files = 0;
            for (const auto& file : std::filesystem::directory_iterator(shop.folder.path())) {
                all += content_of(file.path());
                ++files;
            }
            CHECK(files >= 2);  // the store and its log of writes, or its lock
        };
        take_files();
        CHECK(shop.service->stop() == 0);
        take_files();
        return all + shop.service->said() + must(request(shop.sandbox->port(), {.path = "/sandbox/ledger"})).body;
    }
    void left_no_trace() {
        REQUIRE(must(shop.charge("key-good", {.id = "ord_good"})).status == 201);
        const std::string all = traces();
        CHECK(count_of(all, "ord_good") > 2);                                   // the answers and the store were searched
        CHECK(count_of(all, "\"request\"") + count_of(all, "request_id") > 2);  // and the log
        for (const std::string& number_as_written : written) CHECK(count_of(all, number_as_written) == 0);
        CHECK(count_of(all, "\\u0034111") == 0);
    }
};

}  // namespace

TEST_CASE("a card number in any string of a charge is refused and leaves no trace") {
    Watched service;
    for (const std::string& number : {written[0], written[1], written[2], std::string("x4111111111111111y"),
                                      std::string("\\u00341111111\\u0031111111\\u0031")}) {
        service.refuses(charge_body({.id = number}));
        service.refuses(charge_body({.customer = "cus " + number}));
        service.refuses(charge_body({.sku = number}));
        service.refuses(charge_body({.more = R"(,"metadata":{"note":"card )" + number + R"( of Ann"})"}));
        service.refuses(charge_body({.more = R"(,"metadata":{")" + number + R"(":"note"})"}));
        service.refuses(charge_body({.more = R"(,")" + number + R"(":1)"}));
        service.refuses(charge_body({.more = R"(,"unknown":[{"deep":[")" + number + R"("]}])"}));
    }
    service.refuses(charge_body({.token = visa}));
    service.refuses(charge_body({.token = "378282246310005"}));   // 15 digits
    service.refuses(charge_body({.token = "6011000990139424"}));  // another issuer
    service.left_no_trace();
}

TEST_CASE("digits that are no card number are taken") {
    Watched service;
    for (const std::string digits : {"4111111111111112", "1234567890123456", "41111111111111111111111"}) {
        INFO(digits);
        CHECK(service.post(charge_body({.id = "ord " + digits})).status == 201);
    }
}

TEST_CASE("a member named like a card's security code is refused, whatever it holds") {
    Watched service;
    for (const std::string name : {"cvv", "CVC", "cvv2", "security_code", "card-verification-value"}) {
        service.refuses(charge_body({.more = R"(,")" + name + R"(":"123")"}));
        service.refuses(charge_body({.more = R"(,"metadata":{")" + name + R"(":"123"})"}));
    }
    service.left_no_trace();
}

TEST_CASE("a card number in the key, the request id, a header, the path or the query leaves no trace") {
    Watched service;
    const Call good{.method = "POST", .path = "/charge", .body = charge_body({}), .key = "key-1"};

    Call in_key = good;
    in_key.key = visa;
    check_problem(service.send(in_key), 422, "pan_not_accepted");

    Call in_id = good;
    in_id.headers["X-Request-Id"] = "id-" + visa;
    const Reply replaced = service.send(in_id);
    CHECK(replaced.status == 201);
    CHECK_FALSE(replaced.header("x-request-id").empty());

    Call in_headers{.path = "/charge?order_id=" + visa};
    in_headers.headers = {{"User-Agent", visa}, {"Cookie", visa}, {"Referer", "/" + visa}, {"traceparent", visa}};
    CHECK(service.send(in_headers).status == 200);
    CHECK(service.send({.path = "/charge?status=" + visa}).status == 400);
    CHECK(service.send({.path = "/charge?cursor=" + visa}).status == 400);
    CHECK(service.send({.path = "/charge/" + visa}).status == 404);
    CHECK(service.send({.path = "/" + visa}).status == 404);
    CHECK(service.send({.path = "/charge/4111%201111%201111%201111"}).status == 404);
    CHECK(service.send({.method = "DELETE", .path = "/charge/" + visa}).status == 405);
    service.left_no_trace();
}

TEST_CASE("a card number in a body that is no JSON, or of a wrong type, leaves no trace") {
    Watched service;
    CHECK(service.post(R"({"card":")" + visa + "\"").status == 400);
    CHECK(service.post(visa).status >= 400);
    CHECK(service.post("card=" + visa).status == 400);
    CHECK(service.post(charge_body({.more = R"(,"amount":)" + visa})).status >= 400);
    const Connection connection(service.shop.port());
    REQUIRE(connection.send("POST /charge HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain; card=" + visa +
                            "\r\nIdempotency-Key: key-form\r\nContent-Length: 16\r\n\r\n" + visa));
    const Reply reply = must(connection.read());
    CHECK(reply.status == 415);
    service.heard += reply.body;
    service.left_no_trace();
}
