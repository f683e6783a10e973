// Money given back: all of it, parts of it, many parts at once, and never more than was taken.
#include <catch2/catch.hpp>
#include <numeric>

#include "integration/operating.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

/// Twenty refunds at once, twice as much together as was captured: exactly the captured amount goes back.
void check_refunds_at_once(const EventStage& stage, const std::vector<unsigned short>& ports, const std::string& token) {
    const Till till(stage);
    const std::string id = settled_charge(stage.port(), "key-1", {.token = token, .amount = 5000}).text("id");
    std::vector<Operation> all;
    for (int i = 0; i < 20; ++i) all.push_back({id, "refund", "key-r" + std::to_string(i), amount_of(500)});
    const std::vector<Reply> replies = all_settled(ports, all);
    int refunded = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const Reply& reply = replies[i];
        INFO(reply.status << " " << reply.body);
        if (reply.status == 200) {
            ++refunded;
            CHECK(std::stoi(reply.text("amount_refunded")) >= 500);
            CHECK(std::stoi(reply.text("amount_refunded")) <= 5000);
            check_replay(must(operate(ports[(i + 1) % ports.size()], all[i])), reply);
        } else {
            check_problem(reply, 422, "refund_exceeds_capture");
            CHECK(reply.text("charge_id") == id);
        }
    }
    CHECK(refunded == 10);
    CHECK(till.given_back() == 5000);
    CHECK(till.moved("refund").size() == 10);
    CHECK(till.charge(id).text("amount_refunded") == "5000");
    CHECK(till.charge(id).text("status") == "succeeded");
    CHECK(stage.entries(id, "refund") == 10);
}

}  // namespace

TEST_CASE("a refund without a body gives everything back, once") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const Till till(stage);
    const Reply first = must(charge(stage.port(), "key-1", {}));
    const std::string id = first.text("id");
    const Reply refunded = till.ask({id, "refund", "key-2"});
    CHECK(refunded.status == 200);
    CHECK(refunded.text("id") == id);
    CHECK(refunded.text("status") == "succeeded");
    CHECK(refunded.text("amount") == "4999");
    CHECK(refunded.text("amount_refunded") == "4999");
    CHECK(till.charge(id).body == refunded.body);
    CHECK(till.moved("refund") == std::vector{4999LL});
    CHECK(stage.effects() == whole_checkout + " refund");
    CHECK(stage.entries(id, "refund") == 1);

    check_problem(till.ask({id, "refund", "key-3"}), 422, "refund_exceeds_capture");
    check_problem(till.ask({id, "refund", "key-4", amount_of(1)}), 422, "refund_exceeds_capture");
    check_replay(till.ask({id, "refund", "key-2"}), refunded);
    check_replay(must(charge(stage.port(), "key-1", {})), first);
    CHECK(till.moved("refund").size() == 1);
    CHECK(stage.shop_hears(id, "charge.succeeded charge.refunded"));
}

TEST_CASE("a charge is refunded in parts, each answer telling how much has gone back so far") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const Till till(stage);
    const std::string id = stage.charge("key-1");
    CHECK(till.ask({id, "refund", "key-2", amount_of(1000)}).text("amount_refunded") == "1000");
    CHECK(till.ask({id, "refund", "key-3", R"({"amount":1000,"reason":"one of two came broken: Größe, 尺寸"})"})
              .text("amount_refunded") == "2000");
    const Reply too_much = till.ask({id, "refund", "key-4", amount_of(3000)});
    check_problem(too_much, 422, "refund_exceeds_capture");
    CHECK(too_much.text("retriable") == "false");
    CHECK(too_much.text("charge_id") == id);
    CHECK(too_much.text("instance") == "/charge/" + id + "/refund");
    CHECK(till.charge(id).text("amount_refunded") == "2000");
    check_problem(till.ask({id, "refund", "key-4", amount_of(2998)}), 422, "idempotency_key_reused");  // the refusal is kept
    CHECK(till.ask({id, "refund", "key-5", amount_of(2998)}).text("amount_refunded") == "4998");
    CHECK(till.ask({id, "refund", "key-6"}).text("amount_refunded") == "4999");  // what is left
    const Reply still_too_much = till.ask({id, "refund", "key-4", amount_of(3000)});
    CHECK(still_too_much.body == too_much.body);
    CHECK(still_too_much.header("idempotent-replayed") == "true");
    CHECK(till.moved("refund") == std::vector{1000LL, 1000LL, 2998LL, 1LL});
    CHECK(stage.entries(id, "refund") == 4);
    CHECK(stage.shop_hears(id, "charge.succeeded charge.refunded charge.refunded charge.refunded charge.refunded"));
}

TEST_CASE("a refund whose body makes no sense moves nothing") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const Till till(stage);
    const std::string id = stage.charge("key-1");
    for (const std::string body :
         {R"({"amount":0})", R"({"amount":-1})", R"({"amount":1.5})", R"({"reason":""})", R"({"reason":7})",
          R"({"reason":"a\u0007b"})", R"({"amount":1,"currency":"USD"})", R"([1])"}) {
        INFO(body);
        check_problem(till.ask({id, "refund", "key-2", body}), 422, "validation_failed");
    }
    check_problem(till.ask({id, "refund", "key-2", R"({"reason":")" + std::string(256, 'x') + R"("})"}), 422,
                  "validation_failed");
    check_problem(till.ask({id, "refund", "key-2", R"({"reason":"4242 4242 4242 4242"})"}), 422, "pan_not_accepted");
    check_problem(till.ask({id, "refund", "key-2", R"({"cvv":"123"})"}), 422, "pan_not_accepted");
    check_problem(till.ask({id, "refund", "key-2", R"({"amount":1)"}), 400, "invalid_json");
    CHECK(stage.effects() == whole_checkout);
    CHECK(till.charge(id).text("amount_refunded") == "0");
    CHECK(till.ask({id, "refund", "key-2", R"({"reason":")" + std::string(255, 'x') + R"("})"}).status == 200);
}

