// A process of the fleet dies, sleeps or is told to stop in the middle of its charges: another finishes them.
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>

#include "integration/fleet.hpp"
#include "support/redis_server.hpp"

using namespace tollgate::test;
using namespace std::chrono_literals;

namespace {

const std::string whole_checkout = "reserve authorize capture ship";

bool succeeded(unsigned short port) {
    const auto page = request(port, {.path = "/charge?status=succeeded"});
    return page && body_of(*page).at("data").as_array().size() == 1;
}

/// What must be true of an order after the last retry.
struct Expected {
    Order order;
    int status;
    std::string charge_status;
    std::string effects;
};

const Expected good{{}, 201, "succeeded", whole_checkout};
const Expected unshippable{{.sku = "SKU-UNSHIPPABLE"}, 409, "reversed", "reserve authorize capture refund release"};

/// Kills a process at the given outward call, before or after the other side acted; one that lived beside it answers.
void kill_at_call(Fleet& fleet, Expected expected, int call, bool acted) {
    const std::string name = std::to_string(call) + (acted ? "-after" : "-before");
    INFO("killed at call " << name << " it acted");
    expected.order.id = "ord_" + name;
    std::atomic<pid_t> victim{0};
    Gate gate(fleet.sandbox->port(), [&](int number, bool has_acted, const std::string&) {
        if (number != call || has_acted != acted || victim == 0) return true;
        ::kill(victim.exchange(0), SIGKILL);
        return false;
    });
    Program& dying = fleet.add(
        {{"TOLLGATE_GATEWAY_URL", gate.url()}, {"TOLLGATE_INVENTORY_URL", gate.url()}, {"TOLLGATE_SHIPPING_URL", gate.url()}});
    victim = dying.pid();
    CHECK_FALSE(charge(dying.port(), "key-" + name, expected.order));
    CHECK(dying.wait() == 128 + SIGKILL);

    const unsigned short port = fleet.port(0);
    const Reply answer = settled_charge(port, "key-" + name, expected.order);
    CHECK(answer.status == expected.status);
    CHECK(must(charge(port, "key-" + name, expected.order)).body == answer.body);
    const std::string id = expected.status == 201 ? answer.text("id") : answer.text("charge_id");
    CHECK(must(request(port, {.path = "/charge/" + id})).text("status") == expected.charge_status);
    CHECK(fleet.effects(expected.order.id) == expected.effects);
}

}  // namespace

TEST_CASE("a process killed between authorize and capture leaves a charge that another finishes by itself") {
    RedisServer redis({.append_only = true});
    Fleet fleet(redis.url(), {}, 1);
    auto gate = std::make_unique<HeldGate>(fleet.sandbox->port(), "/v1/capture");
    Program& dying = fleet.add({{"TOLLGATE_GATEWAY_URL", gate->url()}});
    auto lost = charge_async(dying.port(), "key-1");
    REQUIRE(gate->wait_for(1));
    CHECK(fleet.effects() == "reserve authorize");
    dying.kill_hard();
    const auto killed = std::chrono::steady_clock::now();
    CHECK_FALSE(lost.get());

    REQUIRE(eventually([&] { return succeeded(fleet.port(0)); }));  // no client asks for it
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - killed);
    INFO("finished " << took.count() << " ms after the kill, with a lease of 2 s");
    CHECK(took < 20s);
    const Reply answer = must(charge(fleet.port(0), "key-1", {}));
    CHECK(answer.status == 201);
    CHECK(answer.header("idempotent-replayed") == "true");
    CHECK(fleet.effects() == whole_checkout);

    gate.reset();  // the dead one's call arrives after all
    CHECK(fleet.effects() == whole_checkout);
}

TEST_CASE("an owner that slept through its lease and wakes changes nothing that another has finished") {
    RedisServer redis;
    Fleet fleet(redis.url(), {}, 1);
    HeldGate gate(fleet.sandbox->port(), "/v1/capture");
    Program& sleeper = fleet.add({{"TOLLGATE_GATEWAY_URL", gate.url()}});
    auto waiting = charge_async(sleeper.port(), "key-1");
    REQUIRE(gate.wait_for(1));
    sleeper.signal(SIGSTOP);
    REQUIRE(eventually([&] { return succeeded(fleet.port(0)); }));
    const Reply answer = must(charge(fleet.port(0), "key-1", {}));

    gate.release();
    sleeper.signal(SIGCONT);
    const Reply late = must(waiting.get());
    INFO(late.body);
    CHECK((late.status == 201 || late.text("retriable") == "true" || late.status == 202));
    for (const unsigned short port : fleet.ports()) {
        const Reply again = settled_charge(port, "key-1", {});
        CHECK(again.status == 201);
        CHECK(again.body == answer.body);
    }
    CHECK(fleet.effects() == whole_checkout);
    CHECK(sleeper.stop() == 0);
}

