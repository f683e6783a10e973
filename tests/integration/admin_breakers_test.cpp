// GET /admin/breakers: which dependencies are left alone just now, and for how long.
#include <catch2/catch.hpp>

#include "integration/shop.hpp"

using namespace tollgate::test;

namespace {

std::map<std::string, json::object> breakers(unsigned short port) {
    std::map<std::string, json::object> all;
    const Reply reply = must(request(port, {.path = "/admin/breakers"}));
    INFO(reply.body);
    REQUIRE(reply.status == 200);
    for (const json::value& one : body_of(reply).at("data").as_array())
        all.emplace(one.at("name").as_string(), one.as_object());
    return all;
}

}  // namespace

TEST_CASE("a breaker that opens is told with the seconds until it may be tried again, and the others stay closed") {
    const Shop shop(quick({{"TOLLGATE_BREAKER_FAILURE_THRESHOLD", "1"}, {"TOLLGATE_BREAKER_RECOVERY_TIMEOUT", "600s"}}));
    for (const auto& [name, one] : breakers(shop.port())) {
        INFO(name);
        CHECK(one.at("state") == "closed");
        CHECK_FALSE(one.contains("retry_after"));
    }
    shop.sandbox->kill_hard();
    (void)shop.charge("key-1");
    const auto after = breakers(shop.port());
    const json::object& reserve = after.at("inventory.reserve");
    CHECK(reserve.at("state") == "open");
    CHECK(reserve.at("retry_after").as_int64() > 500);
    CHECK(reserve.at("retry_after").as_int64() <= 600);
    CHECK(after.at("gateway.authorize").at("state") == "closed");
    CHECK(after.size() == breakers(shop.port()).size());
}
