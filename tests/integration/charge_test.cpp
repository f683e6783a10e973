// POST /charge from a client's side: its answer, its key, and what the gateway sees of it.
#include <catch2/catch.hpp>
#include <latch>
#include <regex>
#include <set>
#include <thread>

#include "integration/shop.hpp"

using namespace tollgate::test;

namespace {

const std::string whole_checkout = "reserve authorize capture ship";

/// The same request on a connection of its own, with these header lines and body.
std::optional<Reply> post(unsigned short port, const std::string& header_lines, const std::string& body) {
    const Connection connection(port);
    const std::string wire = "POST /charge HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + header_lines +
                             "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    if (!connection.open() || !connection.send(wire)) return std::nullopt;
    return connection.read();
}

}  // namespace

TEST_CASE("a charge is answered 201 with the members and types of the contract") {
    const Shop shop;
    const Reply reply = must(shop.charge("key-1"));
    REQUIRE(reply.status == 201);
    CHECK(reply.header("content-type") == "application/json");
    CHECK_FALSE(reply.headers.contains("idempotent-replayed"));
    CHECK_FALSE(reply.header("date").empty());

    const json::object body = body_of(reply);
    CHECK(std::regex_match(reply.text("id"), std::regex("ch_[0-9A-Za-z]+")));
    CHECK(body.at("object") == "charge");
    CHECK(body.at("status") == "succeeded");
    CHECK(body.at("order_id") == "ord_1");
    CHECK(body.at("amount") == 4999);
    CHECK(body.at("amount_refunded") == 0);
    CHECK(body.at("currency") == "USD");
    CHECK(body.at("gateway").at("name") == "http");
    CHECK_FALSE(reply.text("gateway.authorization_id").empty());
    CHECK_FALSE(reply.text("gateway.capture_id").empty());
    CHECK_FALSE(body.at("reservation_id").as_string().empty());
    CHECK_FALSE(body.at("shipment_id").as_string().empty());
    CHECK(body.at("risk").at("decision") == "approve");
    CHECK(body.at("risk").at("score").is_int64());
    CHECK(body.at("risk").at("rules").is_array());
    CHECK(std::regex_match(reply.text("saga.id"), std::regex("saga_[0-9A-Za-z]+")));
    CHECK(body.at("saga").at("state") == "COMPLETED");
    CHECK(std::regex_match(reply.text("created_at"), std::regex(R"(20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)")));
    CHECK(shop.effects() == whole_checkout);
}

TEST_CASE("a repeated request replays the answer byte for byte and calls nobody") {
    Shop shop;
    const Reply first = must(shop.charge("key-1"));
    REQUIRE(first.status == 201);
    shop.sandbox->kill_hard();  // whoever calls it now is found out
    for (int i = 0; i < 3; ++i) {
        const Reply again = must(shop.charge("key-1"));
        CHECK(again.status == 201);
        CHECK(again.body == first.body);
        CHECK(again.header("content-type") == first.header("content-type"));
        CHECK(again.header("idempotent-replayed") == "true");
    }
    shop.restart();
    CHECK(must(shop.charge("key-1")).body == first.body);
}

TEST_CASE("a key means the same bare and quoted") {
    const Shop shop;
    const Reply bare = must(shop.charge("key-1"));
    const Reply quoted = must(shop.charge("\"key-1\""));
    CHECK(quoted.status == 201);
    CHECK(quoted.body == bare.body);
    CHECK(quoted.header("idempotent-replayed") == "true");
    CHECK(shop.effects() == whole_checkout);
}

TEST_CASE("the same payload may be written with other white space, member order and escapes") {
    const Shop shop;
    const std::string one =
        R"({"order_id":"ord_1","amount":4999,"currency":"USD","payment_method":"tok_visa","customer":{"id":"cus_1","email":"ann@example.com","country":"US"},"items":[{"sku":"SKU-1","quantity":1}]})";
    const std::string other =
        " {\n \"items\" : [ {\"quantity\": 1, \"sku\": \"SKU\\u002d1\"} ],\r\n\t\"currency\": \"\\u0055SD\","
        "\"customer\": {\"country\":\"US\", \"email\":\"ann@example.com\",\"id\":\"cus_1\"},"
        "\"payment_method\":\"tok_visa\", \"amount\" :4999 , \"order_id\":\"ord_1\"}\n";
    const Reply first = must(post(shop.port(), "Idempotency-Key: key-1\r\n", one));
    REQUIRE(first.status == 201);
    const Reply second = must(post(shop.port(), "Idempotency-Key: key-1\r\n", other));
    CHECK(second.body == first.body);
    CHECK(second.header("idempotent-replayed") == "true");
    CHECK(shop.effects() == whole_checkout);
}