TEST_CASE("a process killed before any call outward is followed by one that charges once after all") {
    RedisServer redis;
    Fleet fleet(redis.url(), {{"TOLLGATE_SAGA_LEASE", "1s"}}, 1);
    for (int call = 1; call <= 4; ++call) kill_at_call(fleet, good, call, false);
}

TEST_CASE("a process killed after any call outward acted is followed by one that does not repeat the call's effect") {
    RedisServer redis;
    Fleet fleet(redis.url(), {{"TOLLGATE_SAGA_LEASE", "1s"}}, 1);
    for (int call = 1; call <= 4; ++call) kill_at_call(fleet, good, call, true);
}

TEST_CASE("a process killed while it undoes a checkout is followed by one that undoes each part exactly once") {
    RedisServer redis;
    Fleet fleet(redis.url(), {{"TOLLGATE_SAGA_LEASE", "1s"}}, 1);
    kill_at_call(fleet, unshippable, 4, true);
    kill_at_call(fleet, unshippable, 5, true);
    kill_at_call(fleet, unshippable, 6, false);
    kill_at_call(fleet, unshippable, 6, true);
}

TEST_CASE("when the successor dies as well a third process finishes the charge") {
    RedisServer redis;
    Fleet fleet(redis.url(), {{"TOLLGATE_SAGA_LEASE", "1s"}}, 0);
    HeldGate first_gate(fleet.sandbox->port(), "/v1/authorize");
    HeldGate second_gate(fleet.sandbox->port(), "/v1/capture");
    Program& first = fleet.add({{"TOLLGATE_GATEWAY_URL", first_gate.url()}});
    auto lost = charge_async(first.port(), "key-1");
    REQUIRE(first_gate.wait_for(1));
    Program& second = fleet.add({{"TOLLGATE_GATEWAY_URL", second_gate.url()}});
    first.kill_hard();
    CHECK_FALSE(lost.get());
    REQUIRE(second_gate.wait_for(1));
    second.kill_hard();
    const Program& third = fleet.add();
    CHECK(eventually([&] { return succeeded(third.port()); }));
    CHECK(must(charge(third.port(), "key-1", {})).header("idempotent-replayed") == "true");
    CHECK(fleet.effects() == whole_checkout);
}

TEST_CASE("a process told to stop under load exits 0 and the one beside it serves on without a loss") {
    RedisServer redis({.append_only = true});
    Fleet fleet(redis.url());
    Customers customers(fleet.ports(), 6);
    REQUIRE(customers.buy(20));
    CHECK(fleet.process(0).stop() == 0);
    REQUIRE(customers.buy(20));
    check_all_bought_once(customers.stop(), {fleet.port(1)}, fleet.sandbox->port());
}

TEST_CASE("a process killed under load loses nothing that its clients ask for again") {
    RedisServer redis({.append_only = true});
    Fleet fleet(redis.url(), {{"TOLLGATE_SAGA_LEASE", "1s"}});
    Customers customers(fleet.ports(), 6);
    REQUIRE(customers.buy(20));
    fleet.process(0).kill_hard();
    REQUIRE(customers.buy(20));
    check_all_bought_once(customers.stop(), {fleet.port(1)}, fleet.sandbox->port());
}

TEST_CASE("when all processes and Redis are killed at once their successors on the same files charge nobody twice") {
    RedisServer redis({.append_only = true});
    const ClosedPort first;
    const ClosedPort second;
    Fleet fleet(redis.url(), {{"TOLLGATE_SAGA_LEASE", "1s"}}, 0);
    const auto start_both = [&] {
        for (const ClosedPort* port : {&first, &second}) fleet.add({{"TOLLGATE_SERVER_LISTEN", port->address()}});
    };
    start_both();
    Customers customers(fleet.ports(), 6);
    REQUIRE(customers.buy(20));
    redis.kill_hard();
    fleet.process(0).kill_hard();
    fleet.process(1).kill_hard();
    redis.restart();
    start_both();
    REQUIRE(customers.buy(20));
    check_all_bought_once(customers.stop(), {fleet.port(2), fleet.port(3)}, fleet.sandbox->port());
}