TEST_CASE("what was never captured, or was given back already, cannot be refunded") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const Till till(stage);
    Order later = manual;
    later.id = "ord_2";
    Order waiting = authenticated;
    waiting.id = "ord_3";
    const std::vector<std::string> ids{stage.charge("key-1", {.id = "ord_1", .token = "tok_declined"}, 402),
                                       stage.charge("key-2", later), stage.charge("key-3", waiting, 202),
                                       stage.charge("key-4", {.id = "ord_4", .sku = "SKU-UNSHIPPABLE"}, 409)};
    for (const std::string& id : ids) {
        const Reply before = till.charge(id);
        INFO(before.body);
        const Reply refused = till.ask({id, "refund", "key-5"});
        check_problem(refused, 409, "invalid_state");
        CHECK(refused.text("charge_id") == id);
        CHECK(till.charge(id).body == before.body);
    }
    CHECK(till.moved("refund", "").size() == 1);  // that of the undoing
}

TEST_CASE("twenty refunds at once that together exceed the capture give back exactly what was captured") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    check_refunds_at_once(stage, {stage.port()}, "tok_visa");
}

TEST_CASE("twenty refunds at once through two processes give back exactly what was captured") {
    EventStage stage(true);
    stage.start();
    stage.start();
    check_refunds_at_once(stage, {stage.process(0).port(), stage.process(1).port()}, "tok_visa");
}

TEST_CASE("twenty refunds at once whose gateway loses answers give back exactly what was captured") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    check_refunds_at_once(stage, {stage.port()}, GENERATE("tok_lost_reply", "tok_error_after", "tok_flaky_2"));
}

TEST_CASE("refunds asked for by the shop and made in the gateway's dashboard add up") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const Till till(stage);
    const std::string id = stage.charge("key-1");
    CHECK(till.ask({id, "refund", "key-2", amount_of(1000)}).status == 200);
    CHECK(stage.tell("payment.refunded", about(id, R"(,"refund_id":"re_dashboard","amount":3000,"currency":"USD")")));
    CHECK(till.charge(id).text("amount_refunded") == "4000");
    check_problem(till.ask({id, "refund", "key-3", amount_of(1000)}), 422, "refund_exceeds_capture");
    CHECK(till.ask({id, "refund", "key-4", amount_of(999)}).text("amount_refunded") == "4999");
    CHECK(stage.shop_hears(id, "charge.succeeded charge.refunded charge.refunded charge.refunded"));
}

TEST_CASE("the gateway's news of a refund that the shop asked for here do not count it twice") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const Till till(stage);
    const std::string id = stage.charge("key-1");
    CHECK(till.ask({id, "refund", "key-2", amount_of(1000)}).status == 200);
    const auto ledger = outside_ledger(stage.sandbox->port(), "ord_1").at("ord_1");
    CHECK(stage.tell("payment.refunded",
                     about(id, R"(,"refund_id":")" + ledger.back().id + R"(","amount":1000,"currency":"USD")")));
    CHECK(till.charge(id).text("amount_refunded") == "1000");
    CHECK(stage.entries(id, "refund") == 1);
    CHECK(stage.shop_hears(id, "charge.succeeded charge.refunded"));
}

TEST_CASE("a refund that the gateway refuses is told as refused, and what it had reserved can be refunded again") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const Till till(stage);
    const std::string id = stage.charge("key-1");
    // Somebody gives 4000 back at the gateway, and it does not tell.
    const Reply elsewhere = must(request(
        stage.sandbox->port(), {.method = "POST",
                                .path = "/v1/refund",
                                .body = R"({"reference":")" + id + R"(","capture_id":")" +
                                        till.charge(id).text("gateway.capture_id") + R"(","amount":4000,"currency":"USD"})",
                                .key = "somebody-else"}));
    REQUIRE(elsewhere.status == 200);
    const Reply refused = till.settle({id, "refund", "key-2", amount_of(1000)});
    INFO(refused.status << " " << refused.body);
    check_problem(refused, 502, "gateway_error");
    CHECK(refused.text("retriable") == "false");
    CHECK(refused.text("charge_id") == id);
    check_replay(till.ask({id, "refund", "key-2", amount_of(1000)}), refused);
    CHECK(till.charge(id).text("status") == "succeeded");
    CHECK(till.charge(id).text("amount_refunded") == "0");
    check_problem(till.ask({id, "refund", "key-3"}), 502, "gateway_error");  // all of it may be asked for again
    CHECK(till.ask({id, "refund", "key-4", amount_of(999)}).text("amount_refunded") == "999");
    CHECK(till.moved("refund") == std::vector{4000LL, 999LL});
}

TEST_CASE("an order that was given back whole may be charged again, one given back in part may not") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const Till till(stage);
    const std::string id = stage.charge("key-1");
    CHECK(till.ask({id, "refund", "key-r1", amount_of(4998)}).status == 200);
    const Reply refused = must(charge(stage.port(), "key-2", {}));
    check_problem(refused, 409, "probable_duplicate");
    CHECK(refused.text("charge_id") == id);
    CHECK(till.ask({id, "refund", "key-r2"}).status == 200);
    CHECK(must(charge(stage.port(), "key-2", {})).status == 201);
}
