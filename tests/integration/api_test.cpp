// The rest of the API through the running program: reading charges, duplicates, health, limits, and how it refuses.
#include <catch2/catch.hpp>
#include <set>

#include "integration/shop.hpp"

using namespace tollgate::test;

namespace {

std::string id_of(const json::value& charge) {
    return std::string(charge.at("id").as_string());
}

std::vector<std::string> ids_in(const Reply& page) {
    std::vector<std::string> ids;
    const json::object body = body_of(page);
    for (const json::value& charge : body.at("data").as_array()) ids.push_back(id_of(charge));
    return ids;
}

/// Every charge there is, page by page.
std::vector<std::string> leaf_through(const Shop& shop, const std::string& query) {
    std::vector<std::string> all;
    std::string cursor;
    do {
        const Reply page = shop.get("/charge?" + query + (cursor.empty() ? "" : "&cursor=" + cursor));
        REQUIRE(page.status == 200);
        const auto ids = ids_in(page);
        CHECK_FALSE(ids.empty());
        all.insert(all.end(), ids.begin(), ids.end());
        const json::value next = body_of(page).at("next_cursor");
        cursor = next.is_null() ? "" : std::string(next.as_string());
        REQUIRE(all.size() < 100);
    } while (!cursor.empty());
    return all;
}

}  // namespace

TEST_CASE("a charge can be read by its id, as it was answered") {
    const Shop shop;
    const Reply answer = must(shop.charge("key-1", {.more = R"(,"metadata":{"cart":"c_9"})"}));
    const Reply stands = shop.get("/charge/" + answer.text("id"));
    CHECK(stands.status == 200);
    CHECK(stands.header("content-type") == "application/json");
    CHECK(body_of(stands) == body_of(answer));
    check_problem(shop.get("/charge/ch_0"), 404, "not_found");
    check_problem(shop.get("/charge/" + answer.text("id") + "0"), 404, "not_found");
}

TEST_CASE("charges are listed newest first, in pages that neither repeat nor miss one") {
    const Shop shop;
    std::vector<std::string> newest_first;
    for (int number = 1; number <= 5; ++number) {
        const Reply reply = must(shop.charge("key-" + std::to_string(number), {.id = "ord_" + std::to_string(number)}));
        newest_first.insert(newest_first.begin(), reply.text("id"));
    }
    CHECK(leaf_through(shop, "") == newest_first);
    CHECK(leaf_through(shop, "limit=1") == newest_first);
    CHECK(leaf_through(shop, "limit=2") == newest_first);
    CHECK(leaf_through(shop, "limit=5") == newest_first);
    CHECK(leaf_through(shop, "limit=100") == newest_first);

    const Reply first = shop.get("/charge?limit=2");
    REQUIRE(must(shop.charge("key-6", {.id = "ord_6"})).status == 201);  // between two pages
    const Reply second = shop.get("/charge?limit=2&cursor=" + first.text("next_cursor"));
    CHECK(ids_in(second) == std::vector(newest_first.begin() + 2, newest_first.begin() + 4));
}

TEST_CASE("charges are listed by order and by status") {
    const Shop shop;
    const Reply good = must(shop.charge("key-1", {.id = "ord_1"}));
    const Reply declined = must(shop.charge("key-2", {.id = "ord_1", .token = "tok_declined", .amount = 1}));
    const Reply other = must(shop.charge("key-3", {.id = "ord_2"}));
    CHECK(ids_in(shop.get("/charge?order_id=ord_1")) == std::vector{declined.text("charge_id"), good.text("id")});
    CHECK(ids_in(shop.get("/charge?status=succeeded")) == std::vector{other.text("id"), good.text("id")});
    CHECK(ids_in(shop.get("/charge?status=declined")) == std::vector{declined.text("charge_id")});
    CHECK(ids_in(shop.get("/charge?status=succeeded&order_id=ord_2")) == std::vector{other.text("id")});
    CHECK(ids_in(shop.get("/charge?order_id=nobody")).empty());
    CHECK(body_of(shop.get("/charge?order_id=nobody")).at("next_cursor").is_null());
}

TEST_CASE("a page asked for in a way that makes no sense is refused") {
    const Shop shop;
    REQUIRE(must(shop.charge("key-1")).status == 201);
    for (const std::string query :
         {"limit=0", "limit=-1", "limit=101", "limit=ten", "limit=1.5", "limit=99999999999999999999", "status=paid",
          "status=Succeeded", "cursor=x", "cursor=-1", "cursor=99999999999999999999"}) {
        INFO(query);
        check_problem(shop.get("/charge?" + query), 400, "bad_request");
    }
}

