// What every answer of Stripe's lets one believe (gateway/stripe/answers.hpp), and what its objects must repeat.
#include "gateways/stripe_script.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

struct Case {
    int status;
    std::string body;
    std::optional<bool> should_retry;
    std::string called;  // what a call is believed to be
    std::string read;    // what a look-up is
};

const std::string invalid = stripe_error("invalid_request_error", "parameter_invalid_integer");

}  // namespace

TEST_CASE("every status and error of Stripe's has its one meaning, and a look-up's own troubles tell nothing of the step") {
    const auto declined = [](const std::string& code, const std::string& decline_code) {
        return stripe_error("card_error", code, R"(,"decline_code":")" + decline_code + "\"");
    };
    const auto one = GENERATE_COPY(values<Case>({
        {402, declined("card_declined", "generic_decline"), {}, "card_declined", "gateway_fault?"},
        {402, declined("card_declined", "insufficient_funds"), {}, "insufficient_funds", "gateway_fault?"},
        {402, declined("expired_card", ""), {}, "expired_card", "gateway_fault?"},
        {402, declined("card_declined", "expired_card"), {}, "expired_card", "gateway_fault?"},
        {402, declined("authentication_required", "authentication_required"), {}, "card_declined", "gateway_fault?"},
        {402, declined("card_declined", "do_not_honor"), true, "card_declined", "gateway_fault?"},
        {402, "<html>", {}, "unreadable_answer?", "unreadable_answer?"},
        {401, stripe_error("invalid_request_error"), {}, "gateway_busy-", "gateway_fault?"},
        {403, stripe_error("invalid_request_error"), {}, "gateway_busy?", "gateway_busy?"},
        {401, "", false, "gateway_busy-", "gateway_fault?"},
        {429, stripe_error("rate_limit_error", "rate_limit"), {}, "gateway_busy-", "gateway_busy?"},
        {429, stripe_error("invalid_request_error", "lock_timeout"), {}, "gateway_busy?", "gateway_busy?"},
        {429, "", true, "gateway_busy-", "gateway_busy?"},
        {425, "", {}, "gateway_busy-", "gateway_busy?"},
        {408, "", {}, "gateway_busy?", "gateway_busy?"},
        {409, stripe_error("idempotency_error", "idempotency_key_in_use"), {}, "gateway_busy?", "gateway_busy?"},
        {409, stripe_error("idempotency_error", "idempotency_key_in_use"), false, "gateway_busy?", "gateway_busy?"},
        {409, stripe_error("invalid_request_error", "lock_timeout"), true, "gateway_busy?", "gateway_busy?"},
        {409, stripe_error("api_error"), true, "gateway_busy?", "gateway_busy?"},
        {409, stripe_error("api_error"), false, "gateway_fault?", "gateway_fault?"},
        {409, "", {}, "gateway_busy?", "gateway_busy?"},
        {400, stripe_error("idempotency_error"), {}, "gateway_fault?", "gateway_fault?"},
        {400, stripe_error("idempotency_error"), false, "gateway_fault?", "gateway_fault?"},
        {400, invalid, {}, "gateway_refused", "gateway_fault?"},
        {400, invalid, false, "gateway_refused", "gateway_fault?"},
        {400, invalid, true, "gateway_busy?", "gateway_busy?"},
        {404, stripe_error("invalid_request_error", "resource_missing"), {}, "gateway_refused", "gateway_fault?"},
        {410, invalid, {}, "gateway_refused", "gateway_fault?"},
        {400, "", {}, "unreadable_answer?", "unreadable_answer?"},
        {400, "<html>", {}, "unreadable_answer?", "unreadable_answer?"},
        {404, "[]", {}, "unreadable_answer?", "unreadable_answer?"},
        {500, stripe_error("api_error"), {}, "gateway_fault?", "gateway_fault?"},
        {500, stripe_error("api_error"), false, "gateway_fault?", "gateway_fault?"},
        {500, stripe_error("api_error"), true, "gateway_busy?", "gateway_busy?"},
        {503, "", true, "gateway_busy?", "gateway_busy?"},
        {503, "", {}, "gateway_fault?", "gateway_fault?"},
        {599, "", {}, "gateway_fault?", "gateway_fault?"},
        {200, "", {}, "unreadable_answer?", "unreadable_answer?"},
        {200, "{}", {}, "unreadable_answer?", "unreadable_answer?"},
        {200, "[]", {}, "unreadable_answer?", "unreadable_answer?"},
        {200, stripe_intent("requires_capture").substr(0, 200), {}, "unreadable_answer?", "unreadable_answer?"},
        {201, stripe_intent("requires_capture"), {}, "unreadable_answer?", "unreadable_answer?"},
        {302, "", {}, "unreadable_answer?", "unreadable_answer?"},
        {600, "", {}, "unreadable_answer?", "unreadable_answer?"},
    }));
    CAPTURE(one.status, one.body);
    StripeScript stripe;
    stripe.answer(one.status, one.body, one.should_retry);
    const auto called = stripe.authorize(stripe_payment());
    CHECK(meaning(called) == one.called);
    CHECK(called.error().detail.find("4111") == std::string::npos);
    CHECK((one.called != "gateway_busy-" || called.error().retriable));

    for (const Ask ask : {Ask::perform, Ask::look_up}) {
        StripeScript read;  // a void asks for the intent itself, and after a refusal too
        if (ask == Ask::perform) read.answer(400, invalid);
        read.answer(one.status, one.body, one.should_retry);
        CHECK(meaning(read.cancel(ask)) == one.read);
        CHECK(read.is_over());
    }
    StripeScript search;
    search.answer(one.status, one.body, one.should_retry);
    CHECK(meaning(search.authorize(stripe_payment(), Ask::look_up)) == one.read);
    StripeScript list;
    list.answer(one.status, one.body, one.should_retry);
    CHECK(meaning(list.refund("", Ask::look_up)) == one.read);
}

