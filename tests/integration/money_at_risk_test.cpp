// Money that is neither here nor there: what /metrics tells of it, and what becomes of money that nobody fetches.
#include <catch2/catch.hpp>

#include "integration/lying_gateway.hpp"
#include "integration/operating.hpp"

using namespace tollgate;
using namespace tollgate::test;
using namespace std::chrono_literals;

namespace {

const std::string unknown = R"(tollgate_money_unknown{currency="USD"})";
const std::string uncaptured = R"(tollgate_money_authorized_uncaptured{currency="USD"})";
const std::string pending_refund = R"(tollgate_money_pending_refund{currency="USD"})";

Order order(const std::string& id, long long amount, const Order& like = {}) {
    Order made = like;
    made.id = id;
    made.amount = amount;
    return made;
}

/// A manual charge whose authorization ends in two seconds, and a service that should do this with it.
struct Expiring {
    explicit Expiring(bool on_redis, const std::string& policy)
        : stage(on_redis, {{"TOLLGATE_SAGA_EXPIRING_AUTHORIZATION", policy}}),
          gateway(stage.sandbox->port(), [](const Asked& asked, const LyingGateway::Pass& pass) {
              auto truth = pass();
              if (truth && asked.path == "/v1/authorize") {
                  json::object body = body_of(*truth);
                  body["expires_at"] = to_rfc3339(SystemClock().wall() + 2s);
                  truth->body = json::serialize(body);
              }
              return truth;
          }) {
        stage.start({{"TOLLGATE_GATEWAY_URL", gateway.url()}});
        id = stage.charge("key-1", manual);
    }

    EventStage stage;
    LyingGateway gateway;
    std::string id;
};

}  // namespace

TEST_CASE("the metrics tell how much is held and not captured, by currency, and 0 once there is none") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const Till till(stage);
    CHECK(till.sample(uncaptured) != "4999");
    const std::string one = stage.charge("key-1", manual);
    CHECK(till.sample(uncaptured) == "4999");
    const std::string two = stage.charge("key-2", order("ord_2", 3001, manual));
    CHECK(till.sample(uncaptured) == "8000");
    std::string in_yen = charge_body(order("ord_3", 700, manual));
    in_yen.replace(in_yen.find("USD"), 3, "JPY");
    REQUIRE(must(request(stage.port(), {.method = "POST", .path = "/charge", .body = in_yen, .key = "key-3"})).status == 201);
    CHECK(till.sample(uncaptured) == "8000");
    CHECK(till.sample(R"(tollgate_money_authorized_uncaptured{currency="JPY"})") == "700");

    REQUIRE(till.ask({one, "capture", "key-4", amount_of(1)}).status == 200);
    CHECK(till.sample(uncaptured) == "3001");
    REQUIRE(till.ask({two, "void", "key-4"}).status == 200);
    CHECK(till.sample(uncaptured) == "0");
    CHECK(till.sample(unknown) == "0");
    CHECK(till.sample(pending_refund) == "0");

    const Reply metrics = stage.get("/metrics");
    CHECK(metrics.header("content-type").starts_with("text/plain; version=0.0.4"));
    for (const std::string name : {"unknown", "authorized_uncaptured", "pending_refund"}) {
        CHECK(count_of(metrics.body, "# HELP tollgate_money_" + name + " ") == 1);
        CHECK(count_of(metrics.body, "# TYPE tollgate_money_" + name + " gauge") == 1);
    }
}

TEST_CASE("the metrics tell of refunds that are asked for and not made yet, and every process tells the same") {
    const bool on_redis = GENERATE(false, true);
    EventStage stage(on_redis, {{"TOLLGATE_SERVER_CHARGE_TIMEOUT", "200ms"}});
    HeldGate gate(stage.sandbox->port(), "/v1/refund");
    stage.start({{"TOLLGATE_GATEWAY_URL", gate.url()}});
    const Till till(stage);
    const std::string id = stage.charge("key-1");
    CHECK(till.sample(pending_refund) != "1000");
    check_unsettled(till.ask({id, "refund", "key-2", amount_of(1000)}), id);
    if (on_redis) stage.start();
    CHECK(till.sample(pending_refund) == "1000");
    gate.release();
    CHECK(till.settle({id, "refund", "key-2", amount_of(1000)}).status == 200);
    CHECK(till.sample(pending_refund) == "0");
}

