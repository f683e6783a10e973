// The service killed in the middle of what was asked of a charge: it is done once, and the same request tells so.
#include <catch2/catch.hpp>
#include <csignal>

#include "integration/operating.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

/// Something asked of a charge, and what must be true of it in the end, whoever died meanwhile.
struct Asked {
    std::string kind;
    Order order;
    int first_status;  // of the charge, before it is asked
    std::string body;
    int calls;  // outward, to do it
    std::string status;
    std::string effects;
    std::string ledger;  // the entry that it leaves, and how much
    long long amount;
};

const Asked capture{"capture", manual, 201, amount_of(3000), 2, "succeeded", whole_checkout, "capture", 3000};
const Asked voiding{"void", manual, 201, "", 2, "canceled", "reserve authorize void release", "void", 4999};
const Asked refund{"refund", {}, 201, amount_of(1000), 1, "succeeded", whole_checkout + " refund", "refund", 1000};
const Asked confirm{"confirm", authenticated, 202, "", 3, "succeeded", whole_checkout, "authorize", 4999};

void check_done_once(const EventStage& stage, const Operation& operation, const Asked& asked) {
    const Till till(stage);
    const Reply reply = till.settle(operation);
    INFO(reply.status << " " << reply.body);
    CHECK(reply.status == 200);
    CHECK(reply.text("status") == asked.status);
    check_replay(till.ask(operation), reply);
    CHECK(till.charge(operation.charge_id).body == reply.body);
    CHECK(stage.effects() == asked.effects);
    CHECK(till.moved(asked.ledger) == std::vector{asked.amount});
    CHECK(stage.entries(operation.charge_id, asked.ledger) == 1);
}

/// Kills the service at that call outward of the operation, before or after the other side acted.
void kill_at_call(const Asked& asked, bool on_redis, int call, bool acted) {
    INFO(asked.kind << " killed at call " << call << (acted ? " after" : " before") << " it acted");
    EventStage stage(on_redis);
    std::atomic<pid_t> victim{0};
    std::atomic<int> calls{0};
    Gate gate(stage.sandbox->port(), [&](int, bool has_acted, const std::string&) {
        if (victim == 0 || has_acted != acted || ++calls != call) return true;
        ::kill(victim.exchange(0), SIGKILL);
        return false;
    });
    const Variables through_gate{
        {"TOLLGATE_GATEWAY_URL", gate.url()}, {"TOLLGATE_INVENTORY_URL", gate.url()}, {"TOLLGATE_SHIPPING_URL", gate.url()}};
    stage.start(through_gate);
    const Operation operation{stage.charge("key-1", asked.order, asked.first_status), asked.kind, "key-2", asked.body};
    victim = stage.newest().pid();
    CHECK_FALSE(operate(stage.port(), operation));
    CHECK(stage.newest().wait() == 128 + SIGKILL);
    stage.start(through_gate);
    check_done_once(stage, operation, asked);
}

void kill_at_every_call(const Asked& asked) {
    const bool on_redis = GENERATE(false, true);
    for (int call = 1; call <= asked.calls; ++call) {
        kill_at_call(asked, on_redis, call, false);
        kill_at_call(asked, on_redis, call, true);
    }
}

/// Kills the service at its n-th sync to the disk after it was started for the operation; false when it is done before.
bool kill_at_sync(const Asked& asked, int n) {
    INFO(asked.kind << " killed at sync " << n);
    EventStage stage(false, {{"TOLLGATE_SERVER_THREADS", "1"}});
    stage.start();
    const Operation operation{stage.charge("key-1", asked.order, asked.first_status), asked.kind, "key-2", asked.body};
    CHECK(stage.newest().stop() == 0);
    Program traced({.arguments = {"serve"},
                    .variables = stage.settings,
                    .before = {"strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e",
                               "inject=fdatasync:signal=KILL:when=" + std::to_string(n)}});
    const bool killed = !traced.listening() || !operate(traced.port(), operation);
    if (killed) {
        CHECK(traced.wait() == 128 + SIGKILL);
    } else {
        traced.stop();
    }
    stage.start();
    check_done_once(stage, operation, asked);
    return killed;
}