TEST_CASE("a second charge of a living order is refused, naming the first, unless it is meant") {
    const Shop shop;
    const Reply first = must(shop.charge("key-1"));
    REQUIRE(first.status == 201);
    const Reply refused = must(shop.charge("key-2"));
    check_problem(refused, 409, "probable_duplicate");
    CHECK(refused.text("retriable") == "false");
    CHECK(refused.text("charge_id") == first.text("id"));
    check_problem(must(shop.charge("key-2")), 409, "probable_duplicate");

    // The refusal was not kept: the same key may say that it is meant, or charge another sum.
    CHECK(must(shop.charge("key-2", {.more = R"(,"allow_duplicate":true)"})).status == 201);
    CHECK(must(shop.charge("key-3", {.amount = 5000})).status == 201);
    CHECK(must(shop.charge("key-1")).body == first.body);
    CHECK(shop.effects() == "reserve authorize capture ship reserve authorize capture ship reserve authorize capture ship");
}

TEST_CASE("an order whose charge failed may be charged again, and so may any when the window is off") {
    const Shop shop;
    CHECK(must(shop.charge("key-1", {.token = "tok_declined"})).status == 402);
    CHECK(must(shop.charge("key-2", {.sku = "SKU-UNSHIPPABLE"})).status == 409);
    CHECK(must(shop.charge("key-3")).status == 201);
    const Shop without({{"TOLLGATE_DUPLICATES_WINDOW", "0s"}});
    CHECK(must(without.charge("key-1")).status == 201);
    CHECK(must(without.charge("key-2")).status == 201);
}

TEST_CASE("a charge that waits for its customer counts as living") {
    const Shop shop;
    const Reply waiting = must(shop.charge("key-1", {.token = "tok_authentication_required"}));
    REQUIRE(waiting.status == 202);
    const Reply refused = must(shop.charge("key-2"));
    check_problem(refused, 409, "probable_duplicate");
    CHECK(refused.text("charge_id") == waiting.text("id"));
}

TEST_CASE("a customer who charges too often is 429 and told when to come back, and replays and others pass") {
    const Shop shop(
        {{"TOLLGATE_RATE_LIMIT_REQUESTS", "2"}, {"TOLLGATE_RATE_LIMIT_PER", "10m"}, {"TOLLGATE_RATE_LIMIT_BURST", "2"}});
    const Reply first = must(shop.charge("key-1", {.id = "ord_1"}));
    CHECK(must(shop.charge("key-2", {.id = "ord_2"})).status == 201);
    const Reply limited = must(shop.charge("key-3", {.id = "ord_3"}));
    check_problem(limited, 429, "rate_limited");
    CHECK(limited.text("retriable") == "true");
    const std::string wait = limited.header("retry-after");
    CHECK(std::stoi(wait) >= 1);
    CHECK(std::stoi(wait) <= 300);  // two in ten minutes: five for one
    CHECK(limited.header("ratelimit-policy") == R"("customer";q=2;w=600)");
    CHECK(limited.header("ratelimit") == R"("customer";r=0;t=)" + wait);

    CHECK(must(shop.charge("key-1", {.id = "ord_1"})).body == first.body);
    CHECK(must(shop.charge("key-4", {.id = "ord_4", .customer = "cus_2"})).status == 201);
    check_problem(must(shop.charge("key-3", {.id = "ord_3"})), 429, "rate_limited");
    CHECK(shop.effects("ord_3").empty());
}

TEST_CASE("a key that was refused as too often charges when its time has come") {
    const Shop shop(
        {{"TOLLGATE_RATE_LIMIT_REQUESTS", "1"}, {"TOLLGATE_RATE_LIMIT_PER", "3s"}, {"TOLLGATE_RATE_LIMIT_BURST", "1"}});
    CHECK(must(shop.charge("key-1", {.id = "ord_1"})).status == 201);
    CHECK(shop.settled("key-2", {.id = "ord_2"}).status == 201);
    CHECK(shop.effects("ord_2") == "reserve authorize capture ship");
}

