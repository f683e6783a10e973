// What exactly is sent to Stripe.
#include "gateways/stripe_script.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

std::string header(const OutboundRequest& request, std::string_view name) {
    for (const auto& [known, value] : request.headers) {
        if (known == name) return value;
    }
    return "";
}

void check_common(const OutboundRequest& request) {
    CHECK(request.authorization == "Bearer sk_test_1");
    CHECK(header(request, "Stripe-Version") == "2025-03-31.basil");
    CHECK(request.idempotency_key == (request.method == "POST" ? "key-1" : ""));
    CHECK((request.method == "GET" || request.content_type == "application/x-www-form-urlencoded"));
    CHECK((request.method == "POST" || request.body.empty()));
}

}  // namespace

TEST_CASE("an authorization creates a PaymentIntent that only we confirm and capture, named by charge, order and key") {
    StripeScript stripe;
    stripe.answer(200, stripe_intent("requires_capture"));
    REQUIRE(stripe.authorize(stripe_payment()).has_value());
    REQUIRE(stripe.asked.size() == 1);
    check_common(stripe.asked[0]);
    CHECK(stripe.asked[0].method == "POST");
    CHECK(stripe.asked[0].path == "/v1/payment_intents");
    CHECK(stripe.asked[0].traceparent == "trace");
    CHECK(stripe.asked[0].body ==
          "amount=4999&currency=usd&capture_method=manual&confirmation_method=manual&confirm=true&"
          "payment_method_types%5B%5D=card&payment_method=pm_1&return_url=https%3A%2F%2Fshop.example%2Fback%3Fa%3Db&"
          "metadata%5Breference%5D=ch_ours&metadata%5Border_id%5D=ord%201&metadata%5Btollgate_key%5D=key-1&"
          "expand%5B%5D=latest_charge");
}

TEST_CASE("a card token is sent as one, and a challenge asks for 3-D Secure") {
    StripeScript stripe;
    stripe.answer(200, stripe_intent("requires_capture"));
    auto request = stripe_payment("tok_visa");
    request.authenticate = true;
    REQUIRE(stripe.authorize(request).has_value());
    const std::string& body = stripe.asked[0].body;
    CHECK_THAT(body, Catch::Contains("&payment_method_data%5Btype%5D=card&payment_method_data%5Bcard%5D%5Btoken%5D=tok_visa&"));
    CHECK_THAT(body, !Catch::Contains("payment_method=") &&
                         Catch::Contains("payment_method_options%5Bcard%5D%5Brequest_three_d_secure%5D=any"));
}

TEST_CASE("what a shop writes cannot become another parameter") {
    StripeScript stripe;
    stripe.answer(200, stripe_intent("requires_capture"));
    auto request = stripe_payment("pm_1&amount=1");
    request.order_id = "a&confirm=false\r\n=%26+é";
    REQUIRE(stripe.authorize(request).has_value());
    CHECK_THAT(stripe.asked[0].body, Catch::Contains("payment_method=pm_1%26amount%3D1&"));
    CHECK_THAT(stripe.asked[0].body, Catch::Contains("=a%26confirm%3Dfalse%0D%0A%3D%2526%2B%C3%A9&"));
}

TEST_CASE("going on after authentication confirms the intent that waited") {
    StripeScript stripe;
    stripe.answer(200, stripe_intent("requires_capture"));
    REQUIRE(stripe.authorize(continued_payment()).has_value());
    REQUIRE(stripe.asked.size() == 1);
    check_common(stripe.asked[0]);
    CHECK(stripe.asked[0].path == "/v1/payment_intents/pi_1/confirm");
    CHECK(stripe.asked[0].body == "return_url=https%3A%2F%2Fshop.example%2Fback%3Fa%3Db&expand%5B%5D=latest_charge");
}

