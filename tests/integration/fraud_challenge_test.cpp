// A rule wants the customer's authentication (3-D Secure): before the gateway is asked, or after its word, when what was
// authorized is replaced.
#include <catch2/catch.hpp>
#include <set>

#include "integration/screening.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

/// The two ways to a challenge, and what they leave at the gateway.
struct Way {
    std::string rules;
    Order order;
    std::string waiting;     // effects until the customer is back
    std::string paid;        // and in the end
    std::string authorized;  // when the shop captures
    std::string gone;        // when the customer never comes, or the shop lets go
};

const Way before_the_gateway{challenges_1000_usd, expensive, "reserve", whole_checkout, "reserve authorize", "reserve release"};
const Way after_its_word{challenges_strangers, french_card, replaced, paid_in_place, replaced + " authorize", taken_back};

Way any_way() {
    return GENERATE(0, 1) == 0 ? before_the_gateway : after_its_word;
}

Order manually(Order order) {
    order.more = manual.more;
    return order;
}

}  // namespace

TEST_CASE("a challenged customer is sent to authenticate, and pays once on coming back") {
    const Way way = any_way();
    EventStage stage(GENERATE(false, true), ruled_by(way.rules));
    stage.start();
    const Till till(stage);
    const Reply asked = must(charge(stage.port(), "key-1", way.order));
    const std::string id = asked.text("id");
    check_unsettled(asked, id);
    CHECK(asked.text("status") == "requires_action");
    CHECK(asked.text("saga.state") == "WAITING");
    CHECK(asked.text("next_action.redirect_url").starts_with("http"));
    CHECK(asked.text("gateway.authorization_id").empty());
    CHECK(asked.text("risk.decision") == "challenge");
    CHECK(till.charge(id).body == asked.body);
    check_unsettled(must(charge(stage.port(), "key-1", way.order)), id);
    CHECK(stage.effects() == way.waiting);
    CHECK(stage.shop_hears(id, "charge.requires_action"));

    const Reply paid = till.ask({id, "confirm", "key-2"});
    CHECK(paid.status == 200);
    CHECK(paid.text("status") == "succeeded");
    CHECK(paid.text("next_action").empty());
    CHECK(paid.text("risk.decision") == "challenge");
    check_replay(till.ask({id, "confirm", "key-2"}), paid);
    const Reply first = must(charge(stage.port(), "key-1", way.order));
    CHECK(first.status == 201);
    CHECK(first.body == paid.body);
    CHECK(stage.effects() == way.paid);
    check_one_payment(stage, way.order, "captured");
    CHECK(stage.shop_hears(id, "charge.requires_action charge.succeeded"));
    CHECK(till.ask({id, "refund", "key-3"}).text("amount_refunded") == std::to_string(way.order.amount));
    CHECK(stage.effects() == way.paid + " refund");
}

