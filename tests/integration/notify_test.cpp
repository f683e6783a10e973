// What the shop is told, when and how often: over real sockets, from the running program.
#include <catch2/catch.hpp>
#include <set>

#include "integration/event_stage.hpp"

using namespace tollgate;
using namespace tollgate::test;
using namespace std::chrono_literals;

namespace {

const Order authenticated{.token = "tok_authentication_required"};

std::string refund(const std::string& id, int number) {
    return about(id, R"(,"refund_id":"re_)" + std::to_string(number) + R"(","amount":100,"currency":"USD")");
}

/// What the shop took, each event once, in the order it was first taken.
std::string in_order(const std::vector<ShopListener::Heard>& heard) {
    std::set<std::string> seen;
    std::string all;
    for (const auto& one : heard) {
        if (seen.insert(one.id).second) all += (all.empty() ? "" : " ") + one.type;
    }
    return all;
}

std::pair<int, std::string> check_config(const Variables& settings) {
    Program program({.arguments = {"check-config"}, .variables = settings});
    const int code = program.wait();
    return {code, program.said()};
}

}  // namespace

TEST_CASE("the shop hears of every end of a charge under the name the contract gives it") {
    EventStage stage(GENERATE(false, true));
    stage.start({{"TOLLGATE_SAGA_COMPENSATION_RETRIES", "0"}});
    const std::string succeeded = stage.charge("key-1");
    const std::string declined = stage.charge("key-2", {.id = "ord_2", .token = "tok_declined"}, 402);
    const std::string reversed = stage.charge("key-3", {.id = "ord_3", .sku = "SKU-UNSHIPPABLE"}, 409);
    const std::string out_of_stock = stage.charge("key-4", {.id = "ord_4", .sku = "SKU-OUT"}, 409);
    const std::string waiting = stage.charge("key-5", {.id = "ord_5", .token = "tok_authentication_required"}, 202);
    const std::string stuck = stage.charge("key-6", {.id = "ord_6", .token = "tok_capture_fails_void_fails"}, 500);
    const std::string authorized = stage.charge("key-7", {.id = "ord_7", .more = R"(,"capture":"manual")"});
    CHECK(stage.shop_hears(succeeded, "charge.succeeded"));
    CHECK(stage.shop_hears(declined, "charge.declined"));
    CHECK(stage.shop_hears(reversed, "charge.reversed"));
    CHECK(stage.shop_hears(out_of_stock, "charge.reversed"));
    CHECK(stage.shop_hears(waiting, "charge.requires_action"));
    CHECK(eventually([&] { return stage.listener.types(stuck).starts_with("charge.needs_attention"); }));
    CHECK(stage.listener.heard(authorized).empty());
    for (const auto& heard : stage.listener.heard()) {
        CHECK(heard.verified);
        CHECK(heard.body.at("data").at("object") == "charge");
        CHECK(std::string_view(heard.body.at("timestamp").as_string()).ends_with("Z"));
    }
    CHECK(stage.listener.heard(succeeded)[0].body.at("data") == json::parse(stage.get("/charge/" + succeeded).body));
}

TEST_CASE(
    "a shop that fails, redirects or cuts the connection is told again under the same id, and hears no later event before") {
    const int failure = GENERATE(500, 404, 302, ShopListener::cut);
    INFO("answers " << failure);
    std::atomic<int> failures{1};
    EventStage stage(false, {}, [&](const ShopListener::Heard&) { return failures-- > 0 ? failure : 200; });
    stage.start();
    const std::string id = stage.charge("key-1");
    REQUIRE(eventually([&] { return stage.listener.heard(id).size() == 1; }));
    CHECK(stage.tell("payment.refunded", refund(id, 1)));
    CHECK(stage.tell("payment.disputed", about(id, R"(,"amount":4999,"currency":"USD")")));
    CHECK(eventually(
        [&] { return stage.listener.types(id) == "charge.succeeded charge.succeeded charge.refunded charge.disputed"; }));
    const auto heard = stage.listener.heard(id);
    REQUIRE(heard.size() == 4);
    CHECK(heard[0].id == heard[1].id);
    CHECK(heard[1].at - heard[0].at >= 2s);
    CHECK(heard[1].at - heard[0].at < 20s);
    for (const auto& one : stage.listener.heard()) {
        CHECK(one.verified);
        CHECK(one.path == "POST /shop");
    }
}

TEST_CASE("a shop that is down at first, and one that restarts, hears everything in order") {
    const bool on_redis = GENERATE(false, true);
    ShopListener late({}, true);
    EventStage stage(on_redis);
    stage.settings.merge(late.settings());
    for (const auto& [name, value] : late.settings()) stage.settings[name] = value;
    stage.start();
    const std::string id = stage.charge("key-1", authenticated, 202);
    CHECK(stage.tell("payment.action_completed", about(id)));
    CHECK(stage.becomes(id, "succeeded"));
    CHECK(stage.tell("payment.refunded", refund(id, 1)));
    late.open();
    CHECK(eventually([&] { return late.heard(id).size() >= 3; }));
    CHECK(in_order(late.heard(id)) == "charge.requires_action charge.succeeded charge.refunded");
}

