// What a charge remembers of itself, for people who look at it at three in the morning.
#include "shop.hpp"
#include "some_rules.hpp"

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
    CHECK(told(charge) == std::vector<std::string>{"reserve done", "payment.authorize ", "payment.capture ", "ship done",
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
    CHECK(lines[3] == "payment.capture ");
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

TEST_CASE("calls and look-ups that take turns in an outage are two moments, and what somebody did in between begins anew") {
    Charge charge = unremembering();
    const auto outage = [&] {
        for (int i = 0; i < 100; ++i) {
            remember(charge, {.at = WallTime(1s * i), .what = "capture", .outcome = "gateway_timeout: no answer"});
            remember(charge, {.at = WallTime(1s * i), .what = "look up capture", .outcome = "gateway_timeout: no answer"});
        }
    };
    outage();
    CHECK(told(charge) == std::vector<std::string>{"capture gateway_timeout: no answer x100",
                                                   "look up capture gateway_timeout: no answer x100"});
    remember(charge, {.at = {}, .who = "nora", .what = "saga.retry", .outcome = {}});
    outage();
    CHECK(charge.history.size() == 5);
}

TEST_CASE("of very many moments calls of the middle are left out, and how many they were is told") {
    Charge charge = unremembering();
    for (int i = 0; i < 500; ++i) {
        const WallTime at(1s * i);
        remember(charge, {.at = at, .what = "refund", .outcome = "gateway_error: " + std::to_string(i)});
        if (i % 100 == 50) remember(charge, {.at = at, .who = "nora", .what = "saga.retry", .outcome = {}});
        if (i % 100 == 60) remember(charge, {.at = at, .what = "payment.refund", .outcome = {}});
    }
    const auto& all = charge.history;
    CHECK(all.size() == history_max + 5);
    CHECK(all.front().outcome == "gateway_error: 0");
    CHECK(all[history_max / 2 - 1].outcome == "gateway_error: 29");
    CHECK(all.back().outcome == "gateway_error: 499");
    CHECK(std::ranges::count(all, "saga.retry", &Moment::what) == 5);
    CHECK(std::ranges::count(all, "payment.refund", &Moment::what) == 5);
    int times = 0;
    for (const Moment& one : all) times += one.what == "saga.retry" || one.what == "payment.refund" ? 0 : one.times;
    CHECK(times == 500);
    const auto gap = std::ranges::find(all, left_out_moment, &Moment::what);
    REQUIRE(gap != all.end());
    CHECK(gap->at == WallTime(30s));
}

TEST_CASE("however much people do to a charge, its memory has a bound") {
    Charge charge = unremembering();
    for (int i = 0; i < 1000; ++i) remember(charge, {.at = {}, .who = "ops", .what = "saga.retry", .outcome = {}});
    CHECK(charge.history.size() == history_max);
    CHECK(std::ranges::find(charge.history, left_out_moment, &Moment::what)->times == 1000 - history_max + 1);
}

TEST_CASE("a payment that a rule blocks was authorized before it, and a customer who must authenticate is no authorization") {
    Shop shop;
    shop.world.scripts[Step::authorize].performs = {wants_customer()};
    ChargeSaga saga = shop.begin_saga();
    REQUIRE(shop.run(saga) == End::parked);
    const std::vector<std::string> lines = told(shop.charge());
    REQUIRE(lines.size() == 3);
    CHECK(lines[1] == "authorize the customer must authenticate");
    CHECK(lines[2] == "charge.status requires_action");

    Shop blocked;
    blocked.screen = one_rule(fraud::Verdict::block, fraud::Phase::after);
    REQUIRE(blocked.post());
    CHECK(told(blocked.charge()) == std::vector<std::string>{"reserve done", "payment.authorize ", "fraud block: strict",
                                                             "payment.void ", "release done", "charge.status blocked"});
}

TEST_CASE("a moment holds neither card data nor more than an audit record does") {
    Charge charge = unremembering();
    remember(charge, {.at = {}, .who = "tollgate", .what = "capture", .outcome = "card 4111 1111 1111 1111 was refused"});
    CHECK(charge.history[0].outcome == "card ************1111 was refused");
    remember(charge, {.at = {}, .who = "tollgate", .what = "capture", .outcome = std::string(10'000, 'x')});
    CHECK(charge.history[1].outcome.size() == 256);
}

namespace {

/// Cannot be shipped nor given back, until it is mended.
struct Stuck : Shop {
    Stuck() {
        world.scripts[Step::ship].performs = {refuses(Code::cannot_ship)};
        world.scripts[Step::refund].always = not_reached();
        policy.settle.compensation_retries = 0;
        policy.settle.compensation_delay = 60s;
    }
};

}  // namespace

TEST_CASE("who retried a charge that needed attention, that somebody was called and what came of both are remembered") {
    Stuck shop;
    Checkout out = shop.checkout();
    REQUIRE(shop.post());
    REQUIRE(shop.status() == "needs_attention");
    const std::vector<std::string> before = told(shop.charge());
    CHECK(std::ranges::find(before, "page failed_compensation") != before.end());
    CHECK(std::ranges::find(before, "charge.status needs_attention") != before.end());

    shop.world.scripts[Step::refund].always.reset();
    const WallTime now = shop.time.wall();
    const Taken taken =
        shop.time.run(shop.store.take(shop.id(), now, now + shop.policy.settle.lease, Reach::unfinished)).value();
    REQUIRE(taken.kind == Taken::Kind::taken);
    CHECK(shop.time.run(out.retry(taken.row, 5s, {.who = "nora", .origin = "10.0.0.9", .request_id = "r1"})));

    const Charge charge = shop.charge();
    const auto retried = std::ranges::find(charge.history, "saga.retry", &Moment::what);
    REQUIRE(retried != charge.history.end());
    CHECK(retried->who == "nora");
    CHECK(told(charge).back() == "charge.status reversed");
}

TEST_CASE("what a client asked of a charge later is remembered with its words, and with what the gateway told of it unasked") {
    Shop shop;
    REQUIRE(shop.post());
    Checkout out = shop.checkout();
    const auto refunded = shop.time.run(out.operate({.tenant = "default",
                                                     .charge_id = shop.id(),
                                                     .idempotency_key = "r1",
                                                     .request = {OperationKind::refund, 500, "too late"},
                                                     .fingerprint = "f",
                                                     .request_id = "req-2",
                                                     .origin = {}}));
    REQUIRE(refunded);
    GatewayNews dispute{.kind = GatewayNews::Kind::disputed, .reference = shop.id()};
    dispute.dispute_id = "dp_1";
    dispute.amount = shop.request.amount;
    REQUIRE(shop.time.run(out.hear(dispute)));

    const Charge charge = shop.charge();
    const std::vector<std::string> lines = told(charge);
    REQUIRE(lines.size() == 9);
    CHECK(lines[5] == "asked.refund 5.00 USD: too late");
    CHECK(charge.history[5].who == "default");
    CHECK(lines[6] == "payment.refund ");
    CHECK(lines[7] == "news disputed 49.99 USD");
    CHECK(charge.history[7].who == "gateway");
    CHECK(lines[8] == "payment.dispute ");
}

namespace {

struct Settlements final : DurationMeter {
    void observe(std::string_view name, std::chrono::duration<double>, std::string_view outcome) override {
        heard.push_back(std::string(name) + " " + std::string(outcome));
    }
    std::vector<std::string> heard;
};

}  // namespace

TEST_CASE("a status that a charge comes to is counted once, however often its answer is asked for") {
    Shop shop;
    Settlements settlements;
    SagaContext context = shop.context();
    context.meter = &settlements;
    const auto post = [&] { return shop.time.run(shop.post_task(Checkout(context, shop.charge_timeout))); };
    REQUIRE(post());
    const auto again = post();
    REQUIRE(again);
    CHECK(again->replayed);
    CHECK(settlements.heard == std::vector<std::string>{"charge_settled succeeded"});
}
