// A payment that the shop captures or lets go itself: what it is told, what the gateway and the goods see of it.
#include <catch2/catch.hpp>
#include <regex>

#include "integration/operating.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

const std::string held = "reserve authorize";

}  // namespace

TEST_CASE("a manual charge is held until it is captured, then shipped, and both answers tell the charge") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const Till till(stage);
    const std::string id = stage.charge("key-1", manual);
    const Reply authorized = till.charge(id);
    CHECK(authorized.text("status") == "authorized");
    CHECK(std::regex_match(authorized.text("capture_before"), std::regex(R"(20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z)")));
    CHECK_FALSE(authorized.text("gateway.authorization_id").empty());
    CHECK(authorized.text("gateway.capture_id").empty());
    CHECK(stage.effects() == held);

    const Reply captured = till.ask({id, "capture", "key-2"});
    CHECK(captured.status == 200);
    CHECK(captured.header("content-type") == "application/json");
    CHECK_FALSE(captured.headers.contains("idempotent-replayed"));
    CHECK(captured.text("id") == id);
    CHECK(captured.text("status") == "succeeded");
    CHECK(captured.text("amount") == "4999");
    CHECK(captured.text("amount_refunded") == "0");
    CHECK_FALSE(captured.text("gateway.capture_id").empty());
    CHECK_FALSE(captured.text("shipment_id").empty());
    CHECK(captured.text("capture_before").empty());
    CHECK(captured.text("saga.state") == "COMPLETED");
    CHECK(till.charge(id).body == captured.body);
    CHECK(stage.effects() == whole_checkout);
    CHECK(till.moved("capture") == std::vector{4999LL});
    CHECK(stage.shop_hears(id, "charge.succeeded"));
}

TEST_CASE("a part of what was authorized can be captured, and no more than that part is given back") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const Till till(stage);
    const std::string id = stage.charge("key-1", manual);
    const Reply captured = till.ask({id, "capture", "key-2", amount_of(3000)});
    CHECK(captured.status == 200);
    CHECK(captured.text("status") == "succeeded");
    CHECK(till.moved("capture") == std::vector{3000LL});
    CHECK(stage.entries(id, "capture") == 1);

    check_problem(till.ask({id, "refund", "key-3", amount_of(3001)}), 422, "refund_exceeds_capture");
    const Reply refunded = till.ask({id, "refund", "key-4"});
    CHECK(refunded.status == 200);
    CHECK(refunded.text("amount_refunded") == "3000");
    CHECK(till.given_back() == 3000);
}

TEST_CASE("a capture of more than was authorized, or of no amount, is refused and leaves the charge to be captured") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const Till till(stage);
    const std::string id = stage.charge("key-1", manual);
    for (const std::string body :
         {R"({"amount":5000})", R"({"amount":0})", R"({"amount":-1})", R"({"amount":100.0})", R"({"amount":1e2})",
          R"({"amount":"100"})", R"({"amount":null})", R"({"amount":99999999999999999999})"}) {
        INFO(body);
        const Reply refused = till.ask({id, "capture", "key-2", body});
        check_problem(refused, 422, "validation_failed");
        CHECK(body_of(refused).at("errors").at(0).at("pointer") == "/amount");
    }
    for (const std::string body : {R"({"ammount":100})", R"({"amount":100,"reason":"x"})", "[]", "\"x\"", "7"}) {
        INFO(body);
        check_problem(till.ask({id, "capture", "key-2", body}), 422, "validation_failed");
    }
    for (const std::string body : {"{", R"({"amount":1,"amount":1})", "{}{}", " "}) {
        INFO(body);
        check_problem(till.ask({id, "capture", "key-2", body}), 400, "invalid_json");
    }
    CHECK(stage.effects() == held);
    CHECK(till.charge(id).text("status") == "authorized");
    CHECK(till.ask({id, "capture", "key-2", amount_of(4999)}).status == 200);  // nothing was kept of the refusals
}

TEST_CASE("a charge is captured once, though ten captures under keys of their own come at once") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const Till till(stage);
    const std::string id = stage.charge("key-1", manual);
    std::vector<Operation> all;
    for (int i = 0; i < 10; ++i) all.push_back({id, "capture", "key-c" + std::to_string(i), amount_of(1000)});
    int captured = 0;
    for (const Reply& reply : all_settled({stage.port()}, all)) {
        if (reply.status == 200) {
            ++captured;
        } else {
            check_problem(reply, 409, "invalid_state");
            CHECK(reply.text("charge_id") == id);
        }
    }
    CHECK(captured == 1);
    CHECK(till.moved("capture") == std::vector{1000LL});
    check_problem(till.ask({id, "capture", "key-late"}), 409, "invalid_state");
    CHECK(stage.effects() == whole_checkout);
}

