// The whole life of a payment at Stripe: the running service against the stand-in of Stripe's API over a real socket. What
// counts is what the books there say.
#include <catch2/catch.hpp>
#include <csignal>
#include <numeric>

#include "integration/operating.hpp"
#include "support/stripe_server.hpp"
#include "support/test_certificate.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

Order order(const std::string& method = "pm_card_visa", bool manual_capture = false, const std::string& id = "ord_1") {
    return {.id = id, .token = method, .more = manual_capture ? manual.more : ""};
}

/// A service whose gateway is Stripe; inventory, shipping and the shop are those of any stage.
struct StripeStage {
    explicit StripeStage(bool on_redis, StripeServer::Hook hook = nullptr, const TestCertificate* shown = nullptr)
        : stripe(std::move(hook), shown == nullptr ? nullptr : shown->server()), stage(on_redis) {
        stage.settings.insert_or_assign("TOLLGATE_GATEWAY_KIND", "stripe");
        stage.settings.insert_or_assign("TOLLGATE_GATEWAY_URL", stripe.url());
        if (shown != nullptr) {
            stage.settings.insert_or_assign("TOLLGATE_GATEWAY_URL", "https://127.0.0.1:" + std::to_string(stripe.port()));
            stage.settings.insert_or_assign("SSL_CERT_FILE", shown->file());  // OpenSSL's own: whom the system trusts
        }
        stage.settings.insert_or_assign("TOLLGATE_GATEWAY_API_KEY", StandInOptions{}.key);
        stage.settings.insert_or_assign("TOLLGATE_GATEWAY_RETURN_URL", "https://shop.example/back");
        stage.settings.insert_or_assign("TOLLGATE_GATEWAY_TIMEOUT", "500ms");
        stage.settings.insert_or_assign("TOLLGATE_BREAKER_FAILURE_THRESHOLD", "1000");
        stage.start();
    }

    /// The one PaymentIntent of a charge that holds or moved money; there must be no other.
    StripePayment payment(const std::string& charge_id) const {
        std::vector<StripePayment> live;
        for (const auto& one : stripe.stand_in.payments(charge_id)) {
            if (one.status == "requires_capture" || one.status == "succeeded") live.push_back(one);
        }
        REQUIRE(live.size() == 1);
        return live.front();
    }
    std::string waiting_intent(const std::string& charge_id) const {
        for (const auto& one : stripe.stand_in.payments(charge_id)) {
            if (one.status == "requires_action") return one.intent;
        }
        FAIL("nothing waits");
        return {};
    }
    int moved(const std::string& charge_id) const {
        int moved = 0;
        for (const auto& one : stripe.stand_in.payments(charge_id))
            moved += one.status == "requires_capture" || one.status == "succeeded" ? 1 : 0;
        return moved;
    }
    /// Brings the events of this type to the service, signed.
    void bring(std::string_view type) const {
        for (const std::string& body : stripe.stand_in.events(type))
            CHECK(must(request(stage.port(), signed_call(body))).status == 200);
    }

    StripeServer stripe;
    EventStage stage;
    Till till{stage};
};

}  // namespace

