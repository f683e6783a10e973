#include "gateways/support.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

struct Case {
    int status;
    std::string body;
    Code code;
    Execution execution;
};

constexpr const char* good =
    R"({"authorization_id":"a_1","status":"authorized","amount":4999,"currency":"USD","avs_result":"match",)"
    R"("cvv_result":"odd","card_country":"DE","expires_at":"2026-11-29T10:00:00.5+01:00"})";

}  // namespace

TEST_CASE("an authorization is read with everything it tells, and an unknown check result never passes for a match") {
    const auto outcome = authorize_at(always(200, good));
    REQUIRE(outcome.has_value());
    REQUIRE(outcome->authorized.has_value());
    CHECK(outcome->authorized->id == "a_1");
    CHECK(outcome->authorized->avs_result == "match");
    CHECK(outcome->authorized->cvv_result == "unavailable");
    CHECK(outcome->authorized->card_country == "DE");
    REQUIRE(outcome->authorized->expires_at.has_value());
    CHECK(to_rfc3339(*outcome->authorized->expires_at) == "2026-11-29T09:00:00.500Z");
    CHECK(outcome->redirect_url.empty());
}

TEST_CASE("what an authorize carries is the contract's, with the key, the trace and the bearer token") {
    std::string seen;
    ScriptedServer server([&](Peer& peer) {
        seen = peer.read_request();
        peer.answer(200, good);
    });
    EventLoop loop;
    const auto client = HttpClient::make(loop.runtime(), server.url());
    HttpGateway gateway(**client, {.api_key = "sk_1"});
    auto request = authorize_request();
    request.authenticate = true;
    CallContext context = call("key-1", loop.in(5s));
    context.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    REQUIRE(loop.run(gateway.authorize(request, context)).has_value());

    CHECK(seen.starts_with("POST /v1/authorize HTTP/1.1\r\n"));
    CHECK(seen.find("Idempotency-Key: key-1\r\n") != seen.npos);
    CHECK(seen.find("traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n") != seen.npos);
    CHECK(seen.find("Authorization: Bearer sk_1\r\n") != seen.npos);
    const auto body = boost::json::parse(seen.substr(seen.find("\r\n\r\n") + 4));
    const auto expected = boost::json::parse(
        R"({"reference":"ch_1","order_id":"ord_1","amount":4999,"currency":"USD","payment_method":"tok_visa",)"
        R"("customer":{"id":"cus_1","email":"ann@example.com","country":"US"},"authenticate":true})");
    CHECK(body == expected);
}

