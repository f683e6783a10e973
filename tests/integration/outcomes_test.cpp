// How charges end, as client, operator and gateway see it.
#include <catch2/catch.hpp>
#include <chrono>

#include "integration/shop.hpp"

using namespace tollgate::test;

namespace {

const std::string whole_checkout = "reserve authorize capture ship";

struct Ending {
    Order order;
    int status;
    std::string code;
    std::string charge_status;
    std::string effects;
};

/// A definite failure: told, undone, kept, and never tried again.
void check_ending(const Shop& shop, const std::string& key, const Ending& ending) {
    INFO(ending.order.token << " " << ending.order.sku);
    const Reply answer = must(shop.charge(key, ending.order));
    check_problem(answer, ending.status, ending.code);
    CHECK(answer.text("retriable") == "false");
    CHECK_FALSE(answer.headers.contains("idempotent-replayed"));
    CHECK(shop.effects(ending.order.id) == ending.effects);

    const Reply again = must(shop.charge(key, ending.order));
    CHECK(again.status == answer.status);
    CHECK(again.body == answer.body);
    CHECK(again.header("content-type") == "application/problem+json");
    CHECK(again.header("idempotent-replayed") == "true");
    CHECK(shop.effects(ending.order.id) == ending.effects);

    const Reply stands = shop.get("/charge/" + answer.text("charge_id"));
    CHECK(stands.status == 200);
    CHECK(stands.text("status") == ending.charge_status);
}

/// A fault on the way that must make no difference in the end.
void check_survived(const Shop& shop, const std::string& token) {
    INFO(token);
    const Order order{.id = "ord_" + token, .token = token};
    const Reply answer = shop.settled("key-" + token, order);
    CHECK(answer.status == 201);
    CHECK(answer.text("status") == "succeeded");
    CHECK(shop.effects(order.id) == whole_checkout);
    CHECK(must(shop.charge("key-" + token, order)).body == answer.body);
}

std::string status_of(const Shop& shop, const std::string& id) {
    return shop.get("/charge/" + id).text("status");
}

}  // namespace

TEST_CASE("a card that is refused answers 402 with the reason, for good, and holds no goods") {
    const Shop shop;
    const std::string effects = "reserve release";
    check_ending(shop, "key-1", {{.id = "ord_1", .token = "tok_declined"}, 402, "card_declined", "declined", effects});
    check_ending(shop, "key-2",
                 {{.id = "ord_2", .token = "tok_insufficient_funds"}, 402, "insufficient_funds", "declined", effects});
    check_ending(shop, "key-3", {{.id = "ord_3", .token = "tok_expired"}, 402, "expired_card", "declined", effects});
}

TEST_CASE("goods that are out of stock are answered 409, and no card is asked") {
    const Shop shop;
    check_ending(shop, "key-1", {{.sku = "SKU-OUT"}, 409, "out_of_stock", "reversed", ""});
}

TEST_CASE("an order that cannot be shipped is undone in reverse order") {
    const Shop shop;
    const std::string effects = "reserve authorize capture refund release";
    check_ending(shop, "key-1", {{.sku = "SKU-UNSHIPPABLE"}, 409, "cannot_ship", "reversed", effects});
}

TEST_CASE("a refused capture is undone in reverse order, and the answer names the step") {
    const Shop shop;
    const std::string effects = "reserve authorize void release";
    check_ending(shop, "key-1", {{.token = "tok_capture_fails"}, 409, "checkout_reversed", "reversed", effects});
    CHECK(must(shop.charge("key-1", {.token = "tok_capture_fails"})).text("detail").find("capture") != std::string::npos);
}

TEST_CASE("a charge that cannot be undone answers 500, somebody is paged, and undoing goes on") {
    const Folder folder;
    const auto sandbox = start_sandbox();
    std::atomic<int> voids{0};
    Gate gate(sandbox->port(), [&](int, bool acted, const std::string& path) {
        if (!acted && path == "/v1/void") ++voids;
        return true;
    });
    const auto service = start_service(
        service_settings(folder, gate.url(),
                         quick({{"TOLLGATE_SAGA_COMPENSATION_RETRIES", "2"}, {"TOLLGATE_SAGA_COMPENSATION_DELAY", "10ms"}})));
    const Order order{.token = "tok_capture_fails_void_fails"};
    const Reply answer = must(charge(service->port(), "key-1", order));
    check_problem(answer, 500, "needs_attention");
    CHECK(answer.text("retriable") == "false");
    CHECK(must(charge(service->port(), "key-1", order)).body == answer.body);

    const std::string id = answer.text("charge_id");
    CHECK(must(request(service->port(), {.path = "/charge/" + id})).text("status") == "needs_attention");
    const int so_far = voids;
    CHECK(eventually([&] { return voids >= so_far + 2; }));
    CHECK(must(charge(service->port(), "key-1", order)).body == answer.body);
    CHECK(effects(sandbox->port(), order.id) == "reserve authorize");

    CHECK(service->stop() == 0);
    std::istringstream log(service->said());
    int pages = 0;
    for (std::string line; std::getline(log, line);) {
        if (line.find("failed_compensation") == line.npos) continue;
        ++pages;
        CHECK(line.find("critical") != line.npos);
        CHECK(line.find(id) != line.npos);
    }
    CHECK(pages == 1);
}

