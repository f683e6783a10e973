// How often somebody may come: counted once for each charge, by all processes on one store, across deaths.
#include <catch2/catch.hpp>
#include <chrono>

#include "integration/screening.hpp"

using namespace tollgate;
using namespace tollgate::test;
using namespace std::chrono_literals;

namespace {

std::string velocity(const std::string& key, int max_count, const std::string& more = R"(, action = "block")",
                     const std::string& window = "1h") {
    return R"({kind = "velocity", key = ")" + key + R"(", max_count = )" + std::to_string(max_count) + R"(, window = ")" +
           window + "\"" + more + "}";
}

const std::string failures = R"(, failures_only = true, action = "block")";

/// Orders one after the other, each under a key of its own.
struct Buyer {
    const EventStage& stage;
    int number = 0;

    /// What came of one more: succeeded, declined, blocked, …
    std::string buy(Order order = {}) { return buy_at(stage.port(), std::move(order)); }
    std::string buy_at(unsigned short port, Order order = {}) {
        order = again(order, ++number);
        const Reply reply = settled_charge(port, order.id, order);
        INFO(reply.body);
        const std::string id = reply.text(reply.status < 300 ? "id" : "charge_id");
        REQUIRE_FALSE(id.empty());
        return stage.get("/charge/" + id).text("status");
    }
};

}  // namespace

TEST_CASE("a customer may come as often as the rule allows within its window, and hits from the next charge on") {
    EventStage stage(GENERATE(false, true), ruled_by(velocity("customer", 3, ", score = 60")));
    stage.start();
    for (int i = 1; i <= 5; ++i) {
        INFO("charge " << i);
        const Order order = again({}, i);
        const Reply paid = must(charge(stage.port(), order.id, order));
        CHECK(paid.status == 201);
        CHECK(judged(paid) == (i <= 3 ? "approve 0: velocity pass" : "review 60: velocity score 60"));
    }
    const Order other{.id = "ord_other", .customer = "cus_2"};
    CHECK(judged(must(charge(stage.port(), "key-other", other))) == "approve 0: velocity pass");
}

TEST_CASE("charges are counted by what the rule names and by nothing else") {
    struct Counted {
        std::string key;
        Order same;   // as the first in what is counted
        Order other;  // unlike it in that alone
    };
    const Counted counted = GENERATE(
        Counted{"customer", {.token = "tok_b", .email = "b@example.com", .country = "DE"}, {.customer = "cus_2"}},
        Counted{"email", {.token = "tok_b", .customer = "cus_2", .email = "ANN@Example.com"}, {.email = "b@example.com"}},
        Counted{"payment_method", {.customer = "cus_2", .email = "b@example.com", .currency = "EUR"}, {.token = "tok_b"}});
    EventStage stage(GENERATE(false, true), ruled_by(velocity(counted.key, 1)));
    stage.start();
    Buyer buyer{stage};
    CHECK(buyer.buy() == "succeeded");
    CHECK(buyer.buy(counted.same) == "blocked");
    CHECK(buyer.buy(counted.other) == "succeeded");
    CHECK(buyer.buy(counted.other) == "blocked");
}

TEST_CASE("a rule by tenant counts all charges of a shop and none of another") {
    const std::string hash_a = hash_of("key-of-shop-a-0123456789");
    const std::string hash_b = hash_of("key-of-shop-b-0123456789");
    EventStage stage(GENERATE(false, true),
                     ruled_by(velocity("tenant", 2) + "," + velocity("customer", 2, R"(, name = "own", action = "score")"),
                              {{"TOLLGATE_AUTH_KEYS", R"([{id = "a", hash = ")" + hash_a +
                                                          R"(", scopes = ["charge"]}, {id = "b", hash = ")" + hash_b +
                                                          R"(", scopes = ["charge"]}])"}}));
    stage.start();
    const auto buys = [&](const std::string& shop, int number) {
        const Order order{.id = "ord_" + std::to_string(number), .customer = "cus_" + std::to_string(number % 2)};
        return must(request(stage.port(), {.method = "POST",
                                           .path = "/charge",
                                           .body = charge_body(order),
                                           .key = order.id,
                                           .headers = {{"Authorization", "Bearer key-of-shop-" + shop + "-0123456789"}}}))
            .status;
    };
    CHECK(buys("a", 1) == 201);
    CHECK(buys("a", 2) == 201);
    CHECK(buys("a", 3) == 402);
    CHECK(buys("b", 1) == 201);
    CHECK(buys("b", 2) == 201);
    CHECK(buys("b", 3) == 402);
}

