// A dependency that cannot be reached: what clients hear, what is held, and how it comes back.
#include <catch2/catch.hpp>

#include "integration/shop.hpp"

using namespace tollgate::test;

namespace {

/// A service whose gateway is at a port of its own, closed until somebody listens there; the goods are within reach.
struct Outage {
    ClosedPort gateway_port;
    std::unique_ptr<Program> goods = start_sandbox();
    std::unique_ptr<Program> gateway;
    Folder folder;
    std::unique_ptr<Program> service;

    explicit Outage(Variables more = {}) {
        more.insert({"TOLLGATE_GATEWAY_URL", gateway_port.url()});
        service = start_service(service_settings(folder, goods->url(), quick(std::move(more))));
    }
    void open_gateway() { gateway = gateway_port.start_sandbox(); }
    [[nodiscard]] Reply charge(const std::string& key, const Order& order = {}) const {
        return must(tollgate::test::charge(service->port(), key, order));
    }
    [[nodiscard]] Reply get(const std::string& path) const { return must(request(service->port(), {.path = path})); }
};

Order order_number(int number) {
    return {.id = "ord_" + std::to_string(number)};
}

/// Charges other orders until the breaker lets none through; how many were tried before.
int trip(const Outage& shop) {
    for (int number = 100; number < 120; ++number) {
        const Reply reply = shop.charge("key-" + std::to_string(number), order_number(number));
        if (reply.text("code") == "circuit_open") return number - 100;
        CHECK(reply.text("code") == "gateway_error");
    }
    FAIL("the breaker never opened");
    return 0;
}

}  // namespace

TEST_CASE("a gateway that cannot be reached is 502 and frees the key: the same request charges once it is back") {
    Outage shop;
    const Reply refused = shop.charge("key-1");
    check_problem(refused, 502, "gateway_error");
    CHECK(refused.text("retriable") == "true");
    CHECK(effects(shop.goods->port(), "ord_1") == "reserve release");
    check_problem(shop.charge("key-1"), 502, "gateway_error");

    shop.open_gateway();
    const Reply answer = shop.charge("key-1");
    CHECK(answer.status == 201);
    CHECK(answer.text("status") == "succeeded");
    CHECK(answer.text("id") == refused.text("charge_id"));
    CHECK(effects(shop.gateway->port(), "ord_1") == "authorize capture");
    CHECK(shop.charge("key-1").body == answer.body);
    CHECK(effects(shop.goods->port(), "ord_1") == "reserve release reserve release reserve ship");
}

TEST_CASE("an inventory that cannot be reached is retriable, and no card is asked") {
    const ClosedPort inventory;
    const auto sandbox = start_sandbox();
    const Folder folder;
    auto settings = service_settings(folder, sandbox->url(), quick());
    settings["TOLLGATE_INVENTORY_URL"] = inventory.url();
    const auto service = start_service(settings);
    const Reply refused = must(charge(service->port(), "key-1", {}));
    check_problem(refused, 502, "gateway_error");
    CHECK(refused.text("retriable") == "true");
    CHECK(effects(sandbox->port(), "ord_1").empty());

    const auto stock = inventory.start_sandbox();
    CHECK(settled_charge(service->port(), "key-1", {}).status == 201);
    CHECK(effects(stock->port(), "ord_1") == "reserve");
    CHECK(effects(sandbox->port(), "ord_1") == "authorize capture ship");
}

TEST_CASE("a shipping service that cannot be reached after capture is waited for, and nothing is refunded") {
    const ClosedPort shipping;
    const auto sandbox = start_sandbox();
    const Folder folder;
    auto settings = service_settings(folder, sandbox->url(), quick({{"TOLLGATE_SERVER_CHARGE_TIMEOUT", "300ms"}}));
    settings["TOLLGATE_SHIPPING_URL"] = shipping.url();
    const auto service = start_service(settings);
    CHECK(must(charge(service->port(), "key-1", {})).status == 202);
    CHECK(eventually([&] { return effects(sandbox->port(), "ord_1") == "reserve authorize capture"; }));

    const auto parcels = shipping.start_sandbox();
    CHECK(settled_charge(service->port(), "key-1", {}).status == 201);
    CHECK(effects(parcels->port(), "ord_1") == "ship");
    CHECK(effects(sandbox->port(), "ord_1") == "reserve authorize capture");
}

TEST_CASE("after failures in a row the breaker answers 503 at once, and replays go on, and health warns but stays 200") {
    Outage shop({{"TOLLGATE_BREAKER_FAILURE_THRESHOLD", "3"}, {"TOLLGATE_BREAKER_RECOVERY_TIMEOUT", "10m"}});
    shop.open_gateway();
    const Reply kept = shop.charge("key-1");
    REQUIRE(kept.status == 201);
    CHECK(shop.get("/health").text("status") == "pass");
    shop.gateway->kill_hard();

    CHECK(trip(shop) == 3);
    const Reply refused = shop.charge("key-2", order_number(2));
    check_problem(refused, 503, "circuit_open");
    CHECK(refused.text("retriable") == "true");
    const int wait = std::stoi(refused.header("retry-after"));
    CHECK(wait >= 1);
    CHECK(wait <= 600);
    CHECK(effects(shop.goods->port(), "ord_2").empty());

    const Reply again = shop.charge("key-1");
    CHECK(again.status == 201);
    CHECK(again.body == kept.body);
    CHECK(eventually([&] { return shop.get("/health").text("status") == "warn"; }));
    const Reply health = shop.get("/health");
    CHECK(health.status == 200);
    CHECK(body_of(health).at("checks").at("gateway").at(0).at("status") == "warn");
    CHECK(body_of(health).at("checks").at("inventory").at(0).at("status") == "pass");
    CHECK(shop.get("/health/ready").status == 200);
    CHECK(shop.get("/health/live").status == 200);
}

TEST_CASE("a breaker that was open closes again when the gateway is back, and the refused key charges") {
    Outage shop({{"TOLLGATE_BREAKER_FAILURE_THRESHOLD", "2"},
                 {"TOLLGATE_BREAKER_RECOVERY_TIMEOUT", "1s"},
                 {"TOLLGATE_BREAKER_SUCCESS_THRESHOLD", "1"}});
    trip(shop);
    shop.open_gateway();
    CHECK(settled_charge(shop.service->port(), "key-1", {}).status == 201);
    CHECK(effects(shop.gateway->port(), "ord_1") == "authorize capture");
    CHECK(eventually([&] { return shop.get("/health").text("status") == "pass"; }));
}

TEST_CASE("declines are answers: they open no breaker") {
    const Shop shop({{"TOLLGATE_BREAKER_FAILURE_THRESHOLD", "2"}});
    for (int number = 1; number <= 6; ++number) {
        Order order = order_number(number);
        order.token = "tok_declined";
        check_problem(must(shop.charge("key-" + std::to_string(number), order)), 402, "card_declined");
    }
    CHECK(must(shop.charge("key-good", order_number(7))).status == 201);
}
