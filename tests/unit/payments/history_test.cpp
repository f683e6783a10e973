// What a charge remembers of itself, for people who look at it at three in the morning.
#include "shop.hpp"

using namespace tollgate;
using namespace tollgate::test;
using End = ChargeSaga::End;

namespace {

/// As "what outcome", with "xN" where it happened N times in a row.
std::vector<std::string> told(const Charge& charge) {
    std::vector<std::string> lines;
    for (const Moment& one : charge.history) {
        lines.push_back(one.what + " " + one.outcome + (one.times > 1 ? " x" + std::to_string(one.times) : ""));
    }
    return lines;
}

Charge unremembering() {
    return Charge({.order_id = "ord_1",
                   .amount = {4999, *Currency::from_code("USD")},
                   .payment_method = "tok_visa",
                   .customer = {"cus_1", "ann@example.com", "US"},
                   .items = {{"SKU-1", 1}},
                   .metadata = {}});
}

}  // namespace

TEST_CASE("a charge remembers each step, the money that moved and its status, in their order") {
    Shop shop;
    ChargeSaga saga = shop.begin_saga();
    REQUIRE(shop.run(saga) == End::finished);
    const Charge charge = shop.charge();
    CHECK(told(charge) == std::vector<std::string>{"reserve done", "payment.authorize 49.99 USD " + charge.authorization->id,
                                                   "payment.capture 49.99 USD " + charge.capture_id, "ship done",
                                                   "charge.status succeeded"});
    for (const Moment& one : charge.history) CHECK(one.at >= charge.created_at);
}

TEST_CASE("why a step took so long, and what looking it up came to, is remembered as well") {
    Shop shop;
    shop.world.scripts[Step::capture].performs = {loses_reply()};
    ChargeSaga saga = shop.begin_saga();
    REQUIRE(shop.run(saga) == End::finished);
    const std::vector<std::string> lines = told(shop.charge());
    REQUIRE(lines.size() == 6);
    CHECK(lines[2].starts_with("capture "));
    CHECK(lines[3].starts_with("payment.capture 49.99 USD"));
}

TEST_CASE("a failure that repeats itself is one moment, with its first and its last time") {
    Charge charge = unremembering();
    const WallTime noon{std::chrono::sys_days(std::chrono::November / 22 / 2026) + 12h};
    for (int i = 0; i < 1000; ++i)
        remember(charge, {.at = noon + i * 1s, .who = "tollgate", .what = "refund", .outcome = "gateway_error: away"});
    REQUIRE(charge.history.size() == 1);
    CHECK(charge.history[0].times == 1000);
    CHECK(charge.history[0].at == noon);
    CHECK(charge.history[0].until == noon + 999s);
}

TEST_CASE("of very many moments the first and the last are kept") {
    Charge charge = unremembering();
    for (int i = 0; i < 1000; ++i) remember(charge, {.at = {}, .who = "ops", .what = std::to_string(i), .outcome = "done"});
    REQUIRE(charge.history.size() == history_max);
    CHECK(charge.history.front().what == "0");
    CHECK(charge.history[history_max / 2 - 1].what == "29");
    CHECK(charge.history.back().what == "999");
    CHECK(charge.history[history_max / 2].what == "970");
}

TEST_CASE("a moment holds neither card data nor more than an audit record does") {
    Charge charge = unremembering();
    remember(charge, {.at = {}, .who = "tollgate", .what = "capture", .outcome = "card 4111 1111 1111 1111 was refused"});
    CHECK(charge.history[0].outcome == "card ************1111 was refused");
    remember(charge, {.at = {}, .who = "tollgate", .what = "capture", .outcome = std::string(10'000, 'x')});
    CHECK(charge.history[1].outcome.size() == 256);
}