TEST_CASE("every refusal and trouble of an authorize has its one meaning") {
    using enum Execution;
    const auto one = GENERATE(values<Case>({
        {402, R"({"error":"card_declined"})", Code::card_declined, refused},
        {402, R"({"error":"insufficient_funds"})", Code::insufficient_funds, refused},
        {402, R"({"error":"expired_card"})", Code::expired_card, refused},
        {402, R"({"error":"something_new"})", Code::card_declined, refused},
        {402, R"({"error":"authentication_required"})", Code::unreadable_answer, unknown},
        {402, R"({"error":"authentication_required","redirect_url":"javascript:alert"})", Code::unreadable_answer, unknown},
        {409, R"({"error":"idempotency_key_in_use"})", Code::gateway_busy, unknown},
        {409, R"({"type":"about:blank","code":"Request-In-Progress"})", Code::gateway_busy, unknown},
        {409, R"({"error":"out_of_stock"})", Code::gateway_refused, refused},
        {409, "", Code::unreadable_answer, unknown},
        {400, "", Code::gateway_refused, refused},
        {404, "", Code::gateway_refused, refused},
        {418, "short and stout", Code::gateway_refused, refused},
        {422, R"({"error":"validation_failed"})", Code::gateway_refused, refused},
        {408, "", Code::gateway_busy, unknown},
        {425, "", Code::gateway_busy, not_executed},
        {429, "", Code::gateway_busy, not_executed},
        {500, "", Code::gateway_fault, unknown},
        {503, "", Code::gateway_fault, unknown},
        {599, "", Code::gateway_fault, unknown},
        {302, "", Code::unreadable_answer, unknown},
        {202, good, Code::unreadable_answer, unknown},
        {200, "", Code::unreadable_answer, unknown},
        {200, "<html>", Code::unreadable_answer, unknown},
        {200, "[]", Code::unreadable_answer, unknown},
        {200, R"({"authorization_id":"a_1"})", Code::unreadable_answer, unknown},
        {200, R"({"authorization_id":"a_1","status":"pending"})", Code::unreadable_answer, unknown},
        {200, R"({"status":"authorized"})", Code::unreadable_answer, unknown},
        {200, R"({"authorization_id":"","status":"authorized"})", Code::unreadable_answer, unknown},
        {200, R"({"authorization_id":17,"status":"authorized"})", Code::unreadable_answer, unknown},
        {200, R"({"authorization_id":"a b","status":"authorized"})", Code::unreadable_answer, unknown},
        {200, R"({"authorization_id":"..","status":"authorized"})", Code::unreadable_answer, unknown},
        {200, R"({"authorization_id":"a_1","status":"authorized","amount":5000})", Code::echo_mismatch, unknown},
        {200, R"({"authorization_id":"a_1","status":"authorized","amount":-4999})", Code::echo_mismatch, unknown},
        {200, R"({"authorization_id":"a_1","status":"authorized","amount":4999.0})", Code::unreadable_answer, unknown},
        {200, R"({"authorization_id":"a_1","status":"authorized","amount":"4999"})", Code::unreadable_answer, unknown},
        {200, R"({"authorization_id":"a_1","status":"authorized","amount":4999,"currency":"EUR"})", Code::echo_mismatch,
         unknown},
        {200, R"({"authorization_id":"a_1","status":"authorized","reference":"ch_2"})", Code::echo_mismatch, unknown},
    }));
    CAPTURE(one.status, one.body);
    const auto outcome = authorize_at(always(one.status, one.body));
    REQUIRE_FALSE(outcome.has_value());
    CHECK(outcome.error().code == one.code);
    CHECK(outcome.error().execution == one.execution);
    CHECK((one.body.empty() || outcome.error().detail.find(one.body) == std::string::npos));
}

TEST_CASE("an id longer than 255 characters is unreadable") {
    const std::string body = R"({"status":"authorized","authorization_id":")" + std::string(256, 'a') + "\"}";
    const auto outcome = authorize_at(always(200, body));
    REQUIRE_FALSE(outcome.has_value());
    CHECK(outcome.error().code == Code::unreadable_answer);
}

TEST_CASE("only id and status are required of an authorization") {
    const auto outcome = authorize_at(always(200, R"({"authorization_id":"a_1","status":"authorized"})"));
    REQUIRE(outcome.has_value());
    CHECK(outcome->authorized->avs_result.empty());
    CHECK_FALSE(outcome->authorized->expires_at.has_value());
}