TEST_CASE("a key that comes with another payload is refused, and goes on standing for the first") {
    const Shop shop;
    const Reply first = must(shop.charge("key-1"));
    const std::vector<Order> others{
        {.amount = 5000}, {.id = "ord_2"}, {.token = "tok_other"}, {.more = R"(,"metadata":{"a":"b"})"}};
    for (const Order& other : others) {
        const Reply refused = must(shop.charge("key-1", other));
        check_problem(refused, 422, "idempotency_key_reused");
        CHECK(refused.text("retriable") == "false");
    }
    CHECK(must(shop.charge("key-1")).body == first.body);
    CHECK(shop.effects() == whole_checkout);
    CHECK(shop.effects("ord_2").empty());
}

TEST_CASE("while a charge is in flight its key answers 409 to the same payload and 422 to another") {
    const Folder folder;
    const auto sandbox = start_sandbox();
    HeldGate gate(sandbox->port(), "/v1/authorize");
    const auto service = start_service(service_settings(folder, gate.url()));
    auto first = charge_async(service->port(), "key-1");
    REQUIRE(gate.wait_for(1));

    const Reply same = must(charge(service->port(), "key-1", {}));
    check_problem(same, 409, "idempotency_in_flight");
    CHECK(same.text("retriable") == "true");
    CHECK(std::stoi(same.header("retry-after")) >= 1);
    check_problem(must(charge(service->port(), "key-1", {.amount = 1})), 422, "idempotency_key_reused");

    gate.release();
    const Reply answer = must(first.get());
    CHECK(answer.status == 201);
    CHECK(must(charge(service->port(), "key-1", {})).body == answer.body);
    CHECK(same.text("charge_id") == answer.text("id"));
    CHECK(effects(sandbox->port(), "ord_1") == whole_checkout);
}

TEST_CASE("a hundred identical requests at once authorize once, and each hears the one answer or that it is in flight") {
    const Shop shop;
    constexpr int clients = 100;
    std::latch start(clients);
    std::vector<std::optional<Reply>> replies(clients);
    {
        std::vector<std::jthread> threads;
        for (auto& reply : replies) {
            threads.emplace_back([&] {
                start.arrive_and_wait();
                reply = shop.charge("key-1", {.token = "tok_slow_50"});
            });
        }
    }
    const Reply settled = shop.settled("key-1", {.token = "tok_slow_50"});
    REQUIRE(settled.status == 201);
    int created = 0;
    for (const auto& reply : replies) {
        REQUIRE(reply);
        if (reply->status == 409) {
            CHECK(reply->text("code") == "idempotency_in_flight");
            CHECK(reply->headers.contains("retry-after"));
            continue;
        }
        CHECK(reply->status == 201);
        CHECK(reply->body == settled.body);
        created += reply->headers.contains("idempotent-replayed") ? 0 : 1;
    }
    CHECK(created == 1);
    CHECK(shop.effects() == whole_checkout);
}

TEST_CASE("a request without exactly one fit key is refused and charges nothing") {
    const Shop shop;
    const std::string body = charge_body({});
    const auto refused = [&](const std::string& header_lines, const std::string& code) {
        INFO(header_lines);
        const Reply reply = must(post(shop.port(), header_lines, body));
        check_problem(reply, 400, code);
        CHECK(reply.text("retriable") == "false");
    };
    refused("", "idempotency_key_missing");
    refused("Idempotency-Key: one\r\nIdempotency-Key: two\r\n", "idempotency_key_invalid");
    refused("Idempotency-Key: one\r\nidempotency-key: one\r\n", "idempotency_key_invalid");
    refused("Idempotency-Key: \r\n", "idempotency_key_invalid");
    refused("Idempotency-Key: \"\"\r\n", "idempotency_key_invalid");
    refused("Idempotency-Key: two words\r\n", "idempotency_key_invalid");
    refused("Idempotency-Key: \"not closed\r\n", "idempotency_key_invalid");
    refused("Idempotency-Key: k\xc3\xa9y\r\n", "idempotency_key_invalid");
    refused("Idempotency-Key: " + std::string(256, 'k') + "\r\n", "idempotency_key_invalid");
    CHECK(shop.effects().empty());
    CHECK(must(post(shop.port(), "Idempotency-Key: " + std::string(255, 'k') + "\r\n", body)).status == 201);
}

TEST_CASE("a key in a trailer is no key, with or without one in the headers") {
    const Shop shop;
    const std::string body = charge_body({});
    std::ostringstream chunked;
    chunked << std::hex << body.size() << "\r\n" << body << "\r\n0\r\nIdempotency-Key: key-2\r\n\r\n";
    for (const std::string lines : {"", "Idempotency-Key: key-1\r\n"}) {
        const Connection connection(shop.port());
        REQUIRE(connection.send("POST /charge HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + lines +
                                "Trailer: Idempotency-Key\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked.str()));
        CHECK(must(connection.read()).status == 400);
    }
    CHECK(shop.effects().empty());
}