TEST_CASE("a customer who must authenticate is 202 with a way there, and out of time the charge is canceled and nothing held") {
    const Shop shop(quick({{"TOLLGATE_SAGA_ACTION_TIMEOUT", "4s"}}));
    const Order order{.token = "tok_authentication_required"};
    const Reply answer = must(shop.charge("key-1", order));
    REQUIRE(answer.status == 202);
    const std::string id = answer.text("id");
    CHECK(answer.text("status") == "requires_action");
    CHECK(answer.text("next_action.redirect_url").starts_with("http"));
    CHECK(answer.header("location") == "/charge/" + id);
    CHECK(answer.headers.contains("retry-after"));
    CHECK_FALSE(answer.headers.contains("idempotent-replayed"));
    const Reply stands = shop.get("/charge/" + id);
    CHECK(stands.text("status") == "requires_action");
    CHECK(stands.text("next_action.redirect_url") == answer.text("next_action.redirect_url"));
    CHECK(must(shop.charge("key-1", order)).status == 202);
    CHECK(shop.effects() == "reserve");

    REQUIRE(eventually([&] { return status_of(shop, id) == "canceled"; }));
    CHECK(shop.effects() == "reserve release");
    const Reply last = must(shop.charge("key-1", order));
    check_problem(last, 409, "checkout_reversed");
    CHECK(last.header("idempotent-replayed") == "true");
    CHECK(must(shop.charge("key-1", order)).body == last.body);
}

TEST_CASE("a manual charge is answered 201 authorized with the time until which it can be captured") {
    const Shop shop;
    const Order order{.more = R"(,"capture":"manual")"};
    const Reply answer = must(shop.charge("key-1", order));
    REQUIRE(answer.status == 201);
    CHECK(answer.text("status") == "authorized");
    CHECK(answer.text("capture_before") > answer.text("created_at"));  // RFC 3339 in UTC sorts as text
    CHECK(answer.text("gateway.capture_id").empty());
    CHECK(must(shop.charge("key-1", order)).body == answer.body);
    CHECK(status_of(shop, answer.text("id")) == "authorized");
    CHECK(shop.effects() == "reserve authorize");
}

TEST_CASE("lost replies, errors after the act and cut connections leave one effect a step and a success") {
    const Shop shop(quick());
    check_survived(shop, "tok_lost_reply");
    check_survived(shop, "tok_error_after");
    check_survived(shop, "tok_flaky_2");
    check_survived(shop, "tok_flaky_1_lost_reply");
}

TEST_CASE("a gateway that always answers too late is looked up, and charges once") {
    const Shop shop(quick({{"TOLLGATE_GATEWAY_TIMEOUT", "200ms"}}));
    check_survived(shop, "tok_slow_600");
}

TEST_CASE("a charge that takes longer than its client is 202 again and again, then its final answer") {
    const Folder folder;
    const auto sandbox = start_sandbox();
    HeldGate gate(sandbox->port(), "/v1/capture");
    const auto service = start_service(service_settings(
        folder, gate.url(), {{"TOLLGATE_SERVER_CHARGE_TIMEOUT", "200ms"}, {"TOLLGATE_GATEWAY_TIMEOUT", "60s"}}));
    const auto check_accepted = [](const Reply& reply) {
        CHECK(reply.status == 202);
        CHECK(reply.text("status") == "processing");
        CHECK(reply.header("location") == "/charge/" + reply.text("id"));
        CHECK(std::stoi(reply.header("retry-after")) >= 1);
        CHECK_FALSE(reply.headers.contains("idempotent-replayed"));
    };
    const Reply first = must(charge(service->port(), "key-1", {}));
    check_accepted(first);
    REQUIRE(gate.wait_for(1));
    check_accepted(must(charge(service->port(), "key-1", {})));
    CHECK(must(request(service->port(), {.path = first.header("location")})).text("status") == "processing");
    gate.release();

    const Reply last = settled_charge(service->port(), "key-1", {});
    CHECK(last.status == 201);
    CHECK(last.text("id") == first.text("id"));
    CHECK(effects(sandbox->port(), "ord_1") == whole_checkout);
}

TEST_CASE("slow steps beyond the client's time end in its final answer") {
    const Shop shop({{"TOLLGATE_SERVER_CHARGE_TIMEOUT", "100ms"}});
    CHECK(must(shop.charge("key-1", {.token = "tok_slow_500"})).status == 202);
    const Reply last = shop.settled("key-1", {.token = "tok_slow_500"});
    CHECK(last.status == 201);
    CHECK(shop.effects() == whole_checkout);
}
