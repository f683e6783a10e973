// Two processes on one Redis behave as one: one key is one charge, one limit is one limit, whichever of them is met.
#include <catch2/catch.hpp>
#include <chrono>
#include <latch>
#include <set>

#include "integration/fleet.hpp"
#include "support/redis_server.hpp"

using namespace tollgate::test;
using namespace std::chrono_literals;

namespace {

const std::string whole_checkout = "reserve authorize capture ship";

/// So many charges at the same moment, each through the next of the ports.
std::vector<std::optional<Reply>> at_once(const std::vector<unsigned short>& ports, int count,
                                          const std::function<std::string(int)>& key, const std::function<Order(int)>& order) {
    std::latch start(count);
    std::vector<std::optional<Reply>> replies(static_cast<std::size_t>(count));
    std::vector<std::jthread> clients;
    for (int i = 0; i < count; ++i) {
        clients.emplace_back([&, i] {
            const auto at = static_cast<std::size_t>(i);
            start.arrive_and_wait();
            replies[at] = charge(ports[at % ports.size()], key(i), order(i));
        });
    }
    clients.clear();
    return replies;
}

/// Two processes whose gateway is closed until somebody listens at its port.
struct BrokenGateway {
    RedisServer redis;
    ClosedPort gateway_port;
    Fleet fleet;

    explicit BrokenGateway(const std::string& recovery_timeout)
        : fleet(redis.url(), {{"TOLLGATE_GATEWAY_URL", gateway_port.url()},
                              {"TOLLGATE_RETRY_MAX_ATTEMPTS", "1"},
                              {"TOLLGATE_BREAKER_FAILURE_THRESHOLD", "3"},
                              {"TOLLGATE_BREAKER_SUCCESS_THRESHOLD", "1"},
                              {"TOLLGATE_BREAKER_RECOVERY_TIMEOUT", recovery_timeout}}) {}

    /// Charges through this process until its breaker opens.
    void trip(std::size_t process) const {
        for (int i = 0; i < 3; ++i) {
            const std::string name = "trip-" + std::to_string(i);
            check_problem(must(charge(fleet.port(process), name, {.id = name})), 502, "gateway_error");
        }
        check_problem(must(charge(fleet.port(process), "trip-3", {.id = "trip-3"})), 503, "circuit_open");
    }
    [[nodiscard]] bool comes_to(unsigned short port, const std::string& status) const {
        return eventually([&] { return must(request(port, {.path = "/health"})).text("status") == status; });
    }
};

std::string numbered(const std::string& name, int number) {
    return name + std::to_string(number);
}

}  // namespace

TEST_CASE("a hundred identical requests at once through two processes authorize once and hear one answer") {
    RedisServer redis;
    const Fleet fleet(redis.url());
    const Order order{.token = "tok_slow_50"};
    const auto replies = at_once(fleet.ports(), 100, [](int) { return "key-1"; }, [&](int) { return order; });
    const Reply settled = settled_charge(fleet.port(0), "key-1", order);
    REQUIRE(settled.status == 201);
    int created = 0;
    for (const auto& reply : replies) {
        REQUIRE(reply);
        if (reply->status == 409) {
            check_problem(*reply, 409, "idempotency_in_flight");
            CHECK(reply->text("charge_id") == settled.text("id"));
            continue;
        }
        CHECK(reply->status == 201);
        CHECK(reply->body == settled.body);
        created += reply->headers.contains("idempotent-replayed") ? 0 : 1;
    }
    CHECK(created == 1);
    CHECK(fleet.effects() == whole_checkout);

    fleet.sandbox->kill_hard();  // whoever calls it now is found out
    for (const unsigned short port : fleet.ports()) {
        const Reply again = must(charge(port, "key-1", order));
        CHECK(again.status == 201);
        CHECK(again.body == settled.body);
        CHECK(again.header("idempotent-replayed") == "true");
    }
}

TEST_CASE("while one process runs a charge the other answers its key 409 to the same payload and 422 to another") {
    RedisServer redis;
    Fleet fleet(redis.url(), {{"TOLLGATE_SAGA_LEASE", "30s"}}, 1);
    HeldGate gate(fleet.sandbox->port(), "/v1/authorize");
    const Program& slow = fleet.add({{"TOLLGATE_GATEWAY_URL", gate.url()}});
    auto first = charge_async(slow.port(), "key-1");
    REQUIRE(gate.wait_for(1));
    check_problem(must(charge(fleet.port(0), "key-1", {})), 409, "idempotency_in_flight");
    check_problem(must(charge(fleet.port(0), "key-1", {.amount = 1})), 422, "idempotency_key_reused");
    const Reply page = must(request(fleet.port(0), {.path = "/charge?status=processing"}));
    CHECK(body_of(page).at("data").as_array().size() == 1);

    gate.release();
    const Reply answer = must(first.get());
    CHECK(answer.status == 201);
    CHECK(must(charge(fleet.port(0), "key-1", {})).body == answer.body);
    CHECK(must(request(fleet.port(0), {.path = "/charge/" + answer.text("id")})).text("status") == "succeeded");
    CHECK(fleet.effects() == whole_checkout);
}

