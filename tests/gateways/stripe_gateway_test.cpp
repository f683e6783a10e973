// What is Stripe's own, beyond what every adapter is held to: StripeGateway against the stand-in of Stripe's API.
#include "gateway/stripe/stripe_gateway.hpp"

#include <set>

#include "gateways/conformance_kit.hpp"
#include "gateways/stripe_world.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

struct Rig {
    explicit Rig(StandInOptions options = {}) : world(std::move(options)) {}

    CallContext with(std::string key, Ask ask = Ask::perform) { return {std::move(key), "", time.steady() + 10s, ask}; }
    Result<AuthorizeOutcome> authorize(AuthorizeRequest request, std::string key) {
        return time.run(gateway.authorize(std::move(request), with(std::move(key))));
    }
    std::string authorized() { return authorize(payment("pm_card_visa"), "key-authorize")->authorized->id; }
    std::string captured() { return *time.run(gateway.capture({"ch_1", authorized(), money(4999)}, with("key-capture"))); }
    void sleep(std::chrono::steady_clock::duration span) {
        time.run([](const Runtime& runtime, std::chrono::steady_clock::duration how_long) -> Task<bool> {
            co_await sleep_for(runtime, how_long);
            co_return true;
        }(time.runtime(), span));
    }
    std::vector<GatewayTransaction> today() {
        const auto day = std::chrono::floor<std::chrono::days>(time.wall());
        const auto page = time.run(gateway.transactions({day, "", time.steady() + 10s}));
        REQUIRE(page.has_value());
        CHECK(page->next_cursor.empty());
        return page->data;
    }

    VirtualTime time;
    Liar liar;
    StripeWorld world;
    LyingExchange exchange{time.runtime(), liar,
                           [this](const OutboundRequest& request, WallTime now) { return world.handle(request, now); }};
    StripeGateway gateway{exchange, stripe_account()};
};

std::string summary(const GatewayTransaction& one) {
    return one.type + " " + one.reference + " " + std::to_string(one.amount) + " " + one.currency + " " + one.status;
}

}  // namespace

TEST_CASE("stripe: the books tell what customers were charged in, whatever currency the balance is kept in") {
    Rig rig({.settlement_currency = "eur"});
    const std::string charge = rig.captured();
    REQUIRE(rig.time.run(rig.gateway.refund({"ch_1", charge, money(999)}, rig.with("key-refund"))).has_value());
    rig.world.stripe().pay_out(3000, "eur", rig.time.wall());
    std::multiset<std::string> seen;
    for (const auto& one : rig.today()) seen.insert(summary(one));
    CHECK(seen == std::multiset<std::string>{"capture ch_1 4999 USD captured", "refund ch_1 999 USD refunded"});
}

TEST_CASE("stripe: a charge that its cardholder disputes stands in the books with the reference of the charge") {
    Rig rig;
    const std::string charge = rig.captured();
    rig.world.stripe().dispute(rig.world.stripe().payments("ch_1").front().charge, rig.time.wall());
    std::multiset<std::string> seen;
    for (const auto& one : rig.today()) seen.insert(summary(one));
    CHECK(seen == std::multiset<std::string>{"capture ch_1 4999 USD captured", "dispute ch_1 4999 USD disputed"});
}

TEST_CASE("stripe: an answer about another object than was asked is a mismatch, not a success") {
    for (const std::string step : {"capture", "void", "refund"}) {
        INFO(step);
        Rig rig;
        const std::string id = step == "refund" ? rig.captured() : rig.authorized();
        rig.liar.lie(step, Lie::other_id);
        const auto told = rig.time.run(step == "capture" ? rig.gateway.capture({"ch_1", id, money(4999)}, rig.with("key-1"))
                                       : step == "void"  ? rig.gateway.void_authorization({"ch_1", id}, rig.with("key-1"))
                                                         : rig.gateway.refund({"ch_1", id, money(4999)}, rig.with("key-1")));
        REQUIRE_FALSE(told.has_value());
        CHECK(told.error().execution == Execution::unknown);
    }
}

TEST_CASE("stripe: a fraud rule's challenge asks for authentication where the card can do it, and only then") {
    for (const bool challenged : {true, false}) {
        Rig rig;
        auto request = payment("pm_card_threeDSecureOptional");
        request.authenticate = challenged;
        const auto told = rig.authorize(request, "key-1");
        REQUIRE(told.has_value());
        CHECK(told->redirect_url.empty() == !challenged);
    }
}

