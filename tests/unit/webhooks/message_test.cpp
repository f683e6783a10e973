#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "redaction/card_number.hpp"
#include "webhooks/masked.hpp"
#include "webhooks/message.hpp"

using namespace tollgate;
using namespace tollgate::webhooks;

namespace {

const Source source{.name = "shop", .scheme = Scheme::stripe, .keys = {"k"}};
const WallTime now{Milliseconds(1'795'341'600'000)};

Event one(const std::string& body) {
    const auto events = read(source, body, now);
    REQUIRE(events);
    REQUIRE(events->size() == 1);
    return events->front();
}

}  // namespace

TEST_CASE("an event is archived as it came, under an id that its copies share") {
    const std::string body = "{\"id\" : \"evt_1\",\n \"type\":\"payment.captured\", \"data\":{\"amount\":1}}";
    const Event event = one(body);
    CHECK(event.body == body);
    CHECK(event.name == "evt_1");
    CHECK(event.type == "payment.captured");
    CHECK(event.source == "shop");
    CHECK(event.queue == EventQueue::incoming);
    CHECK(event.at == now);
    CHECK(event.id == webhook_id("shop", "evt_1"));
    CHECK(event.id.starts_with("wh_"));
    CHECK(event.id.size() == 35);
    CHECK(webhook_id("other", "evt_1") != event.id);
    CHECK(webhook_id("shop", "evt_2") != event.id);
}

TEST_CASE("an event that comes with other bytes has another fingerprint") {
    const Event event = one(R"({"id":"evt_1","data":{"amount":1}})");
    CHECK(one(R"({"id":"evt_1","data":{"amount":1}})").fingerprint == event.fingerprint);
    CHECK(one(R"({"id":"evt_1","data":{"amount":2}})").fingerprint != event.fingerprint);
}

TEST_CASE("the number of webhooks that Stripe still has to send does not make another event") {
    const Event event = one(R"({"id":"evt_1","pending_webhooks":2,"data":{"amount":1}})");
    CHECK(one(R"({"id":"evt_1","pending_webhooks":1,"data":{"amount":1}})").fingerprint == event.fingerprint);
    CHECK(one(R"({"id":"evt_1","pending_webhooks":1,"data":{"amount":2}})").fingerprint != event.fingerprint);
}

TEST_CASE("a signed body that is not JSON with an id is refused") {
    const std::string deep = R"({"id":"a","x":)" + std::string(32, '[') + std::string(32, ']') + "}";
    for (const std::string& body : std::vector<std::string>{std::string(),
                                                            std::string("null"),
                                                            std::string("[]"),
                                                            std::string("\"evt\""),
                                                            std::string("{}"),
                                                            std::string(R"({"id":1})"),
                                                            std::string(R"({"id":null})"),
                                                            std::string(R"({"id":""})"),
                                                            std::string(R"({"ID":"a"})"),
                                                            std::string(R"({"id":["a"]})"),
                                                            std::string(R"({"id":"a","id":"b"})"),
                                                            std::string(R"({"id":"a"}{})"),
                                                            std::string(R"({"id":"a",})"),
                                                            std::string("{\"id\":\"\xff\"}"),
                                                            std::string("{\"id\":\"\xed\xa0\x80\"}"),
                                                            std::string(R"({"id":"a\u0000b"})"),
                                                            std::string(R"({"id":"a\nb"})"),
                                                            std::string("{\"id\":\"a\"}\0", 11),
                                                            std::string("\xef\xbb\xbf{\"id\":\"a\"}"),
                                                            R"({"id":")" + std::string(256, 'a') + R"("})",
                                                            deep,
                                                            std::string("payload=%7B%22id%22%3A%22a%22%7D")}) {
        INFO(body.substr(0, 80));
        const auto events = read(source, body, now);
        REQUIRE_FALSE(events);
        CHECK(events.error().code == Code::invalid_json);
    }
    CHECK(one(R"({"id":")" + std::string(255, 'a') + R"("})").name.size() == 255);
    CHECK(one(R"({"id":"é"})").name == "é");
}

TEST_CASE("a type that is missing or odd is empty, and the event is taken all the same") {
    CHECK(one(R"({"id":"a"})").type.empty());
    CHECK(one(R"({"id":"a","type":7})").type.empty());
    CHECK(one(R"({"id":"a","type":"x\u0007"})").type.empty());
    CHECK(one(R"({"id":"a","type":")" + std::string(256, 'x') + R"("})").type.empty());
}

TEST_CASE("no card number of an event is kept, wherever it stands, and its last four digits are") {
    for (const std::string& body : std::vector<std::string>{
             std::string(R"({"id":"a","x":"4111 1111 1111 1111"})"), std::string(R"({"id":"a","x":4111111111111111})"),
             std::string(R"({"id":"a","x":[-4111111111111111,4111111111111111.0]})"),
             std::string(R"({"id":"a","4111111111111111":1})"), std::string(R"({"id":"a","x":"\u0034111111111111111"})"),
             std::string(R"({"id":"a","x":"5500-0000-0000-0004 and 4111111111111111"})")}) {
        INFO(body);
        const Event event = one(body);
        CHECK_FALSE(holds_card_number(event.body));
        CHECK(event.body.find("************") != std::string::npos);
        CHECK(event.body.find(body.find("5500") == std::string::npos ? "1111" : "0004") != std::string::npos);
        CHECK(boost::json::parse(event.body).at("id") == "a");
        CHECK(event.fingerprint != one(event.body).fingerprint);
    }
    const Event named = one(R"({"id":"4111111111111111","type":"4111111111111111"})");
    CHECK(named.name == "************1111");
    CHECK(named.type == "************1111");
}

TEST_CASE("no verification code of an event is kept, whatever its member is called") {
    const auto body = [](const std::string& text) { return boost::json::parse(one(text).body); };
    CHECK(body(R"({"id":"a","cvc":"123","card":{"cvv2":7890,"securityCode":"١٢٣"}})") ==
          boost::json::parse(R"({"id":"a","cvc":"***","card":{"cvv2":"***","securityCode":"***"}})"));
    CHECK(body(R"({"id":"a","\u0063id":"4321","text":"CVV: 123"})") ==
          boost::json::parse(R"({"id":"a","cid":"***","text":"CVV: ***"})"));
    const std::string kept = R"({ "id":"a", "cvc_check":"pass","cvv":null,"card":{"cvc":{"a":1}},"cidr":"10.0.0.0/8" })";
    CHECK(one(kept).body == kept);
}
