// What is done about a discrepancy: somebody is called, or the charge is told what it missed; once, while the shop goes on.
#include <catch2/catch.hpp>

#include "integration/fleet.hpp"
#include "integration/reconciliation_stage.hpp"

using namespace tollgate;
using namespace tollgate::test;

TEST_CASE("what was captured behind our back is adopted: the charge stands as the gateway says, ships, and all is matched") {
    const std::string date = utc_day();
    EventStage stage(GENERATE(false, true), unhurried());
    stage.start();
    const long long amount = GENERATE(4999, 3000);
    const std::string id = capture_behind(stage, "1", amount);
    CHECK(found(reconciled(stage.port(), date)) == std::multiset<std::string>{"missing_internal " + id + " capture adopt"});
    CHECK(stage.becomes(id, "succeeded"));
    CHECK(stage.entries(id, "capture") == 1);
    CHECK(audited(stage, id, "adopt") == 1);

    const json::object again = reconciled(stage.port(), date);
    CHECK(found(again).empty());
    check_adds_up(again, 1);
    CHECK(sums(again, "internal") == std::map<std::string, long long>{{"USD", amount}});
    CHECK(stage.entries(id, "capture") == 1);
    CHECK(stage.effects("ord_1") == "reserve authorize capture ship");
}

TEST_CASE("a refund that was made at the gateway is adopted once, however often the day is compared") {
    const std::string date = utc_day();
    EventStage stage(GENERATE(false, true), unhurried());
    stage.start();
    const std::string id = stage.charge("key-1");
    const std::string capture = stage.get("/charge/" + id).text("gateway.capture_id");
    at_gateway(stage, "refund", "by-hand", {{"reference", id}, {"capture_id", capture}, {"amount", 1200}, {"currency", "USD"}});
    CHECK(found(reconciled(stage.port(), date)) == std::multiset<std::string>{"missing_internal " + id + " refund adopt"});
    CHECK(eventually([&] { return stage.get("/charge/" + id).text("amount_refunded") == "1200"; }));
    for (int run = 0; run < 2; ++run) CHECK(found(reconciled(stage.port(), date)).empty());
    CHECK(stage.get("/charge/" + id).text("amount_refunded") == "1200");
    CHECK(stage.entries(id, "refund") == 1);
}

TEST_CASE("a webhook that waits for what we miss goes on once that is adopted, and is not told a second time") {
    const std::string date = utc_day();
    EventStage stage(GENERATE(false, true), unhurried());
    stage.start();
    const std::string id = capture_behind(stage, "1");
    const std::string capture = id_at_gateway(stage, id, "capture");
    const json::object refunded = at_gateway(
        stage, "refund", "by-hand", {{"reference", id}, {"capture_id", capture}, {"amount", 1200}, {"currency", "USD"}});
    const std::string refund_id(refunded.at("refund_id").as_string());
    // Nothing was captured yet as far as we know, so that it cannot be: it comes before what it needs.
    const auto early =
        stage.send("payment.refunded", about(id, R"(,"refund_id":")" + refund_id + R"(","amount":1200,"currency":"USD")"));
    REQUIRE(early.fresh());

    CHECK(found(reconciled(stage.port(), date)) ==
          std::multiset<std::string>{"missing_internal " + id + " capture adopt", "missing_internal " + id + " refund replay"});
    CHECK(eventually([&] { return found(reconciled(stage.port(), date)).empty(); }));
    CHECK(stage.get("/charge/" + id).text("amount_refunded") == "1200");
    CHECK(stage.entries(id, "capture") == 1);
    CHECK(stage.entries(id, "refund") == 1);
    CHECK(stage.comes_to(early.id, "done"));
}

TEST_CASE("a dead letter that cannot be read does not stand in the way of what it tells of") {
    const std::string date = utc_day();
    EventStage stage(GENERATE(false, true), unhurried({{"TOLLGATE_WEBHOOK_MAX_ATTEMPTS", "1"}}));
    stage.start();
    const std::string id = stage.charge("key-1");
    const json::object refunded = at_gateway(
        stage, "refund", "by-hand",
        {{"reference", id}, {"capture_id", id_at_gateway(stage, id, "capture")}, {"amount", 1200}, {"currency", "USD"}});
    const auto poison = stage.send(
        "payment.refunded",
        about(id, R"(,"refund_id":)" + json::serialize(refunded.at("refund_id")) + R"(,"amount":"lots","currency":"USD")"));
    REQUIRE(stage.comes_to(poison.id, "dead"));
    CHECK(found(reconciled(stage.port(), date)) == std::multiset<std::string>{"missing_internal " + id + " refund adopt"});
    CHECK(eventually([&] { return stage.get("/charge/" + id).text("amount_refunded") == "1200"; }));
    CHECK(found(reconciled(stage.port(), date)).empty());
    CHECK(stage.entries(id, "refund") == 1);
}

