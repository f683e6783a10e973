// The service killed, stopped or cut off from its store with events on their way: each side sees one effect.
#include <catch2/catch.hpp>
#include <csignal>
#include <set>

#include "integration/event_stage.hpp"

using namespace tollgate;
using namespace tollgate::test;
using namespace std::chrono_literals;

namespace {

const Order manual{.more = R"(,"capture":"manual")"};
const Order authenticated{.token = "tok_authentication_required"};

std::string refund(const std::string& id, int number = 1) {
    return about(id, R"(,"refund_id":"re_)" + std::to_string(number) + R"(","amount":1000,"currency":"USD")");
}

/// The gateway's side: sends the event until it is taken.
Reply deliver(const EventStage& stage, const std::string& body) {
    std::optional<Reply> reply;
    REQUIRE(eventually([&] {
        reply = request(stage.port(), signed_call(body));
        return reply && reply->status == 200;
    }));
    return *reply;
}

/// Whether the shop comes to know just these events of a charge, however often each was sent, under one id each.
bool shop_knows(const EventStage& stage, const std::string& id, const std::vector<std::string>& types) {
    return eventually([&] {
        std::vector<std::string> known;
        std::set<std::string> ids;
        for (const auto& heard : stage.listener.heard(id)) {
            if (ids.insert(heard.id).second) known.push_back(heard.type);
        }
        return known == types;
    });
}

/// One refund on the charge, in the ledger and in the shop's mind, and nothing done at the gateway.
void check_refunded_once(const EventStage& stage, const std::string& id) {
    CHECK(stage.comes_to("evt_1", "done"));
    CHECK(stage.get("/charge/" + id).text("amount_refunded") == "1000");
    CHECK(stage.entries(id, "refund") == 1);
    CHECK(shop_knows(stage, id, {"charge.succeeded", "charge.refunded"}));
    CHECK(stage.effects() == whole_checkout);
}

/// Kills the service at its n-th sync to the disk after an event was sent; false when it is done before.
bool kill_at_sync(int n) {
    INFO("killed at sync " << n);
    EventStage stage(false, {{"TOLLGATE_SERVER_THREADS", "1"}});
    stage.start();
    const std::string id = stage.charge("key-1");
    CHECK(stage.shop_hears(id, "charge.succeeded"));
    CHECK(stage.newest().stop() == 0);
    Program& traced = stage.start({}, {"strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e",
                                       "inject=fdatasync:signal=KILL:when=" + std::to_string(n)});
    const std::string body = event_body("evt_1", "payment.refunded", refund(id));
    const auto answer = request(traced.port(), signed_call(body));
    const bool heard_of =
        eventually([&] { return !request(traced.port(), {.path = "/health/live"}) || stage.listener.heard(id).size() >= 2; });
    CHECK(heard_of);
    const bool killed = !request(traced.port(), {.path = "/health/live"});
    if (killed) {
        CHECK(traced.wait() == 128 + SIGKILL);
    } else {
        traced.stop();
    }
    stage.start();
    if (answer) {
        CHECK(answer->status == 200);
        CHECK(stage.get("/admin/webhooks/evt_1").status == 200);
    } else {
        deliver(stage, body);
    }
    check_refunded_once(stage, id);
    return killed;
}

}  // namespace

TEST_CASE("a process killed at any sync to the disk while it takes, applies and passes on an event leaves one effect of it") {
    int n = 1;
    while (kill_at_sync(n)) REQUIRE(++n < 15);
    CHECK(n > 3);  // archive, effect, settlement
}

TEST_CASE("a process killed around any word with Redis while it takes and applies an event leaves one effect of it") {
    const bool answered = GENERATE(false, true);
    for (int nth = 1; nth <= 3; ++nth) {
        INFO("killed " << (answered ? "after" : "before") << " Redis heard word " << nth);
        EventStage stage(true);
        DeadlyLink link(*stage.redis, nth, answered);
        Program& dying = stage.start(link.settings());
        const std::string id = stage.charge("key-1");
        link.arm(dying);
        const std::string body = event_body("evt_1", "payment.refunded", refund(id));
        const auto answer = request(dying.port(), signed_call(body));
        CHECK(dying.wait() == 128 + SIGKILL);
        stage.start();
        if (answer && answer->status == 200) {
            CHECK(stage.get("/admin/webhooks/evt_1").status == 200);
        } else {
            deliver(stage, body);
        }
        check_refunded_once(stage, id);
    }
}

