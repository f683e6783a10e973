// What is asked of a charge has keys as charges have: one key is one thing done, and one answer.
#include <catch2/catch.hpp>

#include "integration/operating.hpp"

using namespace tollgate;
using namespace tollgate::test;

TEST_CASE("an operation is replayed byte for byte, also after later ones, in another process and with nobody outside") {
    const bool on_redis = GENERATE(false, true);
    EventStage stage(on_redis);
    stage.start();
    const Till till(stage);
    const std::string id = stage.charge("key-1", manual);
    const Reply captured = till.ask({id, "capture", "key-2", amount_of(4000)});
    const Reply one = till.ask({id, "refund", "key-3", amount_of(1000)});
    const Reply two = till.ask({id, "refund", "key-4", amount_of(500)});
    REQUIRE(captured.status == 200);
    REQUIRE(one.text("amount_refunded") == "1000");
    REQUIRE(two.text("amount_refunded") == "1500");

    stage.sandbox->kill_hard();  // whoever calls it now is found out
    const auto check_all = [&] {
        check_replay(till.ask({id, "capture", "key-2", amount_of(4000)}), captured);
        check_replay(till.ask({id, "refund", "key-3", amount_of(1000)}), one);
        check_replay(till.ask({id, "refund", "key-4", amount_of(500)}), two);
    };
    check_all();
    if (on_redis) {
        stage.start();
        check_all();
    }
    stage.restart();
    check_all();
}

TEST_CASE("a key that comes with another payload is refused, and the same payload may be written otherwise") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const Till till(stage);
    const std::string id = stage.charge("key-1");
    const Reply one = till.ask({id, "refund", "key-2", R"({"amount":1000,"reason":"broken"})"});
    REQUIRE(one.status == 200);
    check_replay(till.ask({id, "refund", "\"key-2\"", " { \"reason\" : \"bro\\u006ben\", \"amount\":1000 }\n"}), one);
    for (const std::string body : {"", "{}", R"({"amount":1000})", R"({"amount":1001,"reason":"broken"})"}) {
        INFO(body);
        const Reply refused = till.ask({id, "refund", "key-2", body});
        check_problem(refused, 422, "idempotency_key_reused");
        CHECK(refused.text("retriable") == "false");
        CHECK(refused.text("charge_id") == id);
    }
    const Reply rest = till.ask({id, "refund", "key-3"});
    check_replay(till.ask({id, "refund", "key-3", "{}"}), rest);
    check_problem(till.ask({id, "refund", "key-3", amount_of(3999)}), 422, "idempotency_key_reused");
    CHECK(till.moved("refund") == std::vector{1000LL, 3999LL});
}

TEST_CASE("the same key on another charge, or for another kind of thing, is another key") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const Till till(stage);
    Order other = manual;
    other.id = "ord_2";
    const std::string one = stage.charge("key", manual);
    const std::string two = stage.charge("key-other", other);
    CHECK(till.ask({one, "capture", "key"}).text("id") == one);
    CHECK(till.ask({two, "capture", "key", amount_of(2000)}).text("id") == two);
    CHECK(till.ask({one, "refund", "key", amount_of(1000)}).text("amount_refunded") == "1000");
    CHECK(till.ask({two, "refund", "key", amount_of(2000)}).text("amount_refunded") == "2000");
    check_problem(till.ask({one, "void", "key"}), 409, "invalid_state");
    CHECK(till.moved("refund") == std::vector{1000LL});
    CHECK(till.moved("refund", "ord_2") == std::vector{2000LL});
}

TEST_CASE("without exactly one fit key nothing is done") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const Till till(stage);
    const std::string id = stage.charge("key-1", manual);
    for (const std::string kind : {"capture", "void", "refund", "confirm"}) {
        INFO(kind);
        check_problem(till.ask({id, kind, ""}), 400, "idempotency_key_missing");
        check_problem(till.ask({id, kind, "two words"}), 400, "idempotency_key_invalid");
        check_problem(till.ask({id, kind, std::string(256, 'k')}), 400, "idempotency_key_invalid");
        check_problem(till.ask({id, kind, "one\r\nIdempotency-Key: two"}), 400, "idempotency_key_invalid");
    }
    CHECK(till.charge(id).text("status") == "authorized");
}

TEST_CASE("of no charge, or of one by a name that no charge can have, there is nothing to be asked") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const Till till(stage);
    const std::string id = stage.charge("key-1");
    std::string unknown = id;
    unknown.back() = unknown.back() == 'a' ? 'b' : 'a';
    for (const std::string kind : {"capture", "void", "refund", "confirm"}) {
        for (const std::string& name : {unknown, std::string("ch_1"), id + "x"}) {
            INFO(kind << " " << name);
            check_problem(till.ask({name, kind, "key-2"}), 404, "not_found");
        }
        const Reply card = till.ask({"4242424242424242", kind, "key-2"});
        CHECK(card.status == 404);
        CHECK(card.body.find("4242") == std::string::npos);
        const Reply wrong = must(request(stage.port(), {.path = "/charge/" + id + "/" + kind}));
        CHECK(wrong.status == 405);
        CHECK(wrong.header("allow").starts_with("POST"));
    }
    CHECK(stage.effects() == whole_checkout);
    stage.newest().stop();
    CHECK(stage.newest().said().find("4242424242424242") == std::string::npos);
}

