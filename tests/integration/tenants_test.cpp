// API keys: who may do what, and that tenants do not see each other.
#include <catch2/catch.hpp>
#include <fstream>
#include <set>

#include "integration/shop.hpp"

using namespace tollgate::test;

namespace {

const std::string anna = "key-of-anna-0123456789";
const std::string bert = "key-of-bert-0123456789";
const std::string watcher = "key-of-watcher-0123456789";

/// A service for two shops and a metrics collector.
struct Market {
    Folder folder;
    std::unique_ptr<Program> sandbox = start_sandbox();
    std::unique_ptr<Program> service;

    Market() {
        const std::string config = folder.path() + "/tollgate.toml";
        std::ofstream(config) << "[auth]\nkeys = [\n"
                              << "{id = \"anna\", hash = \"" << hash_of(anna) << "\", scopes = [\"charge\"]},\n"
                              << "{id = \"bert\", hash = \"" << hash_of(bert) << "\", scopes = [\"charge\"]},\n"
                              << "{id = \"watcher\", hash = \"" << hash_of(watcher) << "\", scopes = [\"metrics\"]}]\n";
        service = std::make_unique<Program>(Program::Options{.arguments = {"serve", "--config", config},
                                                             .variables = service_settings(folder, sandbox->url())});
        INFO(service->said());
        REQUIRE(service->listening());
    }
    [[nodiscard]] Reply ask(Call call, const std::string& authorization) const {
        if (!authorization.empty()) call.headers["Authorization"] = authorization;
        return must(request(service->port(), call));
    }
    [[nodiscard]] Reply charge(const std::string& key, const Order& order, const std::string& who) const {
        return ask({.method = "POST", .path = "/charge", .body = charge_body(order), .key = key}, "Bearer " + who);
    }
};

}  // namespace

TEST_CASE("without a known API key there is 401 and nothing is charged") {
    const Market market;
    const Call charge{.method = "POST", .path = "/charge", .body = charge_body({}), .key = "key-1"};
    for (const std::string& authorization : {std::string(), std::string("Bearer"), "Bearer " + anna + "x",
                                             "Bearer " + anna.substr(1), "Basic " + anna, anna, "Bearer " + hash_of(anna)}) {
        INFO(authorization);
        const Reply reply = market.ask(charge, authorization);
        check_problem(reply, 401, "unauthenticated");
        CHECK(reply.header("www-authenticate").starts_with("Bearer"));
    }
    check_problem(market.ask({.path = "/charge"}, ""), 401, "unauthenticated");
    check_problem(market.ask({.path = "/metrics"}, ""), 401, "unauthenticated");
    CHECK(market.ask({.path = "/health"}, "").status == 200);
    CHECK(market.ask({.path = "/health/live"}, "").status == 200);
    CHECK(effects(market.sandbox->port(), "ord_1").empty());

    CHECK(market.ask(charge, "bearer " + anna).status == 201);  // the scheme's case does not matter
    CHECK(market.service->stop() == 0);
    CHECK(market.service->said().find(anna) == std::string::npos);
}

TEST_CASE("a key without the scope of a route is 403 there") {
    const Market market;
    const Call charge{.method = "POST", .path = "/charge", .body = charge_body({}), .key = "key-1"};
    check_problem(market.ask(charge, "Bearer " + watcher), 403, "forbidden");
    check_problem(market.ask({.path = "/charge"}, "Bearer " + watcher), 403, "forbidden");
    check_problem(market.ask({.path = "/metrics"}, "Bearer " + anna), 403, "forbidden");
    CHECK(market.ask({.path = "/metrics"}, "Bearer " + watcher).status == 200);
    CHECK(effects(market.sandbox->port(), "ord_1").empty());
}

TEST_CASE("the same key of two tenants is two charges, and neither sees the other's") {
    const Market market;
    const Reply annas = market.charge("key-1", {}, anna);
    const Reply berts = market.charge("key-1", {}, bert);  // the same order too: no duplicate of another tenant's
    REQUIRE(annas.status == 201);
    REQUIRE(berts.status == 201);
    CHECK(annas.text("id") != berts.text("id"));
    CHECK_FALSE(berts.headers.contains("idempotent-replayed"));
    CHECK(effects(market.sandbox->port(), "ord_1") == "reserve authorize capture ship reserve authorize capture ship");
    CHECK(market.charge("key-1", {}, anna).body == annas.body);
    CHECK(market.charge("key-1", {.amount = 1}, bert).text("code") == "idempotency_key_reused");

    CHECK(market.ask({.path = "/charge/" + annas.text("id")}, "Bearer " + anna).status == 200);
    const Reply foreign = market.ask({.path = "/charge/" + annas.text("id")}, "Bearer " + bert);
    check_problem(foreign, 404, "not_found");
    const Reply unknown = market.ask({.path = "/charge/ch_0"}, "Bearer " + bert);
    CHECK(foreign.text("detail") == unknown.text("detail"));  // it does not tell that there is one

    const json::object page = body_of(market.ask({.path = "/charge"}, "Bearer " + bert));
    REQUIRE(page.at("data").as_array().size() == 1);
    CHECK(page.at("data").at(0).at("id").as_string() == berts.text("id"));
}

TEST_CASE("without API keys the service listens on nothing but loopback") {
    const Folder folder;
    for (const std::string address : {"0.0.0.0:0", "[::]:0"}) {
        INFO(address);
        auto settings = service_settings(folder, "", {{"TOLLGATE_SERVER_LISTEN", address}});
        Program service({.arguments = {"serve"}, .variables = settings});
        CHECK(service.wait() == 2);
        CHECK(count_of(service.said(), "\n") == 1);  // one plain sentence
        CHECK(service.said().find("auth.keys") != std::string::npos);
        CHECK(service.said().find("listening") == std::string::npos);
    }
}

TEST_CASE("nobody can ask anything of another tenant's charge, or learn that it is there") {
    const Market market;
    const Reply hers = market.charge("key-1", {.more = R"(,"capture":"manual")"}, anna);
    REQUIRE(hers.status == 201);
    const std::string id = hers.text("id");
    const auto ask = [&](const std::string& charge_id, const std::string& kind, const std::string& authorization) {
        return market.ask({.method = "POST", .path = "/charge/" + charge_id + "/" + kind, .key = "key-2"}, authorization);
    };
    std::string nobodys = id;
    nobodys.back() = nobodys.back() == 'a' ? 'b' : 'a';
    for (const std::string kind : {"capture", "void", "refund", "confirm"}) {
        INFO(kind);
        const Reply his = ask(id, kind, "Bearer " + bert);
        check_problem(his, 404, "not_found");
        CHECK(his.text("charge_id").empty());
        CHECK(his.text("detail") == ask(nobodys, kind, "Bearer " + bert).text("detail"));
        check_problem(ask(id, kind, "Bearer " + watcher), 403, "forbidden");
        check_problem(ask(id, kind, ""), 401, "unauthenticated");
    }
    CHECK(effects(market.sandbox->port(), "ord_1") == "reserve authorize");
    CHECK(ask(id, "capture", "Bearer " + anna).status == 200);  // and his use of the key was not kept for hers
}
