// What POST /charge refuses to take, place by place.
#include <catch2/catch.hpp>
#include <set>

#include "integration/shop.hpp"

using namespace tollgate::test;

namespace {

std::set<std::string> pointers(const Reply& reply) {
    std::set<std::string> found;
    const json::object problem = body_of(reply);
    if (!problem.contains("errors")) return found;
    for (const json::value& error : problem.at("errors").as_array()) {
        CHECK_FALSE(error.at("detail").as_string().empty());
        found.insert(std::string(error.at("pointer").as_string()));
    }
    return found;
}

/// A fit body in which this text stands in place of that one.
std::string with(const std::string& that, const std::string& this_one) {
    std::string body = charge_body({});
    const std::size_t at = body.find(that);
    REQUIRE(at != body.npos);
    return body.replace(at, that.size(), this_one);
}

struct Refuser {
    Shop shop;
    int number = 0;

    Reply send(const std::string& body) {
        return must(request(shop.port(),
                            {.method = "POST", .path = "/charge", .body = body, .key = "key-" + std::to_string(++number)}));
    }
    void refuses_at(const std::string& body, const std::set<std::string>& places) {
        INFO(body);
        const Reply reply = send(body);
        check_problem(reply, 422, "validation_failed");
        CHECK(pointers(reply) == places);
    }
    void is_no_json(const std::string& body) {
        INFO(body);
        check_problem(send(body), 400, "invalid_json");
    }
    void charged_nothing() { CHECK(must(request(shop.sandbox->port(), {.path = "/sandbox/ledger"})).body == "[]"); }
};

}  // namespace

TEST_CASE("an amount that is not a positive integer literal is refused at /amount") {
    Refuser service;
    for (const std::string amount :
         {"1e2", "100.0", "9223372036854775808", "18446744073709551616", "0", "-1", "-0", "\"4999\"", "null", "true"}) {
        service.refuses_at(with("4999", amount), {"/amount"});
    }
    service.charged_nothing();
}

TEST_CASE("a currency or country that is not an upper-case code of its standard is refused at its place") {
    Refuser service;
    for (const std::string currency : {"usd", "US", "XYZ", "", "DOLLAR"})
        service.refuses_at(with("USD", currency), {"/currency"});
    for (const std::string country : {"us", "USA", "XX", "UK", ""}) {
        service.refuses_at(with(R"("country":"US")", R"("country":")" + country + "\""), {"/customer/country"});
    }
    service.charged_nothing();
}

TEST_CASE("a member nobody knows is refused by name, so that a misspelt one is never ignored") {
    Refuser service;
    service.refuses_at(charge_body({.more = R"(,"ammount":1)"}), {"/ammount"});
    service.refuses_at(with(R"("country")", R"("phone":"1","country")"), {"/customer/phone"});
    service.refuses_at(with(R"("quantity":1)", R"("quantity":1,"price":5)"), {"/items/0/price"});
    service.refuses_at(charge_body({.more = R"(,"capture":"later")"}), {"/capture"});
    service.refuses_at(charge_body({.more = R"(,"allow_duplicate":"yes")"}), {"/allow_duplicate"});
    service.refuses_at(charge_body({.more = R"(,"metadata":{"a":1})"}), {"/metadata"});
    service.charged_nothing();
}

TEST_CASE("all that is wrong is told at once, each with its place") {
    Refuser service;
    service.refuses_at("{}", {"/order_id", "/amount", "/currency", "/payment_method", "/customer", "/items"});
    service.refuses_at(
        R"({"order_id":"","amount":1.5,"currency":"usd","payment_method":"tok_visa",)"
        R"("customer":{"id":"cus_1","email":"nobody","country":"U"},"items":[{"sku":"A","quantity":0},{"quantity":1}]})",
        {"/order_id", "/amount", "/currency", "/customer/email", "/customer/country", "/items/0/quantity", "/items/1/sku"});
    service.refuses_at(R"(["a"])", {""});
    service.charged_nothing();
}

TEST_CASE("a body that is no strict JSON is refused as such") {
    Refuser service;
    service.is_no_json(charge_body({.more = R"(,"amount":4999)"}));       // a member twice
    service.is_no_json(charge_body({.more = R"(,"\u0061mount":4999)"}));  // the same, written otherwise
    service.is_no_json(with(R"("country":"US")", R"("country":"US","country":"US")"));
    service.is_no_json(charge_body({.more = R"(,"metadata":)" + std::string(32, '[') + std::string(32, ']')}));  // depth 33
    service.is_no_json(with("ann@", "ann\xff@"));
    service.is_no_json(with("ann@", "ann\xed\xa0\x80@"));  // half of a surrogate pair
    service.is_no_json(with("ann@", "ann\xc0\x80@"));      // longer than need be
    service.is_no_json(charge_body({}) + "x");
    service.is_no_json("");
    service.is_no_json("{");
    service.charged_nothing();
}

TEST_CASE("nesting up to 32 levels is JSON, and judged as a payload") {
    Refuser service;
    service.refuses_at(charge_body({.more = R"(,"metadata":)" + std::string(31, '[') + std::string(31, ']')}), {"/metadata"});
}

TEST_CASE("a refused body keeps no key: mended, the same key charges") {
    const Shop shop;
    const Order wrong{.more = R"(,"capture":"later")"};
    check_problem(must(shop.charge("key-1", wrong)), 422, "validation_failed");
    check_problem(must(shop.charge("key-1", wrong)), 422, "validation_failed");
    CHECK(must(shop.charge("key-1")).status == 201);
}