TEST_CASE("stripe: checks and country of a card are told, and until when it can be captured") {
    Rig rig;
    const auto good = rig.authorize(payment("pm_card_de"), "key-1");
    REQUIRE(good.has_value());
    CHECK(good->authorized->avs_result == "match");
    CHECK(good->authorized->cvv_result == "match");
    CHECK(good->authorized->card_country == "DE");
    REQUIRE(good->authorized->expires_at.has_value());
    CHECK(*good->authorized->expires_at - rig.time.wall() > 7 * 24h - 1min);
    CHECK(*good->authorized->expires_at - rig.time.wall() <= 7 * 24h);
    CHECK(rig.authorize(payment("tok_cvcCheckFail"), "key-2")->authorized->cvv_result == "mismatch");
    CHECK(rig.authorize(payment("tok_avsZipFail"), "key-3")->authorized->avs_result == "mismatch");
}

TEST_CASE("stripe: an authorization that ran out is captured no more, and voiding it finds nothing held") {
    Rig rig;
    const std::string id = rig.authorized();
    rig.sleep(8 * 24h);
    CHECK(in_a_word(rig.time.run(rig.gateway.capture({"ch_1", id, money(4999)}, rig.with("key-capture")))) == "refused");
    CHECK(in_a_word(rig.time.run(rig.gateway.void_authorization({"ch_1", id}, rig.with("key-void")))) == "done");
    CHECK(rig.world.truth("ch_1") == Truth{});
}

TEST_CASE("stripe: a refund that is on its way is known by its id, and is not made twice") {
    Rig rig;
    const auto outcome = rig.authorize(payment("pm_card_pendingRefund"), "key-authorize");
    const auto charge =
        rig.time.run(rig.gateway.capture({"ch_1", outcome->authorized->id, money(4999)}, rig.with("key-capture")));
    REQUIRE(charge.has_value());
    const auto first = rig.time.run(rig.gateway.refund({"ch_1", *charge, money(999)}, rig.with("key-refund")));
    CHECK(in_a_word(first) != "refused");
    rig.world.stripe().settle_refunds(rig.time.wall());
    const auto later = rig.time.run(rig.gateway.refund({"ch_1", *charge, money(999)}, rig.with("key-refund", Ask::look_up)));
    CHECK(in_a_word(later) == "done");
    CHECK(rig.world.truth("ch_1").refunds == 1);
}

TEST_CASE("stripe: a payment method that Stripe does not know is refused, and a wrong API key moves nothing") {
    Rig rig;
    CHECK(in_a_word(rig.authorize(payment("pm_unknown"), "key-1")) == "refused");
    CHECK(in_a_word(rig.authorize(payment("tok_unknown"), "key-2")) == "refused");
    StripeGateway stranger(rig.exchange, {.api_key = "sk_test_other"});
    const auto told = rig.time.run(stranger.authorize(payment("pm_card_visa"), rig.with("key-3")));
    REQUIRE_FALSE(told.has_value());
    CHECK(told.error().execution != Execution::unknown);
    CHECK(rig.world.truth("ch_1") == Truth{});
}

TEST_CASE("stripe: the words of a shop about a refund may be any, at any length") {
    Rig rig;
    const std::string charge = rig.captured();
    for (const std::string& reason : {std::string("fraudulent"), std::string("zu klein & \"blau\""), std::string(2000, 'x')}) {
        const auto told =
            rig.time.run(rig.gateway.refund({"ch_1", charge, money(10), reason}, rig.with("key-" + reason.substr(0, 3))));
        CHECK(in_a_word(told) == "done");
    }
    CHECK(rig.world.truth("ch_1").refunds == 3);
}

TEST_CASE("stripe: an attempt under a new key is another payment, and each key finds its own") {
    Rig rig;
    const auto declined = rig.authorize(payment("pm_card_chargeDeclined"), "key-1");
    CHECK(in_a_word(declined) == "refused");
    const auto paid = rig.authorize(payment("pm_card_visa"), "key-2");
    REQUIRE(paid.has_value());
    rig.sleep(3h);
    const auto look = [&](const std::string& key) {
        return rig.time.run(rig.gateway.authorize(payment("pm_card_visa"), rig.with(key, Ask::look_up)));
    };
    CHECK(in_a_word(look("key-1")) == "refused");
    REQUIRE(in_a_word(look("key-2")) == "done");
    CHECK(look("key-2")->authorized->id == paid->authorized->id);
    CHECK(in_a_word(look("key-3")) == "not found");
}
