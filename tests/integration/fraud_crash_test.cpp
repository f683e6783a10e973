// The service killed in the middle of what a fraud rule leads to: each effect outside happens once, one payment lives at most,
// and what was decided stays decided.
#include <catch2/catch.hpp>
#include <csignal>

#include "integration/screening.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

/// A charge that a rule blocks or challenges.
struct Story {
    std::string name;
    std::string rules;
    Order order;
    int calls;  // outward, until it is blocked or waits for its customer
    bool blocked;
    std::string effects;  // in the end
};

const Story blocked_before{"blocked before the gateway", blocks_eve, from_eve, 2, true, never_asked};
const Story blocked_after{"blocked after its word", blocks_mismatch, wrong_code, 4, true, taken_back};
const Story challenged_before{"challenged before the gateway", challenges_1000_usd, expensive, 2, false, whole_checkout};
const Story challenged_after{"challenged after its word", challenges_strangers, french_card, 4, false, paid_in_place};

constexpr int calls_after_confirm = 3;

/// Kills a process at its n-th call outward once it is armed, before or after the other side acted.
class DeadlyGate {
public:
    DeadlyGate(unsigned short outside_port, int call, bool acted)
        : gate_(outside_port, [this, call, acted](int, bool has_acted, const std::string&) {
              if (victim_ == 0 || has_acted != acted || ++calls_ != call) return true;
              ::kill(victim_.exchange(0), SIGKILL);
              return false;
          }) {}

    [[nodiscard]] Variables settings() const {
        return {{"TOLLGATE_GATEWAY_URL", gate_.url()},
                {"TOLLGATE_INVENTORY_URL", gate_.url()},
                {"TOLLGATE_SHIPPING_URL", gate_.url()}};
    }
    void arm(const Program& victim) { victim_ = victim.pid(); }

private:
    std::atomic<int> calls_{0};
    std::atomic<pid_t> victim_{0};
    Gate gate_;
};

/// The id of a charge that comes to wait for its customer; asked for like a good client does.
std::string waits(const EventStage& stage, const Story& story) {
    std::string id;
    CHECK(eventually([&] {
        const auto reply = charge(stage.port(), "key-1", story.order);
        if (!reply || reply->text("status") != "requires_action") return false;
        check_unsettled(*reply, id = reply->text("id"));
        return true;
    }));
    return id;
}

void check_paid(const EventStage& stage, const Story& story, const std::string& id) {
    const Operation confirm{id, "confirm", "key-2"};
    const Reply paid = Till(stage).settle(confirm);
    INFO(paid.status << " " << paid.body);
    CHECK(paid.status == 200);
    CHECK(paid.text("status") == "succeeded");
    CHECK(paid.text("risk.decision") == "challenge");
    check_replay(Till(stage).ask(confirm), paid);
    const Reply first = settled_charge(stage.port(), "key-1", story.order);
    CHECK(first.status == 201);
    CHECK(first.body == paid.body);
    CHECK(stage.effects() == story.effects);
    check_one_payment(stage, story.order, "captured");
    CHECK(stage.entries(id, "capture") == 1);
    CHECK(stage.shop_hears(id, "charge.requires_action charge.succeeded"));
}

/// What must be true in the end, whoever died before the charge was blocked or waited.
void check_end(const EventStage& stage, const Story& story) {
    if (!story.blocked) {
        const std::string id = waits(stage, story);
        check_paid(stage, story, id);
        return;
    }
    const Reply refused = settled_charge(stage.port(), "key-1", story.order);
    const std::string id = check_blocked(stage, "key-1", story.order).text("id");
    CHECK(must(charge(stage.port(), "key-1", story.order)).body == refused.body);
    CHECK(stage.effects() == story.effects);
    check_no_payment(stage, story.order);
    CHECK(stage.shop_hears(id, "charge.declined"));
}

void kill_at_every_call(const Story& story, bool on_redis) {
    for (int at = 0; at < 2 * story.calls; ++at) {
        const int call = at / 2 + 1;
        const bool acted = at % 2 == 1;
        INFO(story.name << ", killed at call " << call << (acted ? " after" : " before") << " it acted");
        EventStage stage(on_redis, ruled_by(story.rules));
        DeadlyGate gate(stage.sandbox->port(), call, acted);
        stage.start(gate.settings());
        gate.arm(stage.newest());
        CHECK_FALSE(charge(stage.port(), "key-1", story.order));
        CHECK(stage.newest().wait() == 128 + SIGKILL);
        stage.start(gate.settings());
        check_end(stage, story);
    }
}

void kill_at_every_call_of_confirm(const Story& story, bool on_redis) {
    for (int at = 0; at < 2 * calls_after_confirm; ++at) {
        const int call = at / 2 + 1;
        const bool acted = at % 2 == 1;
        INFO(story.name << ", confirmed, killed at call " << call << (acted ? " after" : " before") << " it acted");
        EventStage stage(on_redis, ruled_by(story.rules));
        DeadlyGate gate(stage.sandbox->port(), call, acted);
        stage.start(gate.settings());
        const std::string id = stage.charge("key-1", story.order, 202);
        gate.arm(stage.newest());
        CHECK_FALSE(operate(stage.port(), {id, "confirm", "key-2"}));
        CHECK(stage.newest().wait() == 128 + SIGKILL);
        stage.start(gate.settings());
        check_paid(stage, story, id);
    }
}