TEST_CASE("an event that was answered 200 survives a kill at once, and is applied by the next process") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const std::string id = stage.charge("key-1");
    for (int number = 1; number <= 4; ++number) {
        const std::string event = "evt_" + std::to_string(number);
        const std::string body = event_body(event, "payment.refunded", refund(id, number));
        const Reply taken = must(request(stage.port(), signed_call(body)));
        stage.newest().kill_hard();
        CHECK(taken.text("duplicate") == "false");
        stage.start();
        CHECK(stage.get("/admin/webhooks/" + event).text("body") == body);
        CHECK(deliver(stage, body).text("duplicate") == "true");
    }
    for (int number = 1; number <= 4; ++number) CHECK(stage.comes_to("evt_" + std::to_string(number), "done"));
    CHECK(stage.get("/charge/" + id).text("amount_refunded") == "4000");
    CHECK(stage.entries(id, "refund") == 4);
    CHECK(shop_knows(stage, id,
                     {"charge.succeeded", "charge.refunded", "charge.refunded", "charge.refunded", "charge.refunded"}));
}

TEST_CASE("a process killed while what an event set in motion is outside leaves it to the next one, and it happens once") {
    const bool on_redis = GENERATE(false, true);
    const bool captured = GENERATE(false, true);
    INFO((on_redis ? "redis" : "sqlite") << ", " << (captured ? "capture" : "authentication"));
    EventStage stage(on_redis, {{"TOLLGATE_SAGA_LEASE", "1s"}});
    HeldGate gate(stage.sandbox->port(), captured ? "/v1/shipments" : "/v1/capture");
    stage.start({{"TOLLGATE_GATEWAY_URL", gate.url()}, {"TOLLGATE_SHIPPING_URL", gate.url()}});
    const std::string id = captured ? stage.charge("key-1", manual) : stage.charge("key-1", authenticated, 202);
    const std::string body =
        captured ? event_body("evt_1", "payment.captured", about(id, R"(,"capture_id":"cap_1","amount":4999,"currency":"USD")"))
                 : event_body("evt_1", "payment.action_completed", about(id));
    CHECK(deliver(stage, body).text("duplicate") == "false");
    REQUIRE(gate.wait_for(1));
    stage.restart();
    CHECK(deliver(stage, body).text("duplicate") == "true");
    CHECK(stage.becomes(id, "succeeded"));
    gate.release();  // the dead one's call arrives after all
    CHECK(stage.comes_to("evt_1", "done"));
    CHECK(stage.entries(id, "capture") == 1);
    CHECK(stage.effects() == (captured ? "reserve authorize ship" : whole_checkout));
    CHECK(eventually([&] { return stage.listener.types(id).ends_with("charge.succeeded"); }));
    if (captured) {
        CHECK(shop_knows(stage, id, {"charge.succeeded"}));
    } else {
        CHECK(shop_knows(stage, id, {"charge.requires_action", "charge.succeeded"}));
    }
}

TEST_CASE("a process killed while the shop has not answered yet tells it again under the same id, and then no more") {
    std::atomic<bool> silent{true};
    EventStage stage(GENERATE(false, true), {},
                     [&](const ShopListener::Heard&) { return silent ? ShopListener::silence : 200; });
    stage.start();
    const std::string id = stage.charge("key-1");
    REQUIRE(eventually([&] { return stage.listener.heard(id).size() == 1; }));
    CHECK(deliver(stage, event_body("evt_1", "payment.refunded", refund(id))).text("duplicate") == "false");
    CHECK(stage.comes_to("evt_1", "done"));
    stage.newest().kill_hard();
    silent = false;
    stage.start();
    CHECK(eventually([&] { return stage.listener.types(id) == "charge.succeeded charge.succeeded charge.refunded"; }));
    const auto heard = stage.listener.heard(id);
    REQUIRE(heard.size() == 3);
    CHECK(heard[0].id == heard[1].id);
    CHECK(heard[0].body == heard[1].body);
    for (const auto& one : heard) CHECK(one.verified);

    // What was delivered is settled: a later event of another charge is heard, and nothing of this one.
    (void)stage.charge("key-2", {.id = "ord_2"});
    CHECK(eventually([&] { return stage.listener.heard().size() == 4; }));
    stage.restart();
    const std::string last = stage.charge("key-3", {.id = "ord_3"});
    CHECK(eventually([&] { return !stage.listener.heard(last).empty(); }));
    CHECK(stage.listener.heard(id).size() == 3);
}