TEST_CASE("money that the gateway does not know, or moved twice, calls somebody once, however often the day is compared") {
    const std::string date = utc_day();
    const Duty duty;
    EventStage stage(GENERATE(false, true), unhurried(duty.settings()));
    stage.start();
    const std::string lost = stage.charge("key-1", {.id = "ord_1", .token = "tok_books_unlisted"});
    const std::string doubled = stage.charge("key-2", {.id = "ord_2", .token = "tok_books_twice"});
    const std::multiset<std::string> expected{"missing_gateway " + lost, "echo_mismatch " + doubled};
    const auto first = found(reconciled(stage.port(), date));
    REQUIRE(eventually([&] { return duty.called() == expected; }));
    for (int run = 0; run < 2; ++run) CHECK(found(reconciled(stage.port(), date)) == first);
    stage.restart();
    CHECK(found(reconciled(stage.port(), date)) == first);
    CHECK(duty.heard().size() == 2);
    CHECK(audited(stage, lost, "missing_gateway") == 1);
    CHECK(audited(stage, doubled, "duplicate_at_gateway") == 1);

    // One more is one more call, and the others are left alone.
    const std::string another = stage.charge("key-3", {.id = "ord_3", .token = "tok_books_unlisted"});
    (void)reconciled(stage.port(), date);
    CHECK(duty.heard().size() == 3);
    CHECK(duty.heard().back().charge_id == another);
}

TEST_CASE("a call that nobody took is made again by the next run") {
    const std::string date = utc_day();
    std::atomic<bool> awake{false};
    const Duty duty([&](int, const Duty::Call&) { return awake ? 202 : 500; });
    EventStage stage(GENERATE(false, true), unhurried(duty.settings()));
    stage.start();
    const std::string lost = stage.charge("key-1", {.token = "tok_books_unlisted"});
    REQUIRE(must(ask_to_reconcile(stage.port(), R"({"date":")" + date + "\"}")).status < 300);
    REQUIRE(eventually([&] { return !duty.heard().empty(); }));
    CHECK(duty.called().empty());
    awake = true;
    CHECK(eventually([&] {
        (void)reconciled(stage.port(), date);
        return !duty.called().empty();
    }));
    CHECK(duty.called() == std::multiset<std::string>{"missing_gateway " + lost});
    CHECK(duty.heard().front().key == duty.heard().back().key);
    CHECK_FALSE(duty.heard().front().key.empty());
}

TEST_CASE("a day that is still traded on is compared over and over: nobody is called, and nothing is done to a charge twice") {
    const std::string date = utc_day();
    const Duty duty;
    EventStage stage(GENERATE(false, true), unhurried(duty.settings()));
    stage.start();
    Customers customers({stage.port()}, 4);
    for (int run = 0; run < 10; ++run) {
        REQUIRE(customers.buy(8));
        (void)reconciled(stage.port(), date);
    }
    check_all_bought_once(customers.stop(), {stage.port()}, stage.sandbox->port());
    const json::object report = reconciled(stage.port(), date);
    CHECK(found(report).empty());
    CHECK(sums(report, "internal") == truth_of(stage.sandbox->port()).sums);
    CHECK(duty.heard().empty());
}

TEST_CASE("what the gateway has done and not answered yet is no discrepancy that harms: each step happens and is booked once") {
    const std::string date = utc_day();
    const Duty duty;
    EventStage stage(GENERATE(false, true), unhurried(duty.settings()));
    stage.start();
    std::atomic<bool> done{false};
    auto compares = std::async(std::launch::async, [&] {
        std::size_t seen = 0;
        while (!done) {
            const auto report = ask_to_reconcile(stage.port(), R"({"date":")" + date + "\"}");
            if (report && report->status == 200) seen += count_of(report->body, R"("kind":"missing_internal")");
        }
        return seen;
    });
    std::vector<std::future<std::pair<Reply, Reply>>> customers;
    for (int i = 0; i < 6; ++i) {
        customers.push_back(std::async(std::launch::async, [&stage, name = std::to_string(i)] {
            Reply paid = settled_charge(stage.port(), "key-" + name, {.id = "ord_" + name, .token = "tok_slow_700"});
            Reply back = settled_operation({stage.port()}, {paid.text("id"), "refund", "refund-" + name, amount_of(1000)});
            return std::pair{std::move(paid), std::move(back)};
        }));
    }
    std::vector<std::pair<Reply, Reply>> replies;
    for (auto& customer : customers) replies.push_back(customer.get());
    done = true;
    CHECK(compares.get() > 0);  // else nothing was put to the test
    for (std::size_t i = 0; i < replies.size(); ++i) {
        const auto& [paid, back] = replies[i];
        INFO(paid.body << "\n" << back.body);
        CHECK(paid.status == 201);
        CHECK(back.status == 200);
        const std::string id = paid.text("id");
        CHECK(stage.get("/charge/" + id).text("amount_refunded") == "1000");
        CHECK(stage.entries(id, "capture") == 1);
        CHECK(stage.entries(id, "refund") == 1);
        CHECK(stage.effects("ord_" + std::to_string(i)) == "reserve authorize capture ship refund");
    }
    CHECK(eventually([&] { return found(reconciled(stage.port(), date)).empty(); }));
    CHECK(duty.heard().empty());
    CHECK(body_of(stage.get("/admin/dead-letters")).at("data").as_array().empty());
}
