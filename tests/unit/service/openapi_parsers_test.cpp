// What service/openapi/openapi.json says of requests, held against the parsers: each takes just what the schema takes.
#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <functional>

#include "core/country.hpp"
#include "payments/operation_request.hpp"
#include "payments/request.hpp"
#include "service/handlers/no_wishes.hpp"
#include "support/openapi_document.hpp"

using namespace tollgate;
using namespace tollgate::test;
namespace json = boost::json;

namespace {

/// Stand-ins for any member: of other types, and on both sides of every bound that a schema may have.
std::vector<json::value> stand_ins() {
    std::vector<json::value> all{nullptr, true, -1, 0, 1, 1'000'000, 1'000'001, 999'999'999'999, 1'000'000'000'000, 1.5};
    for (const std::size_t length : {0, 1, 40, 41, 255, 256, 500, 501}) all.emplace_back(std::string(length, 'x'));
    for (const char* text : {"a@b", "a@b@c", "@b", "a@", "a b@c", "USD", "usd", "US", "XX", "manual", "automatic", "two\nlines",
                             "caf\u00e9", " "}) {
        all.emplace_back(text);
    }
    all.emplace_back(json::array());
    all.emplace_back(json::object());
    all.emplace_back(json::object{{"id", "1"}});
    return all;
}

/// Every value that differs from this one in one place, handed to `each` one after the other.
void vary(json::value& root, json::value& here, const std::function<void()>& each) {
    const json::value kept = here;
    for (const json::value& other : stand_ins()) {
        here = other;
        each();
    }
    here = kept;
    if (json::object* object = here.if_object()) {
        for (const auto& member : kept.as_object()) {
            object->erase(member.key());
            each();
            object->insert_or_assign(member.key(), member.value());
            vary(root, object->at(member.key()), each);
        }
        for (const std::string& name : {std::string("unknown"), std::string(41, 'n'), std::string()}) {
            object->emplace(name, "x");
            each();
            object->erase(name);
        }
    }
    if (json::array* array = here.if_array()) {
        for (json::value& item : *array) vary(root, item, each);
        for (const std::size_t size : {100U, 101U}) {
            array->resize(size, kept.as_array().at(0));
            each();
        }
        here = kept;
    }
}

void check_agreement(const char* schema, json::value start, const std::function<bool(const std::string&)>& takes) {
    const OpenApiDocument document;
    int compared = 0;
    int taken = 0;
    const auto compare = [&] {
        const std::string body = json::serialize(start);
        const auto wrong = document.wrong(document.schema(schema), start);
        const bool fits = takes(body);
        ++compared;
        taken += fits;
        if (fits == wrong.empty()) return;
        INFO(schema << ": " << body);
        INFO(wrong.size() << " places are wrong by the schema; the parser " << (fits ? "takes" : "refuses") << " it");
        CHECK(fits == wrong.empty());
    };
    compare();
    REQUIRE(taken == 1);
    vary(start, start, compare);
    CHECK(compared > 20);
}

}  // namespace

TEST_CASE("the body of a charge is taken just when it fits the schema") {
    const json::value whole = json::parse(R"({"order_id":"ord_1","amount":4999,"currency":"USD","payment_method":"tok_visa",
        "customer":{"id":"cus_1","email":"ann@example.com","country":"US"},"items":[{"sku":"SKU-1","quantity":1}],
        "capture":"manual","metadata":{"cart":"c_9"},"allow_duplicate":true})");
    check_agreement("ChargeRequest", whole, [](const std::string& body) { return parse_charge_request(body).has_value(); });
}

TEST_CASE("the body of an operation is taken just when it fits the schema") {
    const auto takes = [](OperationKind kind) {
        return [kind](const std::string& body) { return parse_operation_request(kind, body).has_value(); };
    };
    check_agreement("CaptureRequest", {{"amount", 2000}}, takes(OperationKind::capture));
    check_agreement("RefundRequest", {{"amount", 2000}, {"reason", "broken"}}, takes(OperationKind::refund));
    check_agreement("Nothing", json::object(), takes(OperationKind::void_authorization));
    check_agreement("Nothing", json::object(), takes(OperationKind::confirm));
    check_agreement("Nothing", json::object(), [](const std::string& body) { return check_no_wishes(body, "it").has_value(); });
}

TEST_CASE("currencies and countries are just those that are taken") {
    const OpenApiDocument document;
    json::array currencies;
    json::array countries;
    for (char a = 'A'; a <= 'Z'; ++a) {
        for (char b = 'A'; b <= 'Z'; ++b) {
            if (is_country(std::string{a, b})) countries.emplace_back(std::string{a, b});
            for (char c = 'A'; c <= 'Z'; ++c) {
                if (Currency::from_code(std::string{a, b, c})) currencies.emplace_back(std::string{a, b, c});
            }
        }
    }
    CHECK(document.schema("Currency").at("enum") == currencies);
    CHECK(document.schema("Country").at("enum") == countries);
}

TEST_CASE("an Idempotency-Key is taken just when it fits the schema") {
    const OpenApiDocument document;
    const json::value& schema = document.root().at("components").at("parameters").at("IdempotencyKey").at("schema");
    for (const std::string& key :
         {std::string("k"), std::string(255, 'k'), std::string(256, 'k'), std::string(), std::string("\"quoted\""),
          std::string("\"a \\\" and a \\\\\""), std::string("\"not ended"), std::string("\"a\"b\""), std::string("\"\\n\""),
          std::string("\"\""), std::string("with space"), std::string("caf\u00e9"), '"' + std::string(255, 'k') + '"',
          '"' + std::string(256, 'k') + '"', std::string("a\"b"), std::string("\"quoted\\\""), std::string("\"")}) {
        INFO(key);
        CHECK(parse_idempotency_key(key).has_value() == document.wrong(schema, json::value(std::string_view(key))).empty());
    }
}