TEST_CASE("a capture names its amount, a void nothing, and an intent's id is one segment of the path") {
    StripeScript stripe;
    stripe.answer(200, stripe_intent("succeeded", R"({"amount_received":700,"latest_charge":"ch_stripe"})"));
    CHECK(id_of(stripe.capture(Ask::perform, 700)) == "ch_stripe");
    stripe.answer(200, stripe_intent("canceled"));
    CHECK(id_of(stripe.cancel()) == "pi_1");
    REQUIRE(stripe.asked.size() == 2);
    for (const auto& asked : stripe.asked) check_common(asked);
    CHECK(stripe.asked[0].path == "/v1/payment_intents/pi_1/capture");
    CHECK(stripe.asked[0].body == "amount_to_capture=700");
    CHECK(stripe.asked[1].path == "/v1/payment_intents/pi_1/cancel");
    CHECK(stripe.asked[1].body.empty());

    stripe.answer(200, stripe_intent("canceled"));
    (void)stripe.make(&StripeGateway::void_authorization, VoidRequest{"ch_ours", "pi/../1?a"}, Ask::perform);
    CHECK(stripe.asked[2].path == "/v1/payment_intents/pi%2F..%2F1%3Fa/cancel");
}

TEST_CASE("a refund names its Charge, and its reason where Stripe knows it, or else among the metadata") {
    const std::string begin = "charge=ch_stripe&amount=700&metadata%5Breference%5D=ch_ours&metadata%5Btollgate_key%5D=key-1";
    StripeScript stripe;
    const auto body_of = [&](const std::string& reason) {
        stripe.answer(200, stripe_refund("succeeded"));
        CHECK(id_of(stripe.refund(reason)) == "re_1");
        check_common(stripe.asked.back());
        CHECK(stripe.asked.back().path == "/v1/refunds");
        return stripe.asked.back().body;
    };
    CHECK(body_of("") == begin);
    for (const std::string known : {"duplicate", "fraudulent", "requested_by_customer"})
        CHECK(body_of(known) == begin + "&reason=" + known);
    CHECK(body_of("torn sleeve") == begin + "&metadata%5Breason%5D=torn%20sleeve");

    std::string long_words;
    for (int i = 0; i < 300; ++i) long_words += "é";
    std::string cut;
    for (int i = 0; i < 250; ++i) cut += "%C3%A9";
    CHECK(body_of(long_words) == begin + "&metadata%5Breason%5D=" + cut);
    CHECK(body_of("a" + long_words) == begin + "&metadata%5Breason%5D=a" + cut.substr(0, cut.size() - 6));
}

TEST_CASE("an amount that Stripe cannot write is not sent, whichever the step") {
    StripeScript stripe;
    const Money odd{1001, *Currency::from_code("KWD")};
    CHECK(stripe.gateway.check_amount(odd).error().code == Code::validation_failed);
    CHECK(stripe.gateway.check_amount(StripeScript::usd(1)).has_value());
    auto request = stripe_payment();
    request.amount = odd;
    CHECK(stripe.authorize(request).error().code == Code::validation_failed);
    CHECK(stripe.make(&StripeGateway::capture, CaptureRequest{"ch_ours", "pi_1", odd}, Ask::perform).error().code ==
          Code::validation_failed);
    CHECK(stripe.make(&StripeGateway::refund, RefundRequest{"ch_ours", "ch_1", odd}, Ask::perform).error().code ==
          Code::validation_failed);
    CHECK(stripe.asked.empty());
}

TEST_CASE("a look-up reads and changes nothing") {
    StripeScript stripe;
    stripe.answer(200, stripe_list(stripe_intent("requires_capture"))).answer(200, stripe_intent("requires_capture"));
    CHECK(stripe.authorize(stripe_payment(), Ask::look_up).has_value());
    stripe.answer(200, stripe_intent("requires_capture"));
    CHECK(stripe.authorize(continued_payment(), Ask::look_up).has_value());
    stripe.answer(200, stripe_intent("succeeded", R"({"amount_received":4999,"latest_charge":"ch_stripe"})"));
    CHECK(stripe.capture(Ask::look_up).has_value());
    stripe.answer(200, stripe_intent("canceled"));
    CHECK(stripe.cancel(Ask::look_up).has_value());
    stripe.answer(200, stripe_list(stripe_refund("pending")));
    CHECK(stripe.refund("", Ask::look_up).has_value());

    std::vector<std::string> paths;
    for (const auto& asked : stripe.asked) {
        check_common(asked);
        CHECK(asked.method == "GET");
        paths.push_back(asked.path);
    }
    const std::string direct = "/v1/payment_intents/pi_1?expand%5B%5D=latest_charge";
    CHECK(paths ==
          std::vector<std::string>{"/v1/payment_intents/search?query=metadata%5B%27reference%27%5D%3A%27ch_ours%27&limit=100",
                                   direct, direct, direct, direct, "/v1/refunds?charge=ch_stripe&limit=100"});
}
