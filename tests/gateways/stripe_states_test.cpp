// What the state of a PaymentIntent says of each step (gateway/stripe/intents.hpp), looked up or after a refusal.
#include "gateways/stripe_script.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

struct Row {
    std::string status;
    std::string more;
    std::string authorize, confirm, capture, cancel;
};

const std::string declined =
    R"({"last_payment_error":{"type":"card_error","code":"card_declined","decline_code":"insufficient_funds"}})";
const std::string taken = R"({"amount_received":4999,"latest_charge":{"id":"ch_stripe"}})";

const std::vector<Row>& table() {
    static const std::vector<Row> rows{
        {"requires_payment_method", "{}", "never_arrived?", "card_declined", "gateway_refused", "never_arrived?"},
        {"requires_payment_method", declined, "insufficient_funds", "insufficient_funds", "gateway_refused", "never_arrived?"},
        {"requires_confirmation", "{}", "never_arrived?", "never_arrived?", "gateway_refused", "never_arrived?"},
        {"requires_action", redirect_action, "redirect", "redirect", "gateway_refused", "never_arrived?"},
        {"processing", "{}", "gateway_busy?", "gateway_busy?", "gateway_busy?", "never_arrived?"},
        {"requires_capture", "{}", "done", "done", "never_arrived?", "never_arrived?"},
        {"succeeded", taken, "done", "done", "done", "gateway_refused"},
        {"canceled", "{}", "gateway_refused", "gateway_refused", "gateway_refused", "done"},
        {"something_new", "{}", "unreadable_answer?", "unreadable_answer?", "unreadable_answer?", "unreadable_answer?"},
    };
    return rows;
}

}  // namespace

TEST_CASE("a look-up tells what became of each step in every state of its intent") {
    for (const Row& row : table()) {
        CAPTURE(row.status, row.more);
        const std::string intent = stripe_intent(row.status, row.more);
        StripeScript stripe;
        stripe.answer(200, stripe_list(intent)).answer(200, intent);
        CHECK(meaning(stripe.authorize(stripe_payment(), Ask::look_up)) == row.authorize);
        stripe.answer(200, intent);
        CHECK(meaning(stripe.authorize(continued_payment(), Ask::look_up)) == row.confirm);
        stripe.answer(200, intent);
        CHECK(meaning(stripe.capture(Ask::look_up)) == row.capture);
        stripe.answer(200, intent);
        CHECK(meaning(stripe.cancel(Ask::look_up)) == row.cancel);
        CHECK(stripe.is_over());
    }
}

TEST_CASE("a call that is refused because its step was done before is done, and otherwise refused") {
    for (const Row& row : table()) {
        CAPTURE(row.status, row.more);
        const auto expected = [](const std::string& looked_up) {
            return looked_up == "never_arrived?" ? "gateway_refused" : looked_up;
        };
        const std::string refusal = stripe_error("invalid_request_error", "payment_intent_unexpected_state");
        const std::string intent = stripe_intent(row.status, row.more);
        StripeScript stripe;
        stripe.answer(400, refusal).answer(200, intent);
        CHECK(meaning(stripe.authorize(continued_payment())) == expected(row.confirm));
        stripe.answer(400, refusal).answer(200, intent);
        CHECK(meaning(stripe.capture()) == expected(row.capture));
        stripe.answer(400, refusal).answer(200, intent);
        CHECK(meaning(stripe.cancel()) == expected(row.cancel));
        CHECK(stripe.is_over());
    }
}

TEST_CASE("a call answered 200 in a state in which its step is not done is unreadable") {
    for (const Row& row : table()) {
        CAPTURE(row.status, row.more);
        const auto expected = [](const std::string& looked_up) {
            return looked_up == "never_arrived?" ? "unreadable_answer?" : looked_up;
        };
        const std::string intent = stripe_intent(row.status, row.more);
        StripeScript stripe;
        stripe.answer(200, intent).answer(200, intent).answer(200, intent).answer(200, intent);
        CHECK(meaning(stripe.authorize(stripe_payment())) == expected(row.authorize));
        CHECK(meaning(stripe.authorize(continued_payment())) == expected(row.confirm));
        CHECK(meaning(stripe.capture()) == expected(row.capture));
        CHECK(meaning(stripe.cancel()) == expected(row.cancel));
        CHECK(stripe.asked.size() == 4);
    }
}