TEST_CASE("the metrics tell of money whose call was not answered until it is known what came of it") {
    EventStage stage(GENERATE(false, true), {{"TOLLGATE_SERVER_CHARGE_TIMEOUT", "300ms"}});
    std::atomic<bool> lies{true};
    LyingGateway gateway(stage.sandbox->port(), [&](const Asked& asked, const LyingGateway::Pass& pass) {
        const auto truth = pass();
        return lies && (asked.looks_up || asked.path == "/v1/capture") ? std::optional(saying(500)) : truth;
    });
    stage.start({{"TOLLGATE_GATEWAY_URL", gateway.url()}, {"TOLLGATE_BREAKER_FAILURE_THRESHOLD", "1000"}});
    const Till till(stage);
    const std::string id = stage.charge("key-1", {}, 202);
    CHECK(eventually([&] { return till.sample(unknown) == "4999"; }));
    lies = false;
    CHECK(settled_charge(stage.port(), "key-1", {}).status == 201);
    CHECK(till.sample(unknown) == "0");
    CHECK(till.charge(id).text("status") == "succeeded");
}

TEST_CASE("while the store does not answer the metrics tell the rest, and nothing that may be old") {
    EventStage stage(true, {{"TOLLGATE_STORE_TIMEOUT", "300ms"}});
    stage.start();
    const Till till(stage);
    REQUIRE(stage.charge("key-1", manual) != "");
    CHECK(till.sample(uncaptured) == "4999");
    stage.redis->stop_process();
    const Reply metrics = must(request(stage.port(), {.path = "/metrics"}));
    CHECK(metrics.status == 200);
    CHECK(count_of(metrics.body, "tollgate_money_") == 0);
    CHECK(count_of(metrics.body, "tollgate_charge_duration_seconds_count") > 0);
    stage.redis->continue_process();
    CHECK(eventually([&] { return till.sample(uncaptured) == "4999"; }));
}

TEST_CASE("an authorization that nobody captures is told of and let go before it runs out") {
    const Expiring held(GENERATE(false, true), "void");
    CHECK(held.stage.becomes(held.id, "canceled"));
    CHECK(held.stage.effects() == "reserve authorize void release");
    CHECK(count_of(held.stage.newest().said(), held.id) > 0);
    CHECK(count_of(held.stage.newest().said(), "\"level\":\"warn\"") > 0);
    CHECK(held.stage.shop_hears(held.id, "charge.reversed"));
    check_problem(Till(held.stage).ask({held.id, "capture", "key-2"}), 409, "invalid_state");
}

TEST_CASE("an authorization that nobody captures is captured before it runs out where the shop wants it so") {
    const Expiring held(GENERATE(false, true), "capture");
    CHECK(held.stage.becomes(held.id, "succeeded"));
    CHECK(held.stage.effects() == whole_checkout);
    CHECK(Till(held.stage).moved("capture") == std::vector{4999LL});
    CHECK(held.stage.shop_hears(held.id, "charge.succeeded"));
}

TEST_CASE("an authorization that is captured in time is left alone") {
    const Expiring held(GENERATE(false, true), "void");
    const Till till(held.stage);
    CHECK(till.ask({held.id, "capture", "key-2", amount_of(1000)}).status == 200);
    // A charge of the same kind that is not captured tells when the time was over for both.
    const std::string other = held.stage.charge("key-3", order("ord_2", 4999, manual));
    CHECK(held.stage.becomes(other, "canceled"));
    CHECK(till.charge(held.id).text("status") == "succeeded");
    CHECK(held.stage.effects() == whole_checkout);
}