TEST_CASE("a call that did not come through is believed as far as it is known what was sent, a read not at all") {
    for (const Code code : {Code::network_error, Code::gateway_timeout, Code::unreadable_answer}) {
        const std::string name(info(code).name);
        StripeScript stripe;
        stripe.fails(code).fails(code).fails(code).fails(code);
        CHECK(meaning(stripe.authorize(stripe_payment())) == name + (code == Code::network_error ? "-" : "?"));
        CHECK(meaning(stripe.authorize(stripe_payment(), Ask::look_up)) == name + "?");
        CHECK(meaning(stripe.capture(Ask::look_up)) == name + "?");
        CHECK(meaning(stripe.refund("", Ask::look_up)) == name + "?");
        StripeScript refused;  // and what could not be read after a refusal may have been done before
        refused.answer(400, invalid).fails(code);
        CHECK(meaning(refused.capture()) == name + "?");
    }
}

TEST_CASE("an authorization tells what the card's checks said, its country and until when it can be captured") {
    const auto read = [](const std::string& checks, const std::string& more = "") {
        StripeScript stripe;
        stripe.answer(
            200, stripe_intent("requires_capture", R"({"latest_charge":{"id":"ch_stripe","payment_method_details":{"card":{)"
                                                   R"("checks":)" +
                                                       checks + more + "}}}}"));
        return *stripe.authorize(stripe_payment())->authorized;
    };
    const Authorization all = read(R"({"address_line1_check":"pass","address_postal_code_check":"pass","cvc_check":"fail"})",
                                   R"(,"country":"DE","capture_before":1795773600)");
    CHECK(all.id == "pi_1");
    CHECK(all.avs_result == "match");
    CHECK(all.cvv_result == "mismatch");
    CHECK(all.card_country == "DE");
    REQUIRE(all.expires_at.has_value());
    CHECK(to_rfc3339(*all.expires_at) == "2026-11-27T10:00:00.000Z");

    CHECK(read(R"({"address_line1_check":"fail","address_postal_code_check":"pass"})").avs_result == "mismatch");
    CHECK(read(R"({"address_line1_check":null,"address_postal_code_check":"pass"})").avs_result == "match");
    CHECK(
        read(R"({"address_line1_check":"unchecked","address_postal_code_check":null,"cvc_check":"unavailable"})").avs_result ==
        "unavailable");
    CHECK(read(R"({"cvc_check":"unavailable"})").cvv_result == "unavailable");
    CHECK(read(R"({"cvc_check":"something new"})").cvv_result == "unavailable");
    const Authorization nothing = read("null", R"(,"country":"?!","capture_before":-1)");
    CHECK(nothing.avs_result.empty());
    CHECK(nothing.cvv_result.empty());
    CHECK(nothing.card_country.empty());
    CHECK_FALSE(nothing.expires_at.has_value());
}