TEST_CASE("an authorization is looked up among all intents of its charge, and only the one of this very call counts") {
    const auto with_key = [](const std::string& key) {
        return stripe_intent("requires_capture",
                             R"({"id":"pi_)" + key + R"(","metadata":{"reference":"ch_ours","tollgate_key":")" + key + "\"}}");
    };
    StripeScript stripe;
    stripe.answer(200, stripe_list(""));
    CHECK(meaning(stripe.authorize(stripe_payment(), Ask::look_up)) == "never_arrived?");
    stripe.answer(200, stripe_list(with_key("key-0") + "," + with_key("key-2")));
    CHECK(meaning(stripe.authorize(stripe_payment(), Ask::look_up)) == "never_arrived?");
    stripe.answer(200, stripe_list(with_key("key-0") + "," + with_key("key-1"))).answer(200, with_key("key-1"));
    const auto found = stripe.authorize(stripe_payment(), Ask::look_up);
    REQUIRE(found.has_value());
    CHECK(found->authorized->id == "pi_key-1");
    CHECK(stripe.asked.back().path.starts_with("/v1/payment_intents/pi_key-1?"));

    // What the index knows is old: the intent itself decides.
    stripe.answer(200, stripe_list(with_key("key-1"))).answer(200, stripe_intent("canceled"));
    CHECK(meaning(stripe.authorize(stripe_payment(), Ask::look_up)) == "gateway_refused");
    // Two payments under one key are for people.
    stripe.answer(200, stripe_list(with_key("key-1") + "," + stripe_intent("requires_capture")));
    CHECK(meaning(stripe.authorize(stripe_payment(), Ask::look_up)) == "echo_mismatch?");
    // What is not seen may be on another page.
    stripe.answer(200, stripe_list(with_key("key-0"), true));
    CHECK(meaning(stripe.authorize(stripe_payment(), Ask::look_up)) == "gateway_fault?");
    for (const char* odd : {R"({"data":[]})", R"({"has_more":false})", R"({"has_more":false,"data":{}})",
                            R"({"has_more":false,"data":["pi_1"]})", R"({"has_more":0,"data":[]})"}) {
        stripe.answer(200, odd);
        CHECK(meaning(stripe.authorize(stripe_payment(), Ask::look_up)) == "unreadable_answer?");
    }
}

TEST_CASE("a refund is looked up among all of its Charge's, page by page, by the key it was made under") {
    const auto other = [](const std::string& id) {
        return stripe_refund("succeeded", R"({"id":")" + id + R"(","metadata":{"tollgate_key":"key-0"}})");
    };
    StripeScript stripe;
    stripe.answer(200, stripe_list(""));
    CHECK(meaning(stripe.refund("", Ask::look_up)) == "never_arrived?");
    stripe.answer(200, stripe_list(other("re_8") + "," + other("re_9"), true))
        .answer(200, stripe_list(stripe_refund("pending")));
    CHECK(id_of(stripe.refund("", Ask::look_up)) == "re_1");
    CHECK(stripe.asked.back().path == "/v1/refunds?charge=ch_stripe&limit=100&starting_after=re_9");
    stripe.answer(200, stripe_list(other("re_9"), true)).answer(200, stripe_list(other("re_7")));
    CHECK(meaning(stripe.refund("", Ask::look_up)) == "never_arrived?");
    stripe.answer(200, stripe_list(stripe_refund("failed")));
    CHECK(meaning(stripe.refund("", Ask::look_up)) == "gateway_refused");
    stripe.answer(200, stripe_list(stripe_refund("succeeded") + "," + stripe_refund("succeeded", R"({"id":"re_2"})")));
    CHECK(meaning(stripe.refund("", Ask::look_up)) == "echo_mismatch?");
    stripe.answer(200, stripe_list("", true));
    CHECK(meaning(stripe.refund("", Ask::look_up)) == "unreadable_answer?");

    for (int i = 0; i < 10; ++i) stripe.answer(200, stripe_list(other("re_" + std::to_string(20 + i)), true));
    CHECK(meaning(stripe.refund("", Ask::look_up)) == "gateway_fault?");
    CHECK(stripe.is_over());
}

TEST_CASE("a refund that is refused because it was made before is found, and otherwise refused") {
    const std::string refusal = stripe_error("invalid_request_error", "charge_already_refunded");
    StripeScript stripe;
    stripe.answer(400, refusal).answer(200, stripe_list(stripe_refund("succeeded")));
    CHECK(id_of(stripe.refund()) == "re_1");
    stripe.answer(400, refusal).answer(200, stripe_list(""));
    CHECK(meaning(stripe.refund()) == "gateway_refused");
    stripe.answer(400, refusal).fails(Code::gateway_timeout);
    CHECK(meaning(stripe.refund()) == "gateway_timeout?");
}

TEST_CASE("a capture that was made of another amount than was asked is for people") {
    StripeScript stripe;
    stripe.answer(200, stripe_intent("succeeded", R"({"amount_received":700,"latest_charge":"ch_stripe"})"));
    CHECK(meaning(stripe.capture(Ask::look_up)) == "echo_mismatch?");
    stripe.answer(200, stripe_intent("succeeded", R"({"amount_received":4999,"latest_charge":null})"));
    CHECK(meaning(stripe.capture(Ask::look_up)) == "unreadable_answer?");
}