TEST_CASE("card testing: refused cards are counted, good ones and what the shop's own rules refused are not") {
    EventStage stage(GENERATE(false, true), ruled_by(velocity("customer", 2, failures) + "," + blocks_eve));
    stage.start();
    Buyer buyer{stage};
    const std::string refused = GENERATE("tok_declined", "tok_insufficient_funds", "tok_expired");
    for (int i = 0; i < 3; ++i) CHECK(buyer.buy() == "succeeded");
    for (int i = 0; i < 3; ++i) CHECK(buyer.buy(from_eve) == "blocked");
    CHECK(buyer.buy({.sku = "SKU-OUT"}) != "blocked");
    CHECK(buyer.buy({.token = refused}) == "declined");
    CHECK(buyer.buy() == "succeeded");
    CHECK(buyer.buy({.token = refused}) == "declined");
    CHECK(buyer.buy() == "blocked");  // two are known
    CHECK(buyer.buy({.token = refused}) == "blocked");
    CHECK(buyer.buy({.customer = "cus_2"}) == "succeeded");
}

TEST_CASE("card testing: a card whose code does not match is a refused card") {
    EventStage stage(GENERATE(false, true), ruled_by(velocity("email", 2, failures) + "," + blocks_mismatch));
    stage.start();
    Buyer buyer{stage};
    for (int i = 0; i < 2; ++i) CHECK(buyer.buy(wrong_code) == "blocked");
    CHECK(buyer.buy() == "blocked");
    CHECK(stage.effects("ord_1-3") == never_asked);
}

TEST_CASE("what repeats a charge is not counted: replays, another payload, what is in flight, a probable duplicate") {
    EventStage stage(GENERATE(false, true), ruled_by(velocity("customer", 2)));
    HeldGate gate(stage.sandbox->port(), "/v1/capture");
    stage.start({{"TOLLGATE_GATEWAY_URL", gate.url()}});
    auto first = charge_async(stage.port(), "key-1");
    REQUIRE(gate.wait_for(1));
    for (int i = 0; i < 3; ++i) {
        check_problem(must(charge(stage.port(), "key-1", {})), 409, "idempotency_in_flight");
        check_problem(must(charge(stage.port(), "key-1", {.amount = 1})), 422, "idempotency_key_reused");
        check_problem(must(charge(stage.port(), "key-other", {})), 409, "probable_duplicate");
        check_problem(must(charge(stage.port(), "key-bad", {.id = "ord_bad", .amount = -1})), 422, "validation_failed");
    }
    gate.release();
    const Reply paid = must(first.get());
    CHECK(paid.status == 201);
    for (int i = 0; i < 3; ++i) check_replay(must(charge(stage.port(), "key-1", {})), paid);
    Buyer buyer{stage};
    CHECK(buyer.buy() == "succeeded");
    CHECK(buyer.buy() == "blocked");
}

TEST_CASE("a charge that waited for its customer counts once, and neither its confirm nor its replay counts") {
    EventStage stage(GENERATE(false, true), ruled_by(velocity("customer", 2) + "," + challenges_strangers));
    stage.start();
    const std::string id = stage.charge("key-1", french_card, 202);
    check_unsettled(must(charge(stage.port(), "key-1", french_card)), id);
    CHECK(Till(stage).settle({id, "confirm", "key-2"}).text("status") == "succeeded");
    CHECK(must(charge(stage.port(), "key-1", french_card)).status == 201);
    Buyer buyer{stage};
    CHECK(buyer.buy() == "succeeded");
    CHECK(buyer.buy() == "blocked");
}

TEST_CASE("what is older than the window counts no more") {
    EventStage stage(GENERATE(false, true), ruled_by(velocity("customer", 1, R"(, action = "block")", "2s")));
    stage.start();
    Buyer buyer{stage};
    const auto began = std::chrono::steady_clock::now();
    CHECK(buyer.buy() == "succeeded");
    // Each attempt counts, so that who goes on trying stays out; somebody else is let in for what passes of the time.
    const bool refused = buyer.buy() == "blocked";
    CHECK((refused || std::chrono::steady_clock::now() - began > 2s));
    const auto quiet_from = std::chrono::steady_clock::now();
    int other = 0;
    CHECK(eventually([&] {
        const Order order{.customer = "cus_" + std::to_string(++other)};
        return buyer.buy(order) == "succeeded" && std::chrono::steady_clock::now() - quiet_from > 2s;
    }));
    CHECK(buyer.buy() == "succeeded");
}