/// Kills the service at its n-th sync to the disk since it was started; false when the charge is answered before.
bool kill_at_sync(const Story& story, int n) {
    INFO(story.name << ", killed at sync " << n);
    EventStage stage(false, ruled_by(story.rules, {{"TOLLGATE_SERVER_THREADS", "1"}}));
    stage.start();
    REQUIRE(stage.newest().stop() == 0);  // the file is there
    Program traced({.arguments = {"serve"},
                    .variables = stage.settings,
                    .before = {"strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e",
                               "inject=fdatasync:signal=KILL:when=" + std::to_string(n)}});
    const bool killed = !traced.listening() || !charge(traced.port(), "key-1", story.order);
    if (killed) {
        CHECK(traced.wait() == 128 + SIGKILL);
    } else {
        traced.stop();
    }
    stage.start();
    check_end(stage, story);
    return killed;
}

}  // namespace

TEST_CASE("a process killed around any call of a charge that is blocked before the gateway blocks it once") {
    kill_at_every_call(blocked_before, GENERATE(false, true));
}

TEST_CASE("a process killed around any call of a charge that is blocked after the gateway's word voids it once") {
    kill_at_every_call(blocked_after, GENERATE(false, true));
}

TEST_CASE("a process killed around any call before the customer is asked asks once and is paid once") {
    kill_at_every_call(challenged_before, GENERATE(false, true));
}

TEST_CASE("a process killed around any call while an authorization is replaced voids it once and is paid once") {
    kill_at_every_call(challenged_after, GENERATE(false, true));
}

TEST_CASE("a process killed around any call after a challenged customer came back is paid once") {
    kill_at_every_call_of_confirm(GENERATE(challenged_before, challenged_after), GENERATE(false, true));
}

TEST_CASE("a process killed at any sync to the disk blocks or replaces an authorization once") {
    const Story story = GENERATE(blocked_after, challenged_after);
    int n = 1;
    while (kill_at_sync(story, n)) REQUIRE(++n < 15);
    CHECK(n > 4);  // each step is a write
}

TEST_CASE("a process killed around any word with Redis blocks or replaces an authorization once") {
    const Story story = GENERATE(blocked_after, challenged_after);
    const bool answered = GENERATE(false, true);
    for (int nth = 1; nth <= 6; ++nth) {
        INFO(story.name << ", killed " << (answered ? "after" : "before") << " Redis heard word " << nth);
        EventStage stage(true, ruled_by(story.rules));
        DeadlyLink link(*stage.redis, nth, answered);
        Program& dying = stage.start(link.settings());
        link.arm(dying);
        [[maybe_unused]] const auto answer = charge(dying.port(), "key-1", story.order);
        CHECK(dying.wait() == 128 + SIGKILL);
        stage.start();
        check_end(stage, story);
    }
}

TEST_CASE("a charge whose customer never came is let go though the service was dead when the time was over") {
    const Story story = GENERATE(challenged_before, challenged_after);
    EventStage stage(GENERATE(false, true), ruled_by(story.rules, {{"TOLLGATE_SAGA_ACTION_TIMEOUT", "2s"}}));
    stage.start();
    const std::string id = stage.charge("key-1", story.order, 202);
    stage.restart();
    CHECK(stage.becomes(id, "canceled"));
    CHECK(eventually([&] { return stage.effects() == (story.name == challenged_after.name ? taken_back : never_asked); }));
    check_no_payment(stage, story.order);
    CHECK(stage.shop_hears(id, "charge.requires_action charge.reversed"));
}

TEST_CASE("a charge that died and was taken up counts once for a velocity") {
    const bool on_redis = GENERATE(false, true);
    for (int call = 1; call <= 4; ++call) {
        INFO("killed at call " << call);
        EventStage stage(on_redis,
                         ruled_by(R"({kind = "velocity", key = "customer", max_count = 2, window = "1h", action = "block"})"));
        DeadlyGate gate(stage.sandbox->port(), call, true);
        stage.start(gate.settings());
        gate.arm(stage.newest());
        CHECK_FALSE(charge(stage.port(), "key-1", {}));
        stage.start(gate.settings());
        CHECK(settled_charge(stage.port(), "key-1", {}).status == 201);
        CHECK(stage.charge("key-2", again({}, 2)).starts_with("ch_"));
        CHECK_FALSE(stage.charge("key-3", again({}, 3), 402).empty());
    }
}

TEST_CASE("what was decided stays decided when the rules change while the service is dead") {
    const bool on_redis = GENERATE(false, true);
    EventStage stage(on_redis, ruled_by(blocks_mismatch));
    DeadlyGate gate(stage.sandbox->port(), 3, false);  // it is about to void what it blocked
    stage.start(gate.settings());
    gate.arm(stage.newest());
    CHECK_FALSE(charge(stage.port(), "key-1", wrong_code));
    CHECK(stage.newest().wait() == 128 + SIGKILL);
    stage.settings["TOLLGATE_FRAUD_RULES"] = "[]";
    stage.start(gate.settings());
    check_end(stage, blocked_after);
}
