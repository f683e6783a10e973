#include <thread>

#include "gateways/support.hpp"

using namespace tollgate;
using namespace tollgate::test;
using sandbox::World;

namespace {

constexpr WallTime noon = std::chrono::sys_days(std::chrono::year(2026) / 11 / 22) + std::chrono::hours(12);

std::string authorize_body(const std::string& reference, const std::string& amount = "4999") {
    return R"({"reference":")" + reference + R"(","order_id":"ord_1","amount":)" + amount +
           R"(,"currency":"USD","payment_method":"tok_visa"})";
}

boost::json::value get(World& world, const std::string& target) {
    const auto reaction = world.handle("GET", target, "", "", noon);
    REQUIRE(reaction.status == 200);
    return boost::json::parse(reaction.body);
}

}  // namespace

TEST_CASE("what is no valid call gets a definite no that names the reason") {
    World world;
    const auto status = [&](std::string_view method, std::string_view target, std::string_view key, std::string_view body) {
        return world.handle(method, target, key, body, noon).status;
    };
    CHECK(status("POST", "/v1/authorize", "", authorize_body("ch_1")) == 400);
    CHECK(status("POST", "/v1/authorize", "k-1", "{") == 400);
    CHECK(status("POST", "/v1/authorize", "k-2", "[]") == 400);
    const std::string amount = GENERATE("0", "-1", "1.5", "1e2", "\"5\"", "null", "1000000000000", "9223372036854775808");
    CHECK(status("POST", "/v1/authorize", "k-3", authorize_body("ch_1", amount)) == 422);
    CHECK(status("POST", "/v1/nothing", "k-4", "{}") == 404);
    CHECK(status("POST", "/v1/reservations", "k-5", R"({"reference":"ch_1","items":[]})") == 422);
    CHECK(status("DELETE", "/v1/authorize", "k-6", "") == 405);
    CHECK(status("GET", "/v1/transactions", "", "") == 400);
    CHECK(status("GET", "/v1/transactions?date=2026-02-30", "", "") == 400);
    CHECK(get(world, "/sandbox/ledger").as_array().empty());
}

TEST_CASE("transactions of a day come in pages, each once, refused ones as failed") {
    World world;
    for (int i = 0; i < 2500; ++i)
        world.handle("POST", "/v1/authorize", "k-" + std::to_string(i), authorize_body("ch_" + std::to_string(i)), noon);
    world.handle("POST", "/v1/authorize", "k-next-day", authorize_body("ch_x"), noon + 24h);
    world.handle("POST", "/v1/authorize", "k-no",
                 R"({"reference":"ch_no","amount":1,"currency":"JPY","payment_method":"tok_declined"})", noon);
    std::vector<std::string> seen;
    std::string cursor;
    std::string last_status;
    do {
        const auto page = get(world, "/v1/transactions?date=2026-11-22&cursor=" + cursor);
        CHECK(page.at("data").as_array().size() <= 1000);
        for (const auto& one : page.at("data").as_array()) {
            seen.emplace_back(one.at("reference").as_string());
            last_status = std::string(one.at("status").as_string());
        }
        cursor = page.at("next_cursor").is_null() ? "" : std::string(page.at("next_cursor").as_string());
    } while (!cursor.empty());
    REQUIRE(seen.size() == 2501);
    CHECK(seen.front() == "ch_0");
    CHECK(seen.back() == "ch_no");
    CHECK(last_status == "failed");
}

TEST_CASE("reset forgets everything, and the ledger can be asked for one order") {
    World world;
    world.handle("POST", "/v1/authorize", "k-1", authorize_body("ch_1"), noon);
    CHECK(get(world, "/sandbox/ledger?order_id=ord_1").as_array().size() == 1);
    CHECK(get(world, "/sandbox/ledger?order_id=ord_2").as_array().empty());
    CHECK(world.handle("POST", "/sandbox/reset", "", "", noon).status == 200);
    CHECK(get(world, "/sandbox/ledger").as_array().empty());
    CHECK(world.handle("GET", "/v1/operations/k-1", "", "", noon).status == 404);
}

TEST_CASE("memory is bounded: the oldest calls are forgotten, the newest are known") {
    World world({.records_max = 100});
    for (int i = 0; i < 1000; ++i)
        world.handle("POST", "/v1/authorize", "k-" + std::to_string(i), authorize_body("ch_" + std::to_string(i)), noon);
    CHECK(get(world, "/sandbox/ledger").as_array().size() == 100);
    CHECK(world.handle("GET", "/v1/operations/k-0", "", "", noon).status == 404);
    CHECK(world.handle("GET", "/v1/operations/k-999", "", "", noon).status == 200);
}

TEST_CASE("a hundred identical calls from several threads make one payment") {
    World world;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 25; ++i) world.handle("POST", "/v1/authorize", "k-1", authorize_body("ch_1"), noon);
        });
    }
    for (auto& one : threads) one.join();
    CHECK(get(world, "/sandbox/ledger").as_array().size() == 1);
}