TEST_CASE("while the outcome is not known the same request is answered 202, and another payload refused") {
    EventStage stage(GENERATE(false, true), {{"TOLLGATE_SERVER_CHARGE_TIMEOUT", "300ms"}});
    HeldGate gate(stage.sandbox->port(), "/v1/refund");
    stage.start({{"TOLLGATE_GATEWAY_URL", gate.url()}});
    const Till till(stage);
    const std::string id = stage.charge("key-1");
    auto first = operate_async(stage.port(), {id, "refund", "key-2", amount_of(1000)});
    REQUIRE(gate.wait_for(1));
    check_unsettled(till.ask({id, "refund", "key-2", amount_of(1000)}), id);
    check_problem(till.ask({id, "refund", "key-2", amount_of(1001)}), 422, "idempotency_key_reused");
    check_unsettled(must(first.get()), id);
    CHECK(till.charge(id).text("amount_refunded") == "0");
    CHECK(till.charge(id).text("status") == "succeeded");

    gate.release();
    const Reply settled = till.settle({id, "refund", "key-2", amount_of(1000)});
    CHECK(settled.status == 200);
    CHECK(settled.text("amount_refunded") == "1000");
    check_replay(till.ask({id, "refund", "key-2", amount_of(1000)}), settled);
    CHECK(till.moved("refund") == std::vector{1000LL});
}

TEST_CASE("a slow gateway costs time and nothing else") {
    EventStage stage(GENERATE(false, true), {{"TOLLGATE_SERVER_CHARGE_TIMEOUT", "200ms"}});
    stage.start();
    const Till till(stage);
    Order slow = manual;
    slow.token = "tok_slow_600";
    const std::string id = stage.charge("key-1", slow, 202);
    REQUIRE(stage.becomes(id, "authorized"));
    check_unsettled(till.ask({id, "capture", "key-2", amount_of(3000)}), id);
    CHECK(till.settle({id, "capture", "key-2", amount_of(3000)}).text("status") == "succeeded");
    check_unsettled(till.ask({id, "refund", "key-3", amount_of(1000)}), id);
    CHECK(till.settle({id, "refund", "key-3", amount_of(1000)}).text("amount_refunded") == "1000");
    CHECK(till.moved("capture") == std::vector{3000LL});
    CHECK(till.moved("refund") == std::vector{1000LL});
}

TEST_CASE("a gateway that is away leaves an operation unsettled, and it is done when the gateway is back") {
    EventStage stage(GENERATE(false, true),
                     {{"TOLLGATE_SERVER_CHARGE_TIMEOUT", "300ms"}, {"TOLLGATE_BREAKER_FAILURE_THRESHOLD", "1000"}});
    std::atomic<bool> away{false};
    Gate gate(stage.sandbox->port(), [&](int, bool, const std::string&) { return !away; });
    stage.start({{"TOLLGATE_GATEWAY_URL", gate.url()}});
    const Till till(stage);
    Order other = manual;
    other.id = "ord_2";
    const std::string one = stage.charge("key-1", manual);
    const std::string two = stage.charge("key-2", other);
    away = true;
    check_unsettled(till.ask({one, "capture", "key-3"}), one);
    check_unsettled(till.ask({two, "void", "key-4"}), two);
    CHECK(till.charge(one).text("status") == "processing");
    CHECK(till.charge(two).text("status") == "processing");
    check_unsettled(till.ask({one, "capture", "key-3"}), one);
    away = false;
    CHECK(till.settle({one, "capture", "key-3"}).text("status") == "succeeded");
    CHECK(till.settle({two, "void", "key-4"}).text("status") == "canceled");
    CHECK(stage.effects() == whole_checkout);
    CHECK(stage.effects("ord_2") == "reserve authorize void release");

    away = true;
    check_unsettled(till.ask({one, "refund", "key-5", amount_of(1000)}), one);
    check_problem(till.ask({one, "refund", "key-6", amount_of(4000)}), 422, "refund_exceeds_capture");  // 1000 are reserved
    check_unsettled(till.ask({one, "refund", "key-7", amount_of(3999)}), one);
    CHECK(till.charge(one).text("amount_refunded") == "0");
    away = false;
    CHECK(till.settle({one, "refund", "key-5", amount_of(1000)}).status == 200);
    CHECK(till.settle({one, "refund", "key-7", amount_of(3999)}).text("amount_refunded") == "4999");
    CHECK(till.moved("refund") == std::vector{1000LL, 3999LL});
}
