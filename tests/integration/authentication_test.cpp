// 3-D Secure: the customer is sent to authenticate, and the payment goes on once when they did.
#include <catch2/catch.hpp>

#include "integration/operating.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

/// A charge that waits for its customer.
std::string waiting_charge(const EventStage& stage, const std::string& key = "key-1", const Order& order = authenticated) {
    return stage.charge(key, order, 202);
}

}  // namespace

TEST_CASE("a customer who must authenticate is no error: 202, where to send them, and the shop is told") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const Reply asked = must(charge(stage.port(), "key-1", authenticated));
    const std::string id = asked.text("id");
    check_unsettled(asked, id);
    CHECK(asked.text("status") == "requires_action");
    CHECK(asked.text("next_action.redirect_url").starts_with("http"));
    CHECK(asked.text("saga.state") == "WAITING");
    CHECK(asked.text("failure").empty());
    CHECK(stage.get("/charge/" + id).body == asked.body);
    CHECK(stage.shop_hears(id, "charge.requires_action"));
    check_unsettled(must(charge(stage.port(), "key-1", authenticated)), id);
    CHECK(stage.effects() == "reserve");
}

TEST_CASE("after the customer's authentication a confirm charges, and the first request's key tells so") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const Till till(stage);
    const std::string id = waiting_charge(stage);
    const Reply confirmed = till.ask({id, "confirm", "key-2"});
    CHECK(confirmed.status == 200);
    CHECK(confirmed.text("status") == "succeeded");
    CHECK(confirmed.text("next_action").empty());
    CHECK(till.charge(id).body == confirmed.body);
    check_replay(till.ask({id, "confirm", "key-2"}), confirmed);
    const Reply first = must(charge(stage.port(), "key-1", authenticated));
    CHECK(first.status == 201);
    CHECK(first.body == confirmed.body);
    CHECK(till.ask({id, "confirm", "key-3"}).status == 200);  // as after a webhook that said the same
    CHECK(stage.effects() == whole_checkout);
    CHECK(stage.shop_hears(id, "charge.requires_action charge.succeeded"));
}

TEST_CASE("a manual charge is authorized after its confirm, and captured after that") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const Till till(stage);
    Order order = authenticated;
    order.more = manual.more;
    const std::string id = waiting_charge(stage, "key-1", order);
    for (const std::string kind : {"capture", "refund"}) {
        INFO(kind);
        check_problem(till.ask({id, kind, "key-early"}), 409, "invalid_state");
    }
    CHECK(till.ask({id, "confirm", "key-2"}).text("status") == "authorized");
    CHECK(stage.effects() == "reserve authorize");
    CHECK(till.ask({id, "capture", "key-3"}).text("status") == "succeeded");
    CHECK(stage.effects() == whole_checkout);
}

TEST_CASE("confirms and the webhook that says the same, all at once, authorize once") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const Till till(stage);
    for (int round = 0; round < 3; ++round) {
        Order order = authenticated;
        order.id = "ord_r" + std::to_string(round);
        const std::string id = waiting_charge(stage, order.id, order);
        auto told = std::async(std::launch::async, [&] { return stage.send("payment.action_completed", about(id)); });
        std::vector<Operation> confirms;
        for (int i = 0; i < 5; ++i) confirms.push_back({id, "confirm", "key-" + std::to_string(i)});
        const auto replies = all_settled({stage.port()}, confirms);
        const auto sent = told.get();  // its thread looks at what it gets, as this one does from here on
        for (const Reply& reply : replies) {
            INFO(reply.body);
            CHECK(reply.status == 200);
            CHECK(reply.text("status") == "succeeded");
        }
        CHECK(sent.fresh());
        CHECK(stage.comes_to(sent.id, "done"));
        CHECK(stage.effects(order.id) == whole_checkout);
        CHECK(stage.entries(id, "authorize") == 1);
        CHECK(stage.shop_hears(id, "charge.requires_action charge.succeeded"));
    }
}

TEST_CASE("confirms through two processes at once, and the webhook at one of them, authorize once") {
    EventStage stage(true);
    stage.start();
    stage.start();
    const std::string id = waiting_charge(stage);
    auto told = std::async(std::launch::async, [&] { return stage.send("payment.action_completed", about(id)); });
    const auto replies = all_settled({stage.process(0).port(), stage.process(1).port()},
                                     {{id, "confirm", "key-2"}, {id, "confirm", "key-2"}, {id, "confirm", "key-3"}});
    const auto sent = told.get();
    for (const Reply& reply : replies) CHECK(reply.text("status") == "succeeded");
    CHECK(replies[0].body == replies[1].body);
    CHECK(stage.comes_to(sent.id, "done"));
    CHECK(stage.effects() == whole_checkout);
    CHECK(stage.entries(id, "authorize") == 1);
}

TEST_CASE("a confirm of a charge that waits for nobody is refused and changes nothing") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const Till till(stage);
    Order held = manual;
    held.id = "ord_2";
    const std::vector<std::string> ids{stage.charge("key-1"), stage.charge("key-2", held),
                                       stage.charge("key-3", {.id = "ord_3", .token = "tok_declined"}, 402)};
    for (const std::string& id : ids) {
        const Reply before = till.charge(id);
        check_problem(till.ask({id, "confirm", "key-4"}), 409, "invalid_state");
        CHECK(till.charge(id).body == before.body);
    }
    const std::string id = waiting_charge(stage, "key-5", {.id = "ord_4", .token = authenticated.token});
    check_problem(till.ask({id, "confirm", "key-6", R"({"amount":1})"}), 422, "validation_failed");
    CHECK(till.charge(id).text("status") == "requires_action");
}

TEST_CASE("a customer who does not come in time cancels the charge and gives the goods back") {
    EventStage stage(GENERATE(false, true), {{"TOLLGATE_SAGA_ACTION_TIMEOUT", "300ms"}});
    stage.start();
    const Till till(stage);
    const std::string id = waiting_charge(stage);
    CHECK(stage.becomes(id, "canceled"));
    CHECK(eventually([&] { return stage.effects() == "reserve release"; }));
    CHECK(till.charge(id).text("next_action").empty());
    check_problem(till.ask({id, "confirm", "key-2"}), 409, "invalid_state");
    const Reply last = settled_charge(stage.port(), "key-1", authenticated);
    CHECK(last.status == 409);
    CHECK(last.text("retriable") == "false");
    CHECK(last.text("charge_id") == id);
    CHECK(stage.shop_hears(id, "charge.requires_action charge.reversed"));
    CHECK(stage.charge("key-3", {.token = "tok_visa"}) != id);  // the order may be charged again
    CHECK(stage.effects() == "reserve release " + whole_checkout);
}

TEST_CASE("a webhook that comes after the customer's time is over changes nothing") {
    EventStage stage(GENERATE(false, true), {{"TOLLGATE_SAGA_ACTION_TIMEOUT", "300ms"}});
    stage.start();
    const std::string id = waiting_charge(stage);
    REQUIRE(stage.becomes(id, "canceled"));
    CHECK(stage.tell("payment.action_completed", about(id)));
    CHECK(stage.get("/charge/" + id).text("status") == "canceled");
    CHECK(stage.effects() == "reserve release");
}

TEST_CASE("a shop may let a charge go that waits for its customer") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const Till till(stage);
    const std::string id = waiting_charge(stage);
    const Reply voided = till.ask({id, "void", "key-2"});
    CHECK(voided.status == 200);
    CHECK(voided.text("status") == "canceled");
    check_problem(till.ask({id, "confirm", "key-3"}), 409, "invalid_state");
    CHECK(stage.effects() == "reserve release");
}