TEST_CASE("the gateway is asked for authentication when a rule wants it, under a key of its own for each authorization") {
    const bool large = GENERATE(false, true);
    EventStage stage(false, ruled_by(challenges_1000_usd + "," + challenges_strangers));
    const Overheard gateway(stage.sandbox->port());
    stage.start(gateway.settings());
    const Order order{.token = large ? "tok_visa" : "tok_country_FR", .amount = large ? 100'000 : 4999};
    const std::string id = stage.charge("key-1", order, 202);
    CHECK(Till(stage).settle({id, "confirm", "key-2"}).text("status") == "succeeded");
    const auto asked = gateway.asked("/v1/authorize");
    REQUIRE(asked.size() == (large ? 2 : 3));
    std::set<std::string> keys;
    for (std::size_t i = 0; i < asked.size(); ++i) {
        INFO(json::serialize(asked[i].body));
        CHECK(keys.insert(asked[i].key).second);
        CHECK(asked[i].key.size() <= 64);
        CHECK(asked[i].body.at("reference") == json::value(id));
        CHECK(asked[i].body.at("order_id") == "ord_1");
        CHECK(asked[i].body.at("amount") == order.amount);
        CHECK(asked[i].body.at("currency") == "USD");
        CHECK(asked[i].body.at("payment_method") == json::value(order.token));
        const bool challenged = large || i > 0;
        CHECK(asked[i].body.contains("authenticate") == challenged);
        if (challenged) CHECK(asked[i].body.at("authenticate") == true);
    }
    const auto voids = gateway.asked("/v1/void");
    REQUIRE(voids.size() == (large ? 0 : 1));
    if (!large) CHECK(voids[0].body.at("reference") == json::value(id));
}

TEST_CASE("a gateway is not asked for authentication by rules that pass, score or stay in the shadow") {
    EventStage stage(false, ruled_by(R"({kind = "high_amount", name = "a", shadow = true, threshold = {USD = 1}},
        {kind = "high_amount", name = "b", action = "score", score = 90, threshold = {USD = 1}}, {kind = "country_mismatch"})"));
    const Overheard gateway(stage.sandbox->port());
    stage.start(gateway.settings());
    REQUIRE(must(charge(stage.port(), "key-1", {})).status == 201);
    REQUIRE(gateway.asked("/v1/authorize").size() == 1);
    CHECK_FALSE(gateway.asked("/v1/authorize")[0].body.contains("authenticate"));
}

TEST_CASE("a gateway that authenticates without asking the customer is believed, and nobody is sent anywhere") {
    EventStage stage(GENERATE(false, true), ruled_by(challenges_1000_usd));
    std::atomic<int> authorizations{0};
    const LyingGateway gateway(stage.sandbox->port(),
                               [&](const Asked& call, const LyingGateway::Pass& pass) -> std::optional<Reply> {
                                   if (call.path == "/v1/capture")
                                       return saying(200, R"({"capture_id":"cap_1","status":"captured"})");
                                   if (call.path != "/v1/authorize") return pass();
                                   ++authorizations;
                                   return saying(200, R"({"authorization_id":"auth_1","status":"authorized"})");
                               });
    stage.start({{"TOLLGATE_GATEWAY_URL", gateway.url()}});
    const Reply paid = must(charge(stage.port(), "key-1", expensive));
    CHECK(paid.status == 201);
    CHECK(paid.text("risk.decision") == "challenge");
    CHECK(authorizations == 1);
}

TEST_CASE("a challenge that the gateway refuses is a declined charge") {
    EventStage stage(GENERATE(false, true), ruled_by(challenges_1000_usd));
    stage.start();
    const Order order{.token = "tok_declined", .amount = 100'000};
    const std::string id = stage.charge("key-1", order, 202);
    check_problem(Till(stage).settle({id, "confirm", "key-2"}), 402, "card_declined");
    CHECK(stage.get("/charge/" + id).text("status") == "declined");
    CHECK(stage.effects() == never_asked);
}

TEST_CASE("a challenged customer who does not come in time cancels the charge, and nothing stays authorized") {
    const Way way = any_way();
    EventStage stage(GENERATE(false, true), ruled_by(way.rules, {{"TOLLGATE_SAGA_ACTION_TIMEOUT", "300ms"}}));
    stage.start();
    const std::string id = stage.charge("key-1", way.order, 202);
    CHECK(stage.becomes(id, "canceled"));
    CHECK(eventually([&] { return stage.effects() == way.gone; }));
    check_no_payment(stage, way.order);
    check_problem(Till(stage).ask({id, "confirm", "key-2"}), 409, "invalid_state");
    const Reply last = settled_charge(stage.port(), "key-1", way.order);
    CHECK(last.status == 409);
    CHECK(last.text("retriable") == "false");
    CHECK(stage.shop_hears(id, "charge.requires_action charge.reversed"));
    CHECK(stage.effects() == way.gone);
}

TEST_CASE("a shop may void a challenged charge while its customer is away") {
    const Way way = any_way();
    const bool held = GENERATE(false, true);
    EventStage stage(GENERATE(false, true), ruled_by(way.rules));
    stage.start();
    const Till till(stage);
    const std::string id = stage.charge("key-1", held ? manually(way.order) : way.order, 202);
    const Reply voided = till.ask({id, "void", "key-2"});
    CHECK(voided.status == 200);
    CHECK(voided.text("status") == "canceled");
    check_problem(till.ask({id, "confirm", "key-3"}), 409, "invalid_state");
    CHECK(stage.effects() == way.gone);
    check_no_payment(stage, way.order);
}

TEST_CASE("a manual charge that is challenged is held after the customer's return, then captured or voided") {
    const Way way = any_way();
    const bool captures = GENERATE(false, true);
    EventStage stage(GENERATE(false, true), ruled_by(way.rules));
    stage.start();
    const Till till(stage);
    const Order order = manually(way.order);
    const std::string id = stage.charge("key-1", order, 202);
    for (const std::string kind : {"capture", "refund"}) {
        INFO(kind);
        check_problem(till.ask({id, kind, "key-early"}), 409, "invalid_state");
    }
    const Reply held = till.ask({id, "confirm", "key-2"});
    CHECK(held.text("status") == "authorized");
    CHECK_FALSE(held.text("capture_before").empty());
    CHECK(stage.effects() == way.authorized);
    check_one_payment(stage, order, "authorized");
    CHECK(must(charge(stage.port(), "key-1", order)).status == 201);
    const Reply done = till.ask({id, captures ? "capture" : "void", "key-3"});
    CHECK(done.text("status") == (captures ? "succeeded" : "canceled"));
    CHECK(stage.effects() == way.authorized + (captures ? " capture ship" : " void release"));
}

TEST_CASE("confirms of a challenged charge and the webhook that says the same, all at once, pay once") {
    const Way way = any_way();
    EventStage stage(GENERATE(false, true), ruled_by(way.rules));
    stage.start();
    const std::string id = stage.charge("key-1", way.order, 202);
    auto told = std::async(std::launch::async, [&] { return stage.send("payment.action_completed", about(id)); });
    std::vector<Operation> confirms;
    for (int i = 0; i < 5; ++i) confirms.push_back({id, "confirm", "key-" + std::to_string(i)});
    const auto replies = all_settled({stage.port()}, confirms);
    const auto sent = told.get();
    for (const Reply& reply : replies) {
        INFO(reply.body);
        CHECK(reply.status == 200);
        CHECK(reply.text("status") == "succeeded");
    }
    CHECK(stage.comes_to(sent.id, "done"));
    CHECK(stage.effects() == way.paid);
    check_one_payment(stage, way.order, "captured");
}

TEST_CASE("a webhook about an authorization that was replaced does not bring it back") {
    EventStage stage(GENERATE(false, true), ruled_by(challenges_strangers));
    stage.start();
    const std::string id = stage.charge("key-1", french_card, 202);
    const std::string first = outside_ledger(stage.sandbox->port(), "ord_1")["ord_1"].at(1).id;
    const auto told = [&](const std::string& type) {
        const auto sent = stage.send(type, about(id, R"(,"amount":4999,"currency":"USD","authorization_id":")" + first + "\""));
        CHECK(stage.comes_to(sent.id, "done"));
    };
    told("payment.authorized");
    told("payment.voided");
    const Reply waits = stage.get("/charge/" + id);
    CHECK(waits.text("status") == "requires_action");
    CHECK(waits.text("gateway.authorization_id").empty());
    CHECK(stage.effects() == replaced);
    CHECK(Till(stage).settle({id, "confirm", "key-2"}).text("status") == "succeeded");
    told("payment.voided");
    CHECK(stage.get("/charge/" + id).text("status") == "succeeded");
    CHECK(stage.effects() == paid_in_place);
}

TEST_CASE("a first authorization that cannot be voided calls somebody, and no second one is asked for") {
    EventStage stage(GENERATE(false, true), ruled_by(challenges_strangers, {{"TOLLGATE_SAGA_COMPENSATION_RETRIES", "1"},
                                                                            {"TOLLGATE_SAGA_COMPENSATION_DELAY", "50ms"},
                                                                            {"TOLLGATE_SERVER_CHARGE_TIMEOUT", "300ms"}}));
    std::atomic<int> authorizations{0};
    const LyingGateway gateway(stage.sandbox->port(),
                               [&](const Asked& call, const LyingGateway::Pass& pass) -> std::optional<Reply> {
                                   if (call.path == "/v1/authorize") ++authorizations;
                                   if (call.path == "/v1/void") return saying(422, R"({"error":"void_refused"})");
                                   return pass();
                               });
    stage.start({{"TOLLGATE_GATEWAY_URL", gateway.url()}});
    const Reply asked = must(charge(stage.port(), "key-1", french_card));
    const std::string id = asked.text(asked.status == 202 ? "id" : "charge_id");
    CHECK(stage.becomes(id, "needs_attention"));
    CHECK(eventually([&] { return count_of(stage.newest().said(), "\"kind\":\"failed_compensation\"") == 1; }));
    CHECK(authorizations == 1);
    CHECK(stage.effects() == "reserve authorize");
}
