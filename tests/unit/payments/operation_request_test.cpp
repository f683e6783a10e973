#include "payments/operation_request.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

#include "payments/keys.hpp"

using namespace tollgate;
using Kind = OperationKind;

namespace {

const std::vector<Kind> all_kinds{Kind::capture, Kind::void_authorization, Kind::refund, Kind::confirm};

Rejection refusal_of(Kind kind, const std::string& body) {
    auto parsed = parse_operation_request(kind, body);
    INFO(name(kind) << " " << body);
    REQUIRE_FALSE(parsed);
    return parsed.error();
}

std::vector<std::string> places(Kind kind, const std::string& body) {
    const Rejection rejection = refusal_of(kind, body);
    CHECK(rejection.error.code == Code::validation_failed);
    std::vector<std::string> pointers;
    for (const FieldError& error : rejection.errors) pointers.push_back(error.pointer);
    return pointers;
}

using Places = std::vector<std::string>;

}  // namespace

TEST_CASE("an operation without a body, or with an empty object, asks for all there is, and both are the same payload") {
    for (const Kind kind : all_kinds) {
        const auto without = parse_operation_request(kind, "");
        const auto empty = parse_operation_request(kind, " { } ");
        REQUIRE(without);
        REQUIRE(empty);
        CHECK(without->request.kind == kind);
        CHECK_FALSE(without->request.amount);
        CHECK(without->request.reason.empty());
        CHECK_FALSE(without->fingerprint.empty());
        CHECK(without->fingerprint == empty->fingerprint);
    }
}

TEST_CASE("a capture has an amount, and a refund an amount and a reason") {
    CHECK(parse_operation_request(Kind::capture, R"({"amount":1})")->request.amount == 1);
    CHECK(parse_operation_request(Kind::capture, R"({"amount":999999999999})")->request.amount == 999'999'999'999);
    const auto refund = parse_operation_request(Kind::refund, R"({"reason":"zerbrochen: Glas Ä","amount":4999})");
    REQUIRE(refund);
    CHECK(refund->request.amount == 4999);
    CHECK(refund->request.reason == "zerbrochen: Glas Ä");
    CHECK(parse_operation_request(Kind::refund, R"({"reason":")" + std::string(255, 'x') + R"("})"));
}

TEST_CASE("payloads that differ in a value or a member are different, however they are written") {
    const auto print = [](const std::string& body) { return parse_operation_request(Kind::refund, body)->fingerprint; };
    CHECK(print(R"({"amount":1,"reason":"a"})") == print("{\"reason\":\"\\u0061\",\n\"amount\" : 1}"));
    const std::set<std::string> prints{print(""), print(R"({"amount":1})"), print(R"({"amount":2})"),
                                       print(R"({"reason":"1"})"), print(R"({"amount":1,"reason":"a"})")};
    CHECK(prints.size() == 5);
}

TEST_CASE("an amount that is no positive integer literal of at most twelve digits is refused with its place") {
    for (const std::string amount :
         {"0", "-1", "1.0", "1e2", "\"1\"", "null", "true", "[1]", "1000000000000", "9223372036854775808"}) {
        CHECK(places(Kind::capture, R"({"amount":)" + amount + "}") == Places{"/amount"});
        CHECK(places(Kind::refund, R"({"amount":)" + amount + "}") == Places{"/amount"});
    }
}

TEST_CASE(
    "a reason that is no printable string of 1 to 255 bytes is refused with its place, together with all else that is wrong") {
    for (const std::string& reason : std::vector<std::string>{R"("")", "7", "null", "{}", R"("a\nb")", R"("\u0000")",
                                                              R"("\u007f")", '"' + std::string(256, 'x') + '"'}) {
        CHECK(places(Kind::refund, R"({"reason":)" + reason + "}") == Places{"/reason"});
    }
    const Places all = places(Kind::refund, R"({"reason":7,"amount":0,"note":"x"})");
    CHECK(std::set<std::string>(all.begin(), all.end()) == std::set<std::string>{"/amount", "/note", "/reason"});
}

TEST_CASE("members that an operation does not know are refused") {
    CHECK(places(Kind::capture, R"({"reason":"x"})") == Places{"/reason"});
    CHECK(places(Kind::refund, R"({"currency":"USD"})") == Places{"/currency"});
    CHECK(places(Kind::void_authorization, R"({"amount":1})") == Places{"/amount"});
    CHECK(places(Kind::confirm, R"({"amount":1})") == Places{"/amount"});
}

TEST_CASE("an operation's body that is no object, no JSON, or holds card data is refused as what it is") {
    for (const Kind kind : all_kinds) {
        for (const std::string body : {"[]", "1", "null", "\"\""}) CHECK(places(kind, body) == Places{""});
        for (const std::string body : {" ", "{", "{}x", R"({"a":1,"a":1})", "{\"a\":\"\xff\"}"}) {
            CHECK(refusal_of(kind, body).error.code == Code::invalid_json);
        }
        for (const std::string body : {R"({"reason":"4242424242424242"})", R"({"reason":"card 4242-4242-4242-4242"})",
                                       R"({"cvv":"123"})", R"({"x":[{"4242424242424242":1}]})"}) {
            const Rejection rejection = refusal_of(kind, body);
            CHECK(rejection.error.code == Code::pan_not_accepted);
            CHECK(rejection.error.detail.find("4242") == std::string::npos);
        }
    }
}

TEST_CASE("only what a charge can be called is taken for a charge's name") {
    const std::string id = charge_id("shop", "key-1");
    CHECK(is_charge_id(id));
    for (const std::string& other :
         {std::string(), id + "a", id.substr(0, id.size() - 1), "op" + id.substr(2), "ch_" + std::string(34, 'A'),
          "ch_" + std::string(34, '1'), "ch_" + std::string(34, '%'), "ch_aa4242424242424242" + std::string(16, 'a')}) {
        INFO(other);
        CHECK_FALSE(is_charge_id(other));
    }
}