TEST_CASE("an answer about another intent, charge, key, amount or currency is a mismatch to every step") {
    const std::string other = GENERATE(R"({"metadata":{"reference":"ch_other","tollgate_key":"key-1"}})", R"({"metadata":{}})",
                                       R"({"id":"pi_2"})", R"({"amount":5000,"amount_received":5000})", R"({"currency":"eur"})",
                                       R"({"metadata":{"reference":"ch_ours","tollgate_key":"key-2"}})");
    CAPTURE(other);
    const bool another_intent = other.find("pi_2") != std::string::npos;
    const bool another_key = other.find("key-2") != std::string::npos;
    const bool money = other.find("amount") != std::string::npos || other.find("currency") != std::string::npos;
    StripeScript stripe;
    const auto believed = [&](const std::string& status, auto step) {
        const std::string intent = stripe_intent(status, R"({"amount_received":4999,"latest_charge":"ch_stripe"})");
        stripe.answer(200, changed(intent, status, other));
        return step();
    };
    for (const Ask ask : {Ask::perform, Ask::look_up}) {
        if (ask == Ask::perform && !another_intent) {
            CHECK(believed("requires_capture", [&] { return meaning(stripe.authorize(stripe_payment(), ask)); }) ==
                  "echo_mismatch?");
        }
        if (another_key) continue;  // the others are about the intent, whichever call made it
        CHECK(believed("requires_capture", [&] { return meaning(stripe.authorize(continued_payment(), ask)); }) ==
              "echo_mismatch?");
        CHECK(believed("succeeded", [&] { return meaning(stripe.capture(ask)); }) == "echo_mismatch?");
        if (!money) CHECK(believed("canceled", [&] { return meaning(stripe.cancel(ask)); }) == "echo_mismatch?");
    }
}

TEST_CASE("an intent without what must be in it is unreadable") {
    const std::string odd =
        GENERATE(R"({"object":"setup_intent"})", R"({"id":null})", R"({"amount":"4999"})", R"({"amount":4999.5})",
                 R"({"currency":null})", R"({"status":"something_new"})", R"({"status":null})");
    CAPTURE(odd);
    StripeScript stripe;
    stripe.answer(200, stripe_intent("requires_capture", odd));
    CHECK(meaning(stripe.authorize(stripe_payment())) == "unreadable_answer?");
}

TEST_CASE("a refund that is pending, or could not be made, is told from one about something else") {
    const auto believed = [](const std::string& status, const std::string& more = "{}") {
        StripeScript stripe;
        stripe.answer(200, stripe_refund(status, more));
        return meaning(stripe.refund());
    };
    for (const char* status : {"succeeded", "pending", "requires_action"}) CHECK(believed(status) == "done");
    for (const char* status : {"failed", "canceled"}) CHECK(believed(status) == "gateway_refused");
    CHECK(believed("something_new") == "unreadable_answer?");
    CHECK(believed("succeeded", R"({"charge":"ch_other"})") == "echo_mismatch?");
    CHECK(believed("succeeded", R"({"charge":{"id":"ch_stripe"}})") == "done");
    CHECK(believed("succeeded", R"({"amount":701})") == "echo_mismatch?");
    CHECK(believed("succeeded", R"({"currency":"eur"})") == "echo_mismatch?");
    CHECK(believed("succeeded", R"({"id":""})") == "unreadable_answer?");
    CHECK(believed("succeeded", R"({"object":"charge"})") == "unreadable_answer?");
}

TEST_CASE("a decline that asks for authentication is one, unless it says where the customer can go") {
    const std::string waiting = stripe_intent("requires_action", redirect_action);
    StripeScript stripe;
    stripe.answer(402, stripe_error("card_error", "authentication_required", R"(,"payment_intent":)" + waiting));
    const auto outcome = stripe.authorize(stripe_payment());
    REQUIRE(outcome.has_value());
    CHECK(outcome->redirect_url == "https://hooks.stripe.com/3ds");
    CHECK(outcome->waiting_id == "pi_1");
    stripe.answer(402, stripe_error("card_error", "authentication_required",
                                    R"(,"payment_intent":)" + stripe_intent("requires_payment_method")));
    CHECK(meaning(stripe.authorize(stripe_payment())) == "card_declined");
}

TEST_CASE("an authentication without a place to go is a decline, and one with an unusable place unreadable") {
    const auto believed = [](const std::string& action) {
        StripeScript stripe;
        stripe.answer(200, stripe_intent("requires_action", R"({"next_action":)" + action + "}"));
        return meaning(stripe.authorize(stripe_payment()));
    };
    CHECK(believed(R"({"type":"use_stripe_sdk","use_stripe_sdk":{}})") == "card_declined");
    CHECK(believed(R"({"type":"redirect_to_url","redirect_to_url":{"url":"javascript:alert"
}
})") == "unreadable_answer?");
    CHECK(believed(R"({"type":"redirect_to_url","redirect_to_url":{"url":"https://a.example/\r\nSet-Cookie: x"}})") ==
          "unreadable_answer?");
    CHECK(believed("null") == "unreadable_answer?");
}