TEST_CASE("above max_in_flight a new charge is 503 and charges nothing, and health is still answered") {
    const Folder folder;
    const auto sandbox = start_sandbox();
    HeldGate gate(sandbox->port(), "/v1/authorize");
    const auto service = start_service(service_settings(folder, gate.url(), {{"TOLLGATE_SERVER_MAX_IN_FLIGHT", "1"}}));
    auto first = charge_async(service->port(), "key-1");
    REQUIRE(gate.wait_for(1));
    const Reply shed = must(charge(service->port(), "key-2", {.id = "ord_2"}));
    check_problem(shed, 503, "overloaded");
    CHECK(shed.text("retriable") == "true");
    CHECK(std::stoi(shed.header("retry-after")) >= 1);
    CHECK(must(request(service->port(), {.path = "/health/ready"})).status == 200);
    CHECK(must(request(service->port(), {.path = "/charge"})).status == 200);
    gate.release();
    CHECK(must(first.get()).status == 201);
    CHECK(settled_charge(service->port(), "key-2", {.id = "ord_2"}).status == 201);
    CHECK(effects(sandbox->port(), "ord_2") == "reserve authorize capture ship");
}

TEST_CASE("health tells of every part as application/health+json") {
    const Shop shop;
    for (const std::string path : {"/health", "/health/ready"}) {
        const Reply reply = shop.get(path);
        CHECK(reply.status == 200);
        CHECK(reply.header("content-type") == "application/health+json");
        const json::object body = body_of(reply);
        CHECK(body.at("status") == "pass");
        for (const char* part : {"store", "gateway", "inventory", "shipping", "queue"}) {
            INFO(part);
            CHECK(body.at("checks").at(part).at(0).at("status") == "pass");
        }
    }
    const Reply live = shop.get("/health/live");
    CHECK(live.status == 200);
    CHECK(live.header("content-type") == "application/health+json");
    CHECK(live.text("status") == "pass");
}

TEST_CASE("metrics are in Prometheus' text format and count charges") {
    const Shop shop;
    REQUIRE(must(shop.charge("key-1")).status == 201);
    const Reply reply = shop.get("/metrics");
    CHECK(reply.status == 200);
    CHECK(reply.header("content-type").starts_with("text/plain"));
    CHECK(reply.body.find("# TYPE ") != std::string::npos);
    CHECK(reply.body.find("charge") != std::string::npos);
}

TEST_CASE("requests the API does not have are refused by name, each with an id and a date") {
    const Shop shop;
    struct Sample {
        Call call;
        int status;
        std::string code;
    };
    const std::string body = charge_body({});
    const std::vector<Sample> samples{
        {{.path = "/nothing"}, 404, "not_found"},
        {{.path = "/charge/a/b"}, 404, "not_found"},
        {{.method = "PUT", .path = "/charge", .body = "{}"}, 405, "method_not_allowed"},
        {{.method = "DELETE", .path = "/charge/ch_1"}, 405, "method_not_allowed"},
        {{.method = "POST", .path = "/health", .body = "{}"}, 405, "method_not_allowed"},
        {{.method = "BREW", .path = "/charge"}, 501, "not_implemented"},
        {{.path = "/charge?order_id=" + std::string(20'000, 'x')}, 414, "uri_too_long"},
        {{.path = "/charge", .headers = {{"X-Big", std::string(70'000, 'x')}}}, 431, "headers_too_large"},
        {{.method = "POST", .path = "/charge", .body = std::string(262'145, ' '), .key = "key-1"}, 413, "body_too_large"},
    };
    for (const Sample& sample : samples) {
        INFO(sample.call.method << " " << sample.call.path.substr(0, 40));
        const Reply reply = must(request(shop.port(), sample.call));
        CHECK(reply.status == sample.status);
        CHECK(reply.text("code") == sample.code);
        CHECK(reply.header("content-type") == "application/problem+json");
        CHECK_FALSE(reply.header("x-request-id").empty());
        CHECK_FALSE(reply.header("date").empty());
        CHECK(reply.headers.contains("allow") == (sample.status == 405));
    }
    CHECK(must(request(shop.port(), {.method = "POST", .path = "/charge", .body = body, .key = "key-1"})).status == 201);
}

TEST_CASE("a client's request id comes back, with answers and with refusals") {
    const Shop shop;
    Call call{.method = "POST", .path = "/charge", .body = charge_body({}), .key = "key-1"};
    call.headers["X-Request-Id"] = "client-id_1!";
    CHECK(must(request(shop.port(), call)).header("x-request-id") == "client-id_1!");
    CHECK(must(request(shop.port(), call)).header("x-request-id") == "client-id_1!");
    call.body = "{";
    const Reply refused = must(request(shop.port(), call));
    CHECK(refused.header("x-request-id") == "client-id_1!");
    CHECK(refused.text("request_id") == "client-id_1!");
    call.headers["X-Request-Id"] = std::string(129, 'x');
    CHECK(must(request(shop.port(), call)).header("x-request-id") != std::string(129, 'x'));
}
