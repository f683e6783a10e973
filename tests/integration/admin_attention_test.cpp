// GET /admin/attention: what needs a human now is told, each kind by itself, and nothing else is.
#include <catch2/catch.hpp>

#include "integration/admin_stage.hpp"
#include "integration/reconciliation_stage.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

const std::vector<std::string> kinds{"needs_attention", "unknown_outcomes", "dead_letters", "discrepancies", "expiring"};

json::object attention(const EventStage& stage) {
    const Reply reply = stage.get("/admin/attention");
    INFO(reply.body);
    REQUIRE(reply.status == 200);
    json::object told = body_of(reply);
    for (const std::string& kind : kinds) {
        const json::object& list = told.at(kind).as_object();
        CHECK(list.at("data").as_array().size() <= 20);
        CHECK(list.at("count").as_int64() >= static_cast<std::int64_t>(list.at("data").as_array().size()));
        CHECK_FALSE(list.contains("error"));
    }
    return told;
}

/// "KIND COUNT" of the lists that are not empty, with "+" where there is more.
std::string summary(const json::object& told) {
    std::string text;
    for (const std::string& kind : kinds) {
        const json::object& list = told.at(kind).as_object();
        const auto count = list.at("count").as_int64();
        if (count == 0 && !list.at("more").as_bool()) continue;
        text += (text.empty() ? "" : " ") + kind + " " + std::to_string(count) + (list.at("more").as_bool() ? "+" : "");
    }
    return text;
}

const json::object& first(const json::object& told, const std::string& kind) {
    return told.at(kind).at("data").as_array().at(0).as_object();
}

/// One failed undo needs attention, and nobody tries again within the test.
const Variables gives_up_at_once{{"TOLLGATE_SAGA_COMPENSATION_RETRIES", "0"}, {"TOLLGATE_SAGA_COMPENSATION_DELAY", "60s"}};
const std::string cannot_be_undone = "tok_capture_fails_void_fails";

/// Of what is authorized the gateway says that it ends in so many hours.
LyingGateway ending_in(unsigned short sandbox_port, const std::atomic<int>& hours) {
    return {sandbox_port, [&hours](const Asked& asked, const LyingGateway::Pass& pass) {
                auto truth = pass();
                if (truth && truth->status == 200 && asked.path == "/v1/authorize") {
                    json::object body = body_of(*truth);
                    body["expires_at"] = to_rfc3339(SystemClock().wall() + std::chrono::hours(hours));
                    truth->body = json::serialize(body);
                }
                return truth;
            }};
}

}  // namespace

TEST_CASE("a service whose charges all went well, or as they should, needs nobody") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    CHECK(summary(attention(stage)).empty());
    (void)stage.charge("key-1");
    (void)stage.charge("key-2", {.id = "ord_2", .token = "tok_declined"}, 402);
    (void)stage.charge("key-3", {.id = "ord_3", .token = "tok_authentication_required"}, 202);
    (void)stage.charge("key-4", {.id = "ord_4", .more = R"(,"capture":"manual")"});
    const json::object told = attention(stage);
    CHECK(summary(told).empty());
    CHECK(to_rfc3339(SystemClock().wall()) >= std::string(told.at("at").as_string()));
}

TEST_CASE("charges that cannot be undone need a human, all are counted and the newest twenty told") {
    EventStage stage(GENERATE(false, true), gives_up_at_once);
    stage.start();
    std::string newest;
    for (int i = 0; i < 22; ++i) {
        const std::string number = std::to_string(i);
        newest =
            must(charge(stage.port(), "key-" + number, {.id = "ord-" + number, .token = cannot_be_undone})).text("charge_id");
        if (i == 0) CHECK(summary(attention(stage)) == "needs_attention 1");
    }
    const json::object told = attention(stage);
    CHECK(summary(told) == "needs_attention 22+");
    CHECK(first(told, "needs_attention").at("charge_id") == json::value(newest));
    CHECK(first(told, "needs_attention").at("state") == "NEEDS_ATTENTION");
    CHECK(told.at("needs_attention").at("data").as_array().size() == 20);
}