TEST_CASE("a customer has one allowance, however the charges are spread over the processes") {
    RedisServer redis;
    const Fleet fleet(
        redis.url(),
        {{"TOLLGATE_RATE_LIMIT_REQUESTS", "7"}, {"TOLLGATE_RATE_LIMIT_PER", "24h"}, {"TOLLGATE_RATE_LIMIT_BURST", "7"}});
    const auto replies = at_once(
        fleet.ports(), 20, [](int i) { return numbered("key-", i); }, [](int i) { return Order{.id = numbered("ord_", i)}; });
    int charged = 0;
    for (int i = 0; i < 20; ++i) {
        const Reply reply = must(replies[static_cast<std::size_t>(i)]);
        if (reply.status == 201) {
            ++charged;
            continue;
        }
        check_problem(reply, 429, "rate_limited");
        CHECK(std::stoi(reply.header("retry-after")) >= 1);
        CHECK(fleet.effects(numbered("ord_", i)).empty());
    }
    CHECK(charged == 7);
    CHECK(must(charge(fleet.port(0), "key-other", {.id = "ord_other", .customer = "cus_2"})).status == 201);
}

TEST_CASE("an order that comes under ten keys at once through two processes is charged once") {
    RedisServer redis;
    const Fleet fleet(redis.url());
    const auto replies = at_once(fleet.ports(), 10, [](int i) { return numbered("key-", i); }, [](int) { return Order{}; });
    std::set<std::string> charged;
    std::set<std::string> named;
    for (const auto& reply : replies) {
        REQUIRE(reply);
        if (reply->status == 201) {
            charged.insert(reply->text("id"));
        } else {
            check_problem(*reply, 409, "probable_duplicate");
            named.insert(reply->text("charge_id"));
        }
    }
    CHECK(charged.size() == 1);
    CHECK(named == charged);
    CHECK(fleet.effects() == whole_checkout);
    CHECK(must(charge(fleet.port(1), "key-once-more", {.more = R"(,"allow_duplicate":true)"})).status == 201);
}

TEST_CASE("a breaker that one process opened refuses at the other and at one that starts late") {
    BrokenGateway shop("10m");
    shop.trip(0);
    const auto opened = std::chrono::steady_clock::now();
    REQUIRE(shop.comes_to(shop.fleet.port(1), "warn"));
    const auto learned = std::chrono::steady_clock::now() - opened;
    INFO("learned within " << std::chrono::duration_cast<std::chrono::milliseconds>(learned).count() << " ms");
    CHECK(learned < 10s);
    check_problem(must(charge(shop.fleet.port(1), "key-1", {})), 503, "circuit_open");

    const unsigned short late = shop.fleet.add().port();
    REQUIRE(shop.comes_to(late, "warn"));
    const Reply refused = must(charge(late, "key-1", {}));
    check_problem(refused, 503, "circuit_open");
    CHECK(std::stoi(refused.header("retry-after")) > 300);
    CHECK(shop.fleet.effects().empty());
}

TEST_CASE("a breaker that one process saw recover closes for the other") {
    BrokenGateway shop("2s");
    shop.trip(0);
    REQUIRE(shop.comes_to(shop.fleet.port(1), "warn"));
    const auto gateway = shop.gateway_port.start_sandbox();
    CHECK(settled_charge(shop.fleet.port(0), "key-1", {}).status == 201);
    CHECK(shop.comes_to(shop.fleet.port(1), "pass"));  // without a charge of its own
    CHECK(must(charge(shop.fleet.port(1), "key-2", {.id = "ord_2"})).status == 201);
}

TEST_CASE("the cap on calls to the gateway is one for all processes") {
    RedisServer redis;
    const Fleet fleet(redis.url(), {{"TOLLGATE_GATEWAY_MAX_PER_SECOND", "20"}});
    const auto began = std::chrono::steady_clock::now();
    const auto replies = at_once(
        fleet.ports(), 24, [](int i) { return numbered("key-", i); }, [](int i) { return Order{.id = numbered("ord_", i)}; });
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    for (int i = 0; i < 24; ++i) {
        CHECK(must(replies[static_cast<std::size_t>(i)]).status == 201);
        CHECK(fleet.effects(numbered("ord_", i)) == whole_checkout);
    }
    INFO("48 calls took " << took.count() << " s");
    CHECK(took.count() >= 47 / 20.0);  // the first goes at once; busy machines only make it longer
}