TEST_CASE("a charge whose event the shop does not take holds up no other charge") {
    const bool on_redis = GENERATE(false, true);
    const int how = GENERATE(500, ShopListener::silence);
    std::string stubborn;
    std::mutex mutex;
    EventStage stage(on_redis, {}, [&](const ShopListener::Heard& heard) {
        const std::lock_guard lock(mutex);
        if (stubborn.empty()) stubborn = heard.charge_id;
        return heard.charge_id == stubborn ? how : 200;
    });
    stage.start();
    const std::string first = stage.charge("key-0", {.id = "ord_0"});
    REQUIRE(eventually([&] { return !stage.listener.heard(first).empty(); }));
    const auto begin = std::chrono::steady_clock::now();
    for (int number = 1; number <= 10; ++number) {
        const std::string id = stage.charge("key-" + std::to_string(number), {.id = "ord_" + std::to_string(number)});
        CHECK(stage.tell("payment.refunded", refund(id, number)));
    }
    CHECK(eventually([&] { return stage.listener.heard().size() >= 21; }));
    CHECK(std::chrono::steady_clock::now() - begin < 15s);
    std::set<std::string> charges;
    for (const auto& heard : stage.listener.heard()) charges.insert(heard.charge_id);
    CHECK(charges.size() == 11);
}

TEST_CASE("events of one charge come in their order however fast they follow each other") {
    EventStage stage(GENERATE(false, true));
    stage.start();
    const std::string id = stage.charge("key-1");
    for (int number = 1; number <= 20; ++number) CHECK(stage.send("payment.refunded", refund(id, number)).fresh());
    CHECK(eventually([&] { return stage.listener.heard(id).size() == 21; }));
    std::int64_t refunded = -1;
    for (const auto& heard : stage.listener.heard(id)) {
        CHECK(heard.verified);
        CHECK(heard.body.at("data").at("amount_refunded").as_int64() > refunded);
        refunded = heard.body.at("data").at("amount_refunded").as_int64();
    }
    CHECK(refunded == 2000);
}

TEST_CASE("two processes on one store tell the shop each thing once while all goes well") {
    EventStage stage(true);
    stage.start();
    stage.start();
    std::vector<std::string> ids;
    for (int number = 0; number < 20; ++number) {
        const Reply answer = must(
            charge(stage.process(number % 2).port(), "key-" + std::to_string(number), {.id = "ord_" + std::to_string(number)}));
        REQUIRE(answer.status == 201);
        ids.push_back(answer.text("id"));
        CHECK(stage.send("payment.refunded", refund(ids.back(), number)).fresh());
    }
    for (const std::string& id : ids) CHECK(stage.shop_hears(id, "charge.succeeded charge.refunded"));
}

TEST_CASE("without notify.url nobody is told anything, and nothing waits to be told later") {
    EventStage stage(GENERATE(false, true));
    Variables quiet{{"TOLLGATE_NOTIFY_URL", ""}, {"TOLLGATE_NOTIFY_SECRET", ""}};
    stage.start(quiet);
    const std::string untold = stage.charge("key-1");
    stage.restart();
    const std::string told = stage.charge("key-2", {.id = "ord_2"});
    CHECK(stage.shop_hears(told, "charge.succeeded"));
    CHECK(stage.listener.heard(untold).empty());
}

TEST_CASE("a listener that could not be trusted or signed for is refused before anything starts") {
    const Folder folder;
    const std::string secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const auto with = [&](const std::string& url, const std::string& its_secret) {
        return check_config(
            service_settings(folder, "", {{"TOLLGATE_NOTIFY_URL", url}, {"TOLLGATE_NOTIFY_SECRET", its_secret}}));
    };
    for (const std::string url :
         {"http://shop.example/events", "http://10.0.0.1/events", "ftp://127.0.0.1/", "127.0.0.1:80", "https://",
          "http://127.0.0.1.example/", "https://127.0.0.1.example/", "http://localhost.example/",
          "https://me:pass@shop.example/", "https://shop.example/#a", "http://127.0.0.1:99999/", "https://shop example/"}) {
        INFO(url);
        const auto [code, said] = with(url, secret);
        INFO(said);
        CHECK(code == 2);
        CHECK(said.find("TOLLGATE_NOTIFY_URL") != said.npos);
        CHECK(said.find(secret) == said.npos);
    }
    for (const std::string bad : {"", "whsec_", "whsec_!!!", "short"}) {
        INFO(bad);
        const auto [code, said] = with("https://shop.example/events", bad);
        INFO(said);
        CHECK(code == 2);
        CHECK((said.find("TOLLGATE_NOTIFY_SECRET") != said.npos || said.find("notify.secret") != said.npos));
    }
    for (const std::string url :
         {"https://shop.example/events", "http://127.0.0.1:8099/", "http://localhost:8099/a?b=c", "http://[::1]:8099/"}) {
        INFO(url);
        const auto [code, said] = with(url, secret);
        INFO(said);
        CHECK(code == 0);
        CHECK(said.find(secret.substr(6)) == said.npos);
    }
}

TEST_CASE("a name that leads to this machine is not connected to, and the charge is none the worse") {
    EventStage stage(false);
    // A number that resolvers read as 127.0.0.1.
    stage.settings["TOLLGATE_NOTIFY_URL"] =
        "https://2130706433:" + std::to_string(stage.listener.port()) + "/shop?token=hidden";
    stage.start();
    const std::string id = stage.charge("key-1");
    CHECK(stage.becomes(id, "succeeded"));
    CHECK(eventually([&] { return stage.newest().said().find("loopback") != std::string::npos; }));
    CHECK(stage.listener.heard().empty());
    CHECK(stage.newest().said().find("token=hidden") == std::string::npos);
}