TEST_CASE("a required authentication is an outcome with the place to go, not an error") {
    const auto outcome =
        authorize_at(always(402, R"({"error":"authentication_required","redirect_url":"https://bank.example/3ds?x=1"})"));
    REQUIRE(outcome.has_value());
    CHECK_FALSE(outcome->authorized.has_value());
    CHECK(outcome->redirect_url == "https://bank.example/3ds?x=1");
}

TEST_CASE("Retry-After is carried by 429 and 503, in seconds or as a date") {
    const int status = GENERATE(429, 503);
    const auto seconds = authorize_at(always(status, "", "Retry-After: 12\r\n"));
    REQUIRE_FALSE(seconds.has_value());
    CHECK(seconds.error().retry_after == Milliseconds(12'000));
    const auto past = authorize_at(always(status, "", "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
    CHECK(past.error().retry_after == Milliseconds(0));
    const auto nonsense = authorize_at(always(status, "", "Retry-After: soon\r\n"));
    CHECK_FALSE(nonsense.error().retry_after.has_value());
}

TEST_CASE("a look-up asks for the operation by its key, percent-encoded, and reads the answer as the call's own") {
    std::string seen;
    ScriptedServer server([&](Peer& peer) {
        seen = peer.read_request();
        peer.answer(200, good);
    });
    EventLoop loop;
    const auto client = HttpClient::make(loop.runtime(), server.url());
    HttpGateway gateway(**client);
    const auto outcome = loop.run(gateway.authorize(authorize_request(), call("key/1?#%", loop.in(5s), Ask::look_up)));
    REQUIRE(outcome.has_value());
    CHECK(outcome->authorized->id == "a_1");
    CHECK(seen.starts_with("GET /v1/operations/key%2F1%3F%23%25 HTTP/1.1\r\n"));
}

TEST_CASE("a look-up that fails on its way, or is itself refused, says nothing about the step") {
    const auto one = GENERATE(values<Case>({
        {404, "", Code::never_arrived, Execution::unknown},
        {401, "", Code::gateway_fault, Execution::unknown},
        {403, "", Code::gateway_fault, Execution::unknown},
        {408, "", Code::gateway_busy, Execution::unknown},
        {410, "", Code::gateway_fault, Execution::unknown},
        {429, "", Code::gateway_busy, Execution::unknown},
        {500, "", Code::gateway_fault, Execution::unknown},
        {409, R"({"error":"idempotency_key_in_use"})", Code::gateway_busy, Execution::unknown},
        {402, R"({"error":"card_declined"})", Code::card_declined, Execution::refused},
        {422, "", Code::gateway_refused, Execution::refused},
    }));
    CAPTURE(one.status);
    const auto outcome = authorize_at(always(one.status, one.body), Ask::look_up);
    REQUIRE_FALSE(outcome.has_value());
    CHECK(outcome.error().code == one.code);
    CHECK(outcome.error().execution == one.execution);

    EventLoop loop;
    const auto client = HttpClient::make(loop.runtime(), "http://127.0.0.1:" + std::to_string(ScriptedServer::dead_port()));
    HttpGateway gateway(**client);
    const auto unreachable = loop.run(gateway.authorize(authorize_request(), call("key-1", loop.in(5s), Ask::look_up)));
    REQUIRE_FALSE(unreachable.has_value());
    CHECK(unreachable.error().execution == Execution::unknown);
}

TEST_CASE("capture, void and refund ask and answer in the contract's words, and check the echo") {
    struct Expect {
        std::string path;
        std::string body;
        std::string answer;
    };
    const Expect capture{"/v1/capture", R"({"reference":"ch_1","authorization_id":"a_1","amount":4999,"currency":"USD"})",
                         R"({"capture_id":"x_1","status":"captured"})"};
    const Expect undo{"/v1/void", R"({"reference":"ch_1","authorization_id":"a_1"})", R"({"void_id":"x_1","status":"voided"})"};
    const Expect refund{"/v1/refund", R"({"reference":"ch_1","capture_id":"c_1","amount":4999,"currency":"USD"})",
                        R"({"refund_id":"x_1","status":"refunded"})"};
    const int which = GENERATE(0, 1, 2);
    const Expect& expected = which == 0 ? capture : which == 1 ? undo : refund;

    std::string seen;
    std::string answer = expected.answer;
    ScriptedServer server([&](Peer& peer) {
        for (std::string request; !(request = peer.read_request()).empty();) {
            seen = request;
            peer.answer(200, answer);
        }
    });
    EventLoop loop;
    const auto client = HttpClient::make(loop.runtime(), server.url());
    HttpGateway gateway(**client);
    const auto go = [&] {
        const auto context = call("key-1", loop.in(5s));
        if (which == 0) return loop.run(gateway.capture({"ch_1", "a_1", usd(4999)}, context));
        if (which == 1) return loop.run(gateway.void_authorization({"ch_1", "a_1"}, context));
        return loop.run(gateway.refund({"ch_1", "c_1", usd(4999)}, context));
    };
    const auto id = go();
    REQUIRE(id.has_value());
    CHECK(*id == "x_1");
    CHECK(seen.starts_with("POST " + expected.path + " HTTP/1.1\r\n"));
    CHECK(boost::json::parse(seen.substr(seen.find("\r\n\r\n") + 4)) == boost::json::parse(expected.body));

    answer = R"({"capture_id":"x_1","void_id":"x_1","refund_id":"x_1","status":"failed"})";
    CHECK(go().error().code == Code::unreadable_answer);
    if (which == 1) return;
    answer = expected.answer.substr(0, expected.answer.size() - 1) + R"(,"amount":1,"currency":"USD"})";
    CHECK(go().error().code == Code::echo_mismatch);
}

TEST_CASE("a gateway that lies at the level of the connection leaves the right certainty") {
    const auto cut = authorize_at([](Peer& peer) { peer.read_request(); });
    CHECK(cut.error().code == Code::gateway_timeout);
    CHECK(cut.error().execution == Execution::unknown);
    const auto garbage = authorize_at([](Peer& peer) {
        peer.read_request();
        peer.send("\x16\x03\x01 what is this\r\n\r\n");
    });
    CHECK(garbage.error().code == Code::unreadable_answer);
    const auto smuggled = authorize_at([](Peer& peer) {
        peer.read_request();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    });
    CHECK(smuggled.error().code == Code::unreadable_answer);
}

TEST_CASE("goods are placed and taken back in the contract's words") {
    std::string seen;
    std::string answer = R"({"reservation_id":"r/1"})";
    ScriptedServer server([&](Peer& peer) {
        for (std::string request; !(request = peer.read_request()).empty();) {
            seen = request;
            peer.answer(200, answer);
        }
    });
    EventLoop loop;
    const auto client = HttpClient::make(loop.runtime(), server.url());
    HttpGoods inventory(**client, inventory_words);
    const auto id = loop.run(inventory.place(goods_request(), call("key-1", loop.in(5s))));
    REQUIRE(id.has_value());
    CHECK(*id == "r/1");
    CHECK(seen.starts_with("POST /v1/reservations HTTP/1.1\r\n"));
    CHECK(boost::json::parse(seen.substr(seen.find("\r\n\r\n") + 4)) ==
          boost::json::parse(R"({"reference":"ch_1","order_id":"ord_1","items":[{"sku":"SKU-1","quantity":1}]})"));

    const auto undone = loop.run(inventory.undo(*id, call("key-2", loop.in(5s))));
    REQUIRE(undone.has_value());
    CHECK(*undone == "r/1");
    CHECK(seen.starts_with("POST /v1/reservations/r%2F1/release HTTP/1.1\r\n"));
    answer = "";
    CHECK(loop.run(inventory.undo(*id, call("key-3", loop.in(5s)))).has_value());
    answer = R"({"reservation_id":"another"})";
    CHECK(loop.run(inventory.undo(*id, call("key-4", loop.in(5s)))).error().code == Code::echo_mismatch);
}

TEST_CASE("goods name their own refusals") {
    CHECK(place_at(always(409, R"({"error":"out_of_stock"})")).error().code == Code::out_of_stock);
    CHECK(place_at(always(409, R"({"error":"cannot_ship"})")).error().code == Code::cannot_ship);
    CHECK(place_at(always(409, R"({"error":"key_in_use"})")).error().code == Code::gateway_busy);
    CHECK(place_at(always(404, "")).error().code == Code::gateway_refused);
    CHECK(place_at(always(404, ""), Ask::look_up).error().code == Code::never_arrived);
    CHECK(place_at(always(200, R"({"reservation":"r_1"})")).error().code == Code::unreadable_answer);
}