TEST_CASE("a process told to stop in the middle of many events exits 0, and what it took is applied once by the next") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    std::vector<std::string> charges;
    for (int number = 0; number < 20; ++number) {
        charges.push_back(stage.charge("key-" + std::to_string(number), {.id = "ord_" + std::to_string(number)}));
    }
    std::vector<std::future<std::optional<Reply>>> replies;
    std::vector<std::string> bodies;
    for (int number = 0; number < 20; ++number) {
        bodies.push_back(
            event_body("evt_" + std::to_string(number), "payment.refunded",
                       about(charges[static_cast<std::size_t>(number)],
                             R"(,"refund_id":"re_)" + std::to_string(number) + R"(","amount":100,"currency":"USD")")));
    }
    const unsigned short port = stage.port();
    for (const std::string& body : bodies) {
        replies.push_back(std::async(std::launch::async, [&body, port] { return request(port, signed_call(body)); }));
    }
    (void)replies[0].wait_for(5s);
    CHECK(stage.newest().stop() == 0);
    std::vector<std::optional<Reply>> answers;
    for (auto& reply : replies) answers.push_back(reply.get());
    stage.start();
    for (std::size_t at = 0; at < bodies.size(); ++at) {
        const bool taken = answers[at] && answers[at]->status == 200;
        INFO((answers[at] ? answers[at]->body : "cut"));
        if (taken) CHECK(stage.get("/admin/webhooks/evt_" + std::to_string(at)).status == 200);
        CHECK((taken || !answers[at] || answers[at]->status == 503));
        if (!taken) deliver(stage, bodies[at]);
    }
    for (std::size_t at = 0; at < bodies.size(); ++at) CHECK(stage.comes_to("evt_" + std::to_string(at), "done"));
    for (const std::string& id : charges) {
        CHECK(stage.get("/charge/" + id).text("amount_refunded") == "100");
        CHECK(stage.entries(id, "refund") == 1);
        CHECK(eventually([&] {
            std::set<std::string> ids;
            for (const auto& heard : stage.listener.heard(id)) ids.insert(heard.id);
            return ids.size() == 2;
        }));
    }
}

TEST_CASE("a process told to stop does not wait for a shop that says nothing, and the next one tells it") {
    std::atomic<bool> silent{true};
    EventStage stage(GENERATE(false, true), {{"TOLLGATE_SERVER_DRAIN_TIMEOUT", "2s"}},
                     [&](const ShopListener::Heard&) { return silent ? ShopListener::silence : 200; });
    stage.start();
    const std::string id = stage.charge("key-1");
    REQUIRE(eventually([&] { return stage.listener.heard(id).size() == 1; }));
    const auto begin = std::chrono::steady_clock::now();
    CHECK(stage.newest().stop() == 0);
    CHECK(std::chrono::steady_clock::now() - begin < 15s);
    silent = false;
    stage.start();
    CHECK(eventually([&] { return stage.listener.heard(id).size() == 2; }));
    CHECK(shop_knows(stage, id, {"charge.succeeded"}));
}

TEST_CASE("while the store is away a webhook is 503 with the time to come again, and nothing of it is kept") {
    EventStage stage(true);
    stage.start();
    const std::string id = stage.charge("key-1");
    const std::string body = event_body("evt_1", "payment.refunded", refund(id));
    stage.redis->kill_hard();
    for (int i = 0; i < 3; ++i) {
        const Reply refused = must(request(stage.port(), signed_call(body)));
        check_problem(refused, 503, "store_unavailable");
        CHECK(refused.text("retriable") == "true");
        CHECK_FALSE(refused.header("retry-after").empty());
    }
    // What is wrong is told before the store is asked.
    check_problem(must(request(stage.port(), signed_call(body, SystemClock().wall(), "whsec_another"))), 400,
                  "webhook_signature_invalid");
    stage.redis->restart();
    CHECK(eventually([&] { return stage.get("/admin/webhooks/evt_1").status == 404; }));
    CHECK(deliver(stage, body).text("duplicate") == "false");
    check_refunded_once(stage, id);
}

TEST_CASE("a store that stands still makes a webhook 503 in time, and the event has one effect when it goes on") {
    EventStage stage(true, {{"TOLLGATE_STORE_TIMEOUT", "300ms"}});
    stage.start();
    const std::string id = stage.charge("key-1");
    const std::string body = event_body("evt_1", "payment.refunded", refund(id));
    stage.redis->stop_process();
    const auto begin = std::chrono::steady_clock::now();
    const Reply refused = must(request(stage.port(), signed_call(body)));
    CHECK(std::chrono::steady_clock::now() - begin < 10s);
    check_problem(refused, 503, "store_unavailable");
    CHECK_FALSE(refused.header("retry-after").empty());
    stage.redis->continue_process();
    deliver(stage, body);
    check_refunded_once(stage, id);
}

TEST_CASE("a process of the fleet that is killed with an event in its hands is followed by the other one") {
    EventStage stage(true, {{"TOLLGATE_SAGA_LEASE", "1s"}});
    HeldGate gate(stage.sandbox->port(), "/v1/capture");
    Program& dying = stage.start({{"TOLLGATE_GATEWAY_URL", gate.url()}});
    const std::string id = stage.charge("key-1", authenticated, 202);
    stage.start();
    const std::string body = event_body("evt_1", "payment.action_completed", about(id));
    CHECK(must(request(dying.port(), signed_call(body))).text("duplicate") == "false");
    const bool held = gate.wait_for(1);
    CHECK(held);
    dying.kill_hard();
    CHECK(stage.becomes(id, "succeeded"));
    gate.release();
    CHECK(stage.comes_to("evt_1", "done"));
    CHECK(stage.effects() == whole_checkout);
    CHECK(shop_knows(stage, id, {"charge.requires_action", "charge.succeeded"}));
}