TEST_CASE("processes on one Redis count together, also charges that come at once") {
    EventStage stage(true, ruled_by(velocity("customer", 6)));
    stage.start();
    stage.start();
    std::vector<std::future<std::optional<Reply>>> all;
    for (int i = 0; i < 20; ++i) {
        const Order order = again({}, i);
        all.push_back(charge_async(stage.process(static_cast<std::size_t>(i) % 2).port(), order.id, order));
    }
    int paid = 0;
    for (auto& one : all) {
        const Reply reply = must(one.get());
        if (reply.status != 201) check_problem(reply, 402, "fraud_blocked");
        paid += reply.status == 201 ? 1 : 0;
    }
    CHECK(paid == 6);
    Buyer buyer{stage, 100};
    CHECK(buyer.buy_at(stage.process(0).port()) == "blocked");
    CHECK(buyer.buy_at(stage.process(1).port()) == "blocked");
}

TEST_CASE("refused cards are counted together by processes on one Redis") {
    EventStage stage(true, ruled_by(velocity("payment_method", 2, failures)));
    stage.start();
    stage.start();
    Buyer buyer{stage};
    const Order declined{.token = "tok_declined"};
    CHECK(buyer.buy_at(stage.process(0).port(), declined) == "declined");
    CHECK(buyer.buy_at(stage.process(1).port(), declined) == "declined");
    CHECK(buyer.buy_at(stage.process(0).port(), declined) == "blocked");
    CHECK(buyer.buy_at(stage.process(1).port(), declined) == "blocked");
}

TEST_CASE("what was counted is still known after a SIGKILL") {
    const std::string rules =
        velocity("customer", 2) + "," + velocity("email", 1, R"(, name = "cards", failures_only = true, action = "block")");
    EventStage stage(GENERATE(false, true), ruled_by(rules));
    stage.start();
    Buyer buyer{stage};
    const Order declined{.token = "tok_declined", .customer = "cus_2", .email = "bob@example.com"};
    CHECK(buyer.buy() == "succeeded");
    CHECK(buyer.buy(declined) == "declined");
    stage.restart();
    CHECK(buyer.buy() == "succeeded");
    stage.restart();
    CHECK(buyer.buy() == "blocked");
    CHECK(buyer.buy(declined) == "blocked");
}

TEST_CASE("counting costs a charge no write and no round trip of its own") {
    const bool on_redis = GENERATE(false, true);
    const auto cost = [&](const std::string& rules) {
        EventStage stage(on_redis, ruled_by(rules));
        stage.start();
        const Till till(stage);
        const auto transitions = [&] { return std::stod(till.sample("tollgate_store_transitions_total")); };
        const double before = transitions();
        Buyer buyer{stage};
        for (int i = 0; i < 5; ++i) CHECK(buyer.buy() == "succeeded");
        CHECK(buyer.buy({.token = "tok_declined"}) == "declined");
        return transitions() - before;
    };
    const std::string many = velocity("customer", 100) + "," + velocity("email", 100, R"(, name = "b", failures_only = true)") +
                             "," + velocity("tenant", 100, R"(, name = "c")") + "," +
                             velocity("payment_method", 100, R"(, name = "d", failures_only = true)");
    const double without = cost("");
    CHECK(without >= 6 * 4);
    CHECK(cost(many) == without);
}

TEST_CASE("a charge that is asked for again under its key, as its gateway was away, counts once") {
    const ClosedPort away;
    EventStage stage(GENERATE(false, true),
                     ruled_by(velocity("customer", 2), {{"TOLLGATE_BREAKER_FAILURE_THRESHOLD", "1000"}}));
    stage.start({{"TOLLGATE_GATEWAY_URL", away.url()}, {"TOLLGATE_RETRY_MAX_ATTEMPTS", "1"}});
    for (int i = 0; i < 3; ++i) {
        const Reply failed = must(charge(stage.port(), "key-1", {}));
        check_problem(failed, 502, "gateway_error");
        CHECK(failed.text("retriable") == "true");
    }
    const auto gateway = away.start_sandbox();
    CHECK(settled_charge(stage.port(), "key-1", {}).status == 201);
    Buyer buyer{stage};
    CHECK(buyer.buy() == "succeeded");
    CHECK(buyer.buy() == "blocked");
}