void kill_at_every_sync(const Asked& asked) {
    int n = 1;
    while (kill_at_sync(asked, n)) REQUIRE(++n < 15);
    CHECK(n > 2);  // asked for, and done
}

}  // namespace

TEST_CASE("a process killed around any call of a capture captures and ships once") {
    kill_at_every_call(capture);
}

TEST_CASE("a process killed around any call of a void lets money and goods go once") {
    kill_at_every_call(voiding);
}

TEST_CASE("a process killed around the call of a refund gives the money back once") {
    kill_at_every_call(refund);
}

TEST_CASE("a process killed around any call after a confirm authorizes, captures and ships once") {
    kill_at_every_call(confirm);
}

TEST_CASE("a process killed at any sync to the disk during an operation does it once") {
    kill_at_every_sync(GENERATE(capture, voiding, refund, confirm));
}

TEST_CASE("a process killed around any word with Redis during a refund gives the money back once") {
    const bool answered = GENERATE(false, true);
    for (int nth = 1; nth <= 4; ++nth) {
        INFO("killed " << (answered ? "after" : "before") << " Redis heard word " << nth);
        EventStage stage(true);
        DeadlyLink link(*stage.redis, nth, answered);
        Program& dying = stage.start(link.settings());
        const Operation operation{stage.charge("key-1"), "refund", "key-2", refund.body};
        link.arm(dying);
        [[maybe_unused]] const auto answer = operate(dying.port(), operation);
        CHECK(dying.wait() == 128 + SIGKILL);
        stage.start();
        check_done_once(stage, operation, refund);
    }
}

TEST_CASE("a process killed among many refunds leaves each of them done once or not at all") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const std::string id = stage.charge("key-1", {.token = "tok_slow_20", .amount = 5000});
    std::vector<Operation> all;
    for (int i = 0; i < 20; ++i) all.push_back({id, "refund", "key-r" + std::to_string(i), amount_of(500)});
    std::vector<std::future<std::optional<Reply>>> first;
    for (const Operation& one : all) first.push_back(operate_async(stage.port(), one));
    const Till till(stage);
    REQUIRE(eventually([&] { return till.given_back() >= 1500; }));
    stage.restart();
    std::vector<std::optional<Reply>> before;
    for (auto& one : first) before.push_back(one.get());

    int refunded = 0;
    const auto replies = all_settled({stage.port()}, all);
    for (std::size_t i = 0; i < all.size(); ++i) {
        refunded += replies[i].status == 200 ? 1 : 0;
        if (before[i] && before[i]->status == 200) check_replay(replies[i], *before[i]);
    }
    CHECK(refunded == 10);
    CHECK(till.given_back() == 5000);
    CHECK(till.charge(id).text("amount_refunded") == "5000");
    CHECK(stage.entries(id, "refund") == 10);
}

TEST_CASE("a process told to stop finishes the operation it is at, takes no other, and ends well") {
    EventStage stage(GENERATE(false, true));
    HeldGate gate(stage.sandbox->port(), "/v1/refund");
    Program& stopping = stage.start({{"TOLLGATE_GATEWAY_URL", gate.url()}});
    const std::string id = stage.charge("key-1");
    const std::string another = stage.charge("key-2", {.id = "ord_2"});
    auto first = operate_async(stopping.port(), {id, "refund", "key-2", refund.body});
    REQUIRE(gate.wait_for(1));
    stopping.signal(SIGTERM);
    std::optional<Reply> other;
    REQUIRE(eventually([&] {
        other = operate(stopping.port(), {another, "void", "key-3"});
        return other && other->text("code") == "shutting_down";
    }));
    check_problem(*other, 503, "shutting_down");
    CHECK(other->text("retriable") == "true");
    CHECK_FALSE(other->header("retry-after").empty());
    gate.release();
    const Reply answer = must(first.get());
    CHECK(answer.status == 200);
    CHECK(answer.text("amount_refunded") == "1000");
    CHECK(stopping.wait() == 0);
    stage.start();
    check_replay(Till(stage).ask({id, "refund", "key-2", refund.body}), answer);
    CHECK(Till(stage).moved("refund") == std::vector{1000LL});
}