TEST_CASE("an event that was given up needs a human until it is replayed") {
    EventStage stage(GENERATE(false, true), {{"TOLLGATE_WEBHOOK_MAX_ATTEMPTS", "1"}});
    stage.start();
    const std::string id = stage.charge("key-1");
    const auto poison = stage.send("payment.refunded", about(id, R"(,"refund_id":"re_0","amount":"lots","currency":"USD")"));
    REQUIRE(stage.comes_to(poison.id, "dead"));
    const json::object told = attention(stage);
    CHECK(summary(told) == "dead_letters 1");
    CHECK(first(told, "dead_letters").at("event_id") == json::value(poison.id));
    CHECK(first(told, "dead_letters").at("state") == "dead");
}

TEST_CASE("discrepancies of a day's report need a human, but for those that were mended or are only late") {
    EventStage stage(GENERATE(false, true), unhurried());
    stage.start();
    const auto planted = plant_each_kind(stage);
    CHECK(summary(attention(stage)).empty());  // nobody has compared the day yet
    const json::object report = reconciled(stage.port(), utc_day());
    std::multiset<std::string> wanted;
    for (const json::value& one : report.at("discrepancies").as_array()) {
        const std::string action(one.at("action").as_string());
        if (action == "adopt" || action == "replay" || one.at("kind") == "late") continue;
        wanted.insert(std::string(one.at("kind").as_string()) + " " + std::string(one.at("reference").as_string()));
    }
    CHECK(wanted.size() >= 6);
    std::multiset<std::string> found;
    const json::object told = attention(stage);
    for (const json::value& one : told.at("discrepancies").at("data").as_array()) {
        CHECK(one.at("date") == json::value(utc_day()));
        found.insert(std::string(one.at("kind").as_string()) + " " + std::string(one.at("reference").as_string()));
    }
    CHECK(found == wanted);
    CHECK(told.at("discrepancies").at("count").as_int64() == static_cast<std::int64_t>(wanted.size()));
    CHECK_FALSE(told.at("discrepancies").at("more").as_bool());
}

TEST_CASE("a call that was not answered is told as unknown until its outcome is known") {
    const bool on_redis = GENERATE(false, true);
    EventStage stage(on_redis, quick({{"TOLLGATE_SERVER_CHARGE_TIMEOUT", "500ms"}}));
    std::atomic<bool> away{true};
    Gate gate(stage.sandbox->port(),
              [&](int, bool, const std::string& path) { return path.find("authoriz") == path.npos || !away; });
    stage.start({{"TOLLGATE_GATEWAY_URL", gate.url()}});
    const Reply waits = must(charge(stage.port(), "key-1", {}));
    INFO(waits.body);
    REQUIRE(waits.status == 202);
    CHECK(eventually([&] { return summary(attention(stage)) == "unknown_outcomes 1"; }));
    const json::object told = attention(stage);
    CHECK(first(told, "unknown_outcomes").at("charge_id") == json::value(waits.text("id")));
    CHECK(first(told, "unknown_outcomes").at("step").at("name") == "authorize");
    away = false;
    CHECK(stage.becomes(waits.text("id"), "succeeded"));
    CHECK(eventually([&] { return summary(attention(stage)).empty(); }));
}

TEST_CASE("an authorization that ends within a day is told with its end, and one that has longer is not") {
    EventStage stage(GENERATE(false, true));
    std::atomic<int> hours{10};
    LyingGateway gateway = ending_in(stage.sandbox->port(), hours);
    stage.start({{"TOLLGATE_GATEWAY_URL", gateway.url()}});
    const std::string soon = stage.charge("key-1", {.id = "ord_1", .more = R"(,"capture":"manual")"});
    hours = 30;
    const std::string later = stage.charge("key-2", {.id = "ord_2", .more = R"(,"capture":"manual")"});
    hours = 2;
    const std::string sooner = stage.charge("key-3", {.id = "ord_3", .more = R"(,"capture":"manual")"});
    const json::object told = attention(stage);
    CHECK(summary(told) == "expiring 2");
    CHECK(charges_in(told.at("expiring").as_object()) == std::vector<std::string>{sooner, soon});
    CHECK(first(told, "expiring").at("capture_before") == json::value(stage.get("/charge/" + sooner).text("capture_before")));
    CHECK(must(request(stage.port(), {.method = "POST", .path = "/charge/" + sooner + "/capture", .key = "key-4"})).status ==
          200);
    CHECK(charges_in(attention(stage).at("expiring").as_object()) == std::vector<std::string>{soon});
}