TEST_CASE("what cannot be shipped after its capture is given back, and the capture is answered with the refusal") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const Till till(stage);
    Order order = manual;
    order.sku = "SKU-UNSHIPPABLE";
    const std::string id = stage.charge("key-1", order);
    const Reply refused = till.settle({id, "capture", "key-2"});
    check_problem(refused, 409, "cannot_ship");
    CHECK(refused.text("retriable") == "false");
    CHECK(refused.text("charge_id") == id);
    CHECK(refused.text("instance") == "/charge/" + id + "/capture");
    CHECK(till.charge(id).text("status") == "reversed");
    CHECK(stage.effects() == "reserve authorize capture refund release");
    check_replay(till.ask({id, "capture", "key-2"}), refused);
    CHECK(stage.shop_hears(id, "charge.reversed"));
}

TEST_CASE("a capture that the gateway refuses undoes the charge") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const Till till(stage);
    Order order = manual;
    order.token = "tok_capture_fails";
    const std::string id = stage.charge("key-1", order);
    check_problem(till.settle({id, "capture", "key-2"}), 409, "checkout_reversed");
    CHECK(till.charge(id).text("status") == "reversed");
    CHECK(stage.effects() == "reserve authorize void release");
    check_problem(till.ask({id, "refund", "key-3"}), 409, "invalid_state");
}

TEST_CASE("a void lets money and goods go for good, and the charge's own answer stays what it was") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const Till till(stage);
    const Reply first = must(charge(stage.port(), "key-1", manual));
    REQUIRE(first.status == 201);
    const std::string id = first.text("id");
    const Reply voided = till.ask({id, "void", "key-2"});
    CHECK(voided.status == 200);
    CHECK(voided.text("status") == "canceled");
    CHECK(voided.text("capture_before").empty());
    CHECK(stage.effects() == "reserve authorize void release");
    CHECK(stage.entries(id, "void") == 1);

    for (const std::string kind : {"capture", "void", "refund", "confirm"}) {
        INFO(kind);
        check_problem(till.ask({id, kind, "key-late"}), 409, "invalid_state");
    }
    check_replay(till.ask({id, "void", "key-2"}), voided);
    check_replay(must(charge(stage.port(), "key-1", manual)), first);
    CHECK(stage.effects() == "reserve authorize void release");
    CHECK(stage.shop_hears(id, "charge.reversed"));
    CHECK(must(charge(stage.port(), "key-3", manual)).status == 201);  // the order may be charged again
}

TEST_CASE("what was captured, declined or undone cannot be voided") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const Till till(stage);
    const std::string captured = stage.charge("key-1");
    const std::string declined = stage.charge("key-2", {.id = "ord_2", .token = "tok_declined"}, 402);
    const std::string reversed = stage.charge("key-3", {.id = "ord_3", .sku = "SKU-UNSHIPPABLE"}, 409);
    for (const std::string& id : {captured, declined, reversed}) {
        for (const std::string kind : {"void", "capture"}) {
            INFO(kind);
            const Reply before = till.charge(id);
            const Reply refused = till.ask({id, kind, "key-4"});
            check_problem(refused, 409, "invalid_state");
            CHECK(refused.text("charge_id") == id);
            CHECK(refused.text("instance") == "/charge/" + id + "/" + kind);
            CHECK(till.charge(id).body == before.body);
        }
    }
    CHECK(stage.effects() == whole_checkout);
}

TEST_CASE("of a capture and a void at once one is done and the other is told so") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const Till till(stage);
    for (int round = 0; round < 5; ++round) {
        Order order = manual;
        order.id = "ord_r" + std::to_string(round);
        const std::string id = stage.charge(order.id, order);
        const auto replies = all_settled({stage.port()}, {{id, "capture", "key-c"}, {id, "void", "key-v"}});
        const bool captured = replies[0].status == 200;
        CHECK(captured != (replies[1].status == 200));
        check_problem(replies[captured ? 1 : 0], 409, "invalid_state");
        CHECK(till.charge(id).text("status") == (captured ? "succeeded" : "canceled"));
        CHECK(stage.effects(order.id) == (captured ? whole_checkout : "reserve authorize void release"));
    }
}

TEST_CASE("a void that the gateway refuses calls somebody and is never told as done") {
    EventStage stage(GENERATE(false, true), {{"TOLLGATE_SAGA_COMPENSATION_RETRIES", "1"},
                                             {"TOLLGATE_SAGA_COMPENSATION_DELAY", "50ms"},
                                             {"TOLLGATE_SERVER_CHARGE_TIMEOUT", "300ms"}});
    stage.start();
    const Till till(stage);
    Order order = manual;
    order.token = "tok_void_fails";
    const std::string id = stage.charge("key-1", order);
    const Reply reply = till.ask({id, "void", "key-2"});
    INFO(reply.status << " " << reply.body);
    CHECK((reply.status == 202 || reply.text("code") == "needs_attention"));
    CHECK(stage.becomes(id, "needs_attention"));
    CHECK(eventually([&] { return count_of(stage.newest().said(), "\"kind\":\"failed_compensation\"") == 1; }));
    check_problem(till.settle({id, "void", "key-2"}), 500, "needs_attention");
    CHECK(stage.effects() == held);
}