TEST_CASE("stripe: a manual payment is captured in part, given back in parts, and its books say each of it once") {
    StripeStage at(GENERATE(false, true));
    const std::string id = at.stage.charge("key-1", order("tok_visa", true));
    CHECK(at.payment(id).status == "requires_capture");
    CHECK(at.till.charge(id).text("gateway.name") == "stripe");
    CHECK_FALSE(at.till.charge(id).text("capture_before").empty());

    CHECK(at.till.settle({id, "capture", "key-2", amount_of(3000)}).text("status") == "succeeded");
    CHECK(at.payment(id).captured == 3000);
    CHECK(at.till.settle({id, "refund", "key-3", amount_of(1000)}).status == 200);
    CHECK(at.till.settle({id, "refund", "key-3", amount_of(1000)}).status == 200);
    CHECK(at.till.settle({id, "refund", "key-4", R"({"amount":500,"reason":"a shop's own words"})"}).status == 200);
    check_problem(at.till.ask({id, "refund", "key-5", amount_of(1501)}), 422, "refund_exceeds_capture");
    CHECK(at.till.settle({id, "refund", "key-6"}).status == 200);
    CHECK(at.payment(id).refunded == 3000);
    CHECK(at.payment(id).refunds == 3);
}

TEST_CASE("stripe: over TLS the certificate is verified before a byte is sent, and a connection carries many calls") {
    const TestCertificate right("IP:127.0.0.1");
    const TestCertificate wrong("IP:127.0.0.2");
    StripeStage good(false, nullptr, &right);
    const std::string id = good.stage.charge("key-1", order());
    CHECK(good.till.settle({id, "refund", "key-2"}).status == 200);
    CHECK(good.payment(id).refunded == 4999);
    CHECK(good.stripe.connections() <= 2);  // one a thread

    StripeStage bad(false, nullptr, &wrong);
    const Reply told = must(charge(bad.stage.port(), "key-1", order()));
    check_problem(told, 502, "gateway_error");
    CHECK(bad.stripe.stand_in.payments().empty());
}

TEST_CASE("stripe: a void lets go of what was held, and nothing is captured after it") {
    StripeStage at(GENERATE(false, true));
    const std::string id = at.stage.charge("key-1", order("pm_card_visa", true));
    CHECK(at.till.settle({id, "void", "key-2"}).text("status") == "canceled");
    check_problem(at.till.ask({id, "capture", "key-3"}), 409, "invalid_state");
    CHECK(at.moved(id) == 0);
    CHECK(at.stripe.stand_in.payments(id).front().status == "canceled");
}

TEST_CASE("stripe: a decline is told by its name and moves nothing") {
    StripeStage at(false);
    check_problem(at.stage.get("/charge/none"), 404, "not_found");
    for (const auto& [method, code] : {std::pair("pm_card_chargeDeclined", "card_declined"),
                                       std::pair("tok_chargeDeclinedInsufficientFunds", "insufficient_funds"),
                                       std::pair("pm_card_chargeDeclinedExpiredCard", "expired_card")}) {
        check_problem(must(charge(at.stage.port(), method, order(method, false, method))), 402, code);
    }
    for (const auto& one : at.stripe.stand_in.payments()) CHECK(one.status == "requires_payment_method");
}

TEST_CASE("stripe: twenty refunds at once that exceed the capture together give back what was captured or less") {
    StripeStage at(GENERATE(false, true));
    const std::string id = at.stage.charge("key-1", order());
    std::vector<Operation> refunds;
    for (int i = 0; i < 20; ++i) refunds.push_back({id, "refund", "refund-" + std::to_string(i), amount_of(400)});
    int done = 0;
    for (const Reply& reply : all_settled({at.stage.port()}, refunds)) done += reply.status == 200 ? 1 : 0;
    CHECK(done == 12);
    CHECK(at.payment(id).refunds == 12);
    CHECK(at.payment(id).refunded == 4800);
}

TEST_CASE("stripe: a customer who has authenticated is charged once, by a confirm or by the webhook that was faster") {
    StripeStage at(GENERATE(false, true));
    const bool by_webhook = GENERATE(false, true);
    const std::string id = at.stage.charge("key-1", order("tok_threeDSecure2Required"), 202);
    CHECK(at.till.charge(id).text("next_action.redirect_url").starts_with("https://hooks.stripe.com/"));
    at.stripe.stand_in.authenticate(at.waiting_intent(id), true, at.stripe.now());
    if (by_webhook) {
        at.stripe.liar.lie("authorize", Lie::silent);
        at.stripe.liar.lie("look_up", Lie::fault_retry, 3);
        auto confirm = operate_async(at.stage.port(), {id, "confirm", "key-2"});
        CHECK(eventually([&] { return !at.stripe.stand_in.events("payment_intent.amount_capturable_updated").empty(); }));
        at.bring("payment_intent.amount_capturable_updated");
        (void)confirm.get();
    }
    CHECK(at.till.settle({id, "confirm", "key-2"}).status == 200);
    CHECK(at.stage.becomes(id, "succeeded"));
    CHECK(at.payment(id).captured == 4999);
    CHECK(settled_charge(at.stage.port(), "key-1", order("tok_threeDSecure2Required")).status == 201);
}

TEST_CASE("stripe: a customer who fails to authenticate is declined, whoever tells first") {
    StripeStage at(GENERATE(false, true));
    const bool by_webhook = GENERATE(false, true);
    const std::string id = at.stage.charge("key-1", order("tok_threeDSecure2Required"), 202);
    at.stripe.stand_in.authenticate(at.waiting_intent(id), false, at.stripe.now());
    if (by_webhook) {
        at.bring("payment_intent.payment_failed");
    } else {
        (void)at.till.settle({id, "confirm", "key-2"});
    }
    CHECK(at.stage.becomes(id, "declined"));
    CHECK(at.moved(id) == 0);
}

TEST_CASE("stripe: whatever its answers suffer, a checkout is charged once and its client is told so") {
    for (const std::string step : {"authorize", "capture"}) {
        StripeStage at(step == "capture");
        std::size_t checkouts = 0;
        for (const Lie lie : every_lie()) {
            // A key that keeps a 500 for what was not done is not given up for hours: see the kit.
            if (lie == Lie::fault_idle || lie == Lie::stale) continue;
            // Nobody can tell from the first answer of all.
            if (lie == Lie::other_id && step == "authorize") continue;
            INFO(step << ": " << test::name(lie));
            const std::string name = step + "-" + std::string(test::name(lie));
            at.stripe.liar.lie(step, lie);
            const Reply told = settled_charge(at.stage.port(), "key-" + std::to_string(static_cast<int>(lie)),
                                              order("pm_card_visa", false, name));
            CHECK(told.status == 201);
            CHECK(at.payment(told.text("id")).captured == 4999);
            at.stripe.liar.stop();
            ++checkouts;
        }
        CHECK(at.stripe.stand_in.payments().size() == checkouts);
    }
}

TEST_CASE("stripe: whatever its answers suffer, a refund is made once and its client is told so") {
    StripeStage at(GENERATE(false, true));
    for (const Lie lie : every_lie()) {
        if (lie == Lie::fault_idle || lie == Lie::stale) continue;
        INFO(test::name(lie));
        const std::string name = "refund-" + std::to_string(static_cast<int>(lie));
        const std::string id = at.stage.charge(name, order("pm_card_visa", false, name));
        at.stripe.liar.lie("refund", lie);
        CHECK(at.till.settle({id, "refund", "key-2", amount_of(1999)}).status == 200);
        CHECK(at.payment(id).refunds == 1);
        CHECK(at.payment(id).refunded == 1999);
        at.stripe.liar.stop();
    }
}

TEST_CASE("stripe: a service killed at any call to Stripe, before or after it acted, leaves each movement once") {
    const bool on_redis = GENERATE(false, true);
    const std::string step = GENERATE("authorize", "capture", "void", "refund", "confirm");
    const bool acted = GENERATE(false, true);
    CAPTURE(on_redis, step, acted);
    std::atomic<pid_t> victim{0};
    StripeStage at(on_redis, [&](std::string_view called, bool has_acted) {
        if (called != (step == "confirm" ? "authorize" : step) || has_acted != acted || victim == 0) return true;
        ::kill(victim.exchange(0), SIGKILL);
        return false;
    });
    const bool held = step == "void" || step == "capture";
    std::string id;
    if (step == "confirm") {
        id = at.stage.charge("key-1", order("tok_threeDSecure2Required"), 202);
        at.stripe.stand_in.authenticate(at.waiting_intent(id), true, at.stripe.now());
    } else if (step != "authorize") {
        id = at.stage.charge("key-1", order("pm_card_visa", held));
    }
    victim = at.stage.newest().pid();
    const Operation operation{id, step, "key-2", step == "capture" || step == "refund" ? amount_of(1999) : ""};
    if (step == "authorize") {
        CHECK_FALSE(charge(at.stage.port(), "key-1", order()));
    } else {
        CHECK_FALSE(operate(at.stage.port(), operation));
    }
    CHECK(at.stage.newest().wait() == 128 + SIGKILL);
    at.stage.restart();
    if (step == "authorize") {
        const Reply told = settled_charge(at.stage.port(), "key-1", order());
        CHECK(told.status == 201);
        CHECK(at.payment(told.text("id")).captured == 4999);
        CHECK(at.stripe.stand_in.payments().size() == 1);
        return;
    }
    CHECK(at.till.settle(operation).status == 200);
    if (step == "void") {
        CHECK(at.moved(id) == 0);
        return;
    }
    const StripePayment paid = at.payment(id);
    CHECK(paid.captured == (step == "capture" ? 1999 : 4999));
    CHECK(paid.refunded == (step == "refund" ? 1999 : 0));
    CHECK(paid.refunds == (step == "refund" ? 1 : 0));
}
