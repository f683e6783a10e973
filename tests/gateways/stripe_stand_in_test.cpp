// The stand-in keeps Stripe's rules, so that a test which passes against it says something.
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include <algorithm>

#include "support/stripe_stand_in.hpp"

using namespace tollgate;
using namespace tollgate::test;
using namespace std::chrono_literals;

namespace {

constexpr WallTime noon = std::chrono::sys_days(std::chrono::year(2026) / 11 / 22) + std::chrono::hours(12);

struct Account {
    explicit Account(StandInOptions options = {}) : stripe(std::move(options)) {}

    StripeReply raw(StripeRequest request) {
        request.authorization = "Bearer sk_test_standin";
        request.content_type = request.body.empty() ? "" : "application/x-www-form-urlencoded";
        return stripe.handle(request, now);
    }
    StripeReply post(std::string target, std::string body, std::string key = "") {
        return raw({.method = "POST", .target = std::move(target), .idempotency_key = std::move(key), .body = std::move(body)});
    }
    boost::json::value get(std::string target) {
        const auto reply = raw({.method = "GET", .target = std::move(target)});
        CHECK(reply.status == 200);
        return boost::json::parse(reply.body);
    }
    std::string pay(const std::string& more, const std::string& key = "") {
        return post("/v1/payment_intents", "amount=4999&currency=usd&confirm=true&payment_method_types[]=card&" + more, key)
            .body;
    }

    StripeStandIn stripe;
    WallTime now = noon;
};

std::string code_of(const StripeReply& reply) {
    const auto body = boost::json::parse(reply.body);
    const auto* const code = body.at("error").as_object().if_contains("code");
    return code == nullptr ? std::string(body.at("error").at("type").as_string()) : std::string(code->as_string());
}

std::string text(const boost::json::value& value, std::string_view pointer) {
    return std::string(value.at_pointer({pointer.data(), pointer.size()}).as_string());
}

bool has_header(const StripeReply& reply, const std::string& name) {
    return std::ranges::any_of(reply.headers, [&](const auto& header) { return header.first == name; });
}

}  // namespace

TEST_CASE("stripe stand-in: what is no valid call is refused by the name Stripe has for it") {
    Account account;
    const auto create = [&](const std::string& body) { return code_of(account.post("/v1/payment_intents", body)); };
    CHECK(create("currency=usd") == "parameter_missing");
    CHECK(create("amount=4999&currency=usd&colour=red") == "parameter_unknown");
    CHECK(create("amount=4999&currency=usd&metadata=x") == "parameter_unknown");
    CHECK(create("amount=49&currency=usd") == "amount_too_small");
    CHECK(create("amount=100000000&currency=usd") == "amount_too_large");
    CHECK(create("amount=49.99&currency=usd") == "parameter_invalid_integer");
    CHECK(create("amount=1001&currency=kwd") == "parameter_invalid_integer");
    CHECK(create("amount=550&currency=isk") == "parameter_invalid_integer");
    CHECK(create("amount=4999&currency=USD") == "invalid_request_error");
    CHECK(create("amount=4999&currency=usd&return_url=https://shop.example") == "invalid_request_error");
    CHECK(create("amount=4999&currency=usd&confirm=true&payment_method=pm_card_visa") == "invalid_request_error");
    CHECK(create("amount=4999&currency=usd&payment_method=tok_visa") == "resource_missing");
    CHECK(code_of(account.post("/v1/refunds", "charge=ch_none")) == "resource_missing");
    CHECK(account.post("/v1/refunds", "charge=ch_none").status == 404);
    CHECK(code_of(account.post("/v1/refunds", "charge=ch_none&reason=too+small")) == "invalid_request_error");
    CHECK(account.stripe.payments().empty());
    CHECK(account.stripe.handle({.method = "GET", .target = "/v1/refunds", .authorization = "Bearer other"}, noon).status ==
          401);
}

TEST_CASE("stripe stand-in: a key is one call for a day, whatever it answered, and no other call") {
    Account account;
    const std::string body = "amount=4999&currency=usd&confirm=true&payment_method_types[]=card&payment_method=pm_card_";
    for (const std::string card : {"visa", "chargeDeclined"}) {
        const auto first = account.post("/v1/payment_intents", body + card, "key-" + card);
        const auto again = account.post("/v1/payment_intents", body + card, "key-" + card);
        CHECK(first.status == (card == "visa" ? 200 : 402));
        CHECK(first.body == again.body);
        CHECK_FALSE(has_header(first, "Idempotent-Replayed"));
        CHECK(has_header(again, "Idempotent-Replayed"));
    }
    CHECK(account.stripe.payments().size() == 2);
    CHECK(code_of(account.post("/v1/payment_intents", body + "amex", "key-visa")) == "idempotency_error");
    CHECK(code_of(account.post("/v1/payment_intents", body + "visa", std::string(256, 'k'))) == "idempotency_error");
    CHECK(account.post("/v1/payment_intents", "amount=1&currency=usd", "key-2").status == 400);
    CHECK(account.post("/v1/payment_intents", body + "visa", "key-2").status == 200);
    account.now += 24h;
    CHECK_FALSE(has_header(account.post("/v1/payment_intents", body + "visa", "key-visa"), "Idempotent-Replayed"));
    CHECK(account.stripe.payments().size() == 4);
}

TEST_CASE("stripe stand-in: a manual payment goes through every state of its life") {
    Account account;
    const std::string reference = "&metadata[reference]=ch_1";
    auto intent =
        boost::json::parse(account.pay("capture_method=manual&confirmation_method=manual&return_url=https://shop.example"
                                       "&payment_method_data[type]=card&payment_method_data[card][token]="
                                       "tok_threeDSecure2Required" +
                                       reference));
    const std::string path = "/v1/payment_intents/" + text(intent, "/id");
    CHECK(text(intent, "/status") == "requires_action");
    CHECK(text(intent, "/next_action/redirect_to_url/return_url") == "https://shop.example");
    CHECK(code_of(account.post(path + "/capture", "")) == "payment_intent_unexpected_state");
    account.stripe.authenticate(text(intent, "/id"), true, noon);
    CHECK(text(account.get(path), "/status") == "requires_confirmation");
    intent = boost::json::parse(account.post(path + "/confirm", "expand[]=latest_charge").body);
    CHECK(text(intent, "/status") == "requires_capture");
    CHECK(intent.at("amount_capturable") == 4999);
    CHECK(intent.at_pointer("/latest_charge/payment_method_details/card/capture_before").as_int64() ==
          stripe_api::seconds(noon + 7 * 24h));

    CHECK(code_of(account.post(path + "/capture", "amount_to_capture=5000")) == "amount_too_large");
    CHECK(account.post(path + "/capture", "amount_to_capture=4000").status == 200);
    CHECK(code_of(account.post(path + "/cancel", "")) == "payment_intent_unexpected_state");
    const std::string charge = text(account.get(path), "/latest_charge");
    CHECK(code_of(account.post("/v1/refunds", "charge=" + charge + "&amount=4001")) == "amount_too_large");
    CHECK(account.post("/v1/refunds", "charge=" + charge + "&amount=1500").status == 200);
    CHECK(account.post("/v1/refunds", "payment_intent=" + text(intent, "/id")).status == 200);
    CHECK(code_of(account.post("/v1/refunds", "charge=" + charge)) == "charge_already_refunded");
    const auto books = account.stripe.payments("ch_1");
    REQUIRE(books.size() == 1);
    CHECK(books[0].captured == 4000);
    CHECK(books[0].refunded == 4000);
    CHECK(books[0].refunds == 2);
    std::string types;
    for (const auto& event : account.stripe.events()) types += text(boost::json::parse(event), "/type") + " ";
    CHECK(types ==
          "payment_intent.created payment_intent.requires_action payment_intent.amount_capturable_updated "
          "payment_intent.succeeded charge.refunded charge.refunded ");
}

TEST_CASE("stripe stand-in: an authorization that nobody captures is canceled after seven days") {
    Account account;
    const auto intent = boost::json::parse(account.pay("capture_method=manual&payment_method=pm_card_visa"));
    account.now += 7 * 24h;
    const auto later = account.get("/v1/payment_intents/" + text(intent, "/id"));
    CHECK(text(later, "/status") == "canceled");
    CHECK(text(later, "/cancellation_reason") == "expired");
}

TEST_CASE("stripe stand-in: search finds what it knew a while ago, lists know everything") {
    Account account;
    const auto intent =
        boost::json::parse(account.pay("capture_method=manual&payment_method=pm_card_visa&metadata[reference]=ch_1"));
    const std::string search = "/v1/payment_intents/search?query=metadata%5B%27reference%27%5D%3A%27ch_1%27";
    CHECK(account.get(search).at("data").as_array().empty());
    CHECK(account.get("/v1/payment_intents?limit=1").at("data").as_array().size() == 1);
    account.now += 61s;
    CHECK(account.post("/v1/payment_intents/" + text(intent, "/id") + "/capture", "").status == 200);
    CHECK(text(account.get(search), "/data/0/status") == "requires_capture");
    CHECK(text(account.get("/v1/payment_intents?limit=1"), "/data/0/status") == "succeeded");
    account.now += 61s;
    CHECK(text(account.get(search), "/data/0/status") == "succeeded");
    CHECK(account.get("/v1/payment_intents/search?query=metadata%5B%27reference%27%5D%3A%27ch_2%27")
              .at("data")
              .as_array()
              .empty());
}

TEST_CASE("stripe stand-in: the balance lists each movement once across pages, in its own currency, with what is behind it") {
    Account account({.settlement_currency = "eur"});
    for (int i = 0; i < 25; ++i) CHECK_FALSE(account.pay("payment_method=pm_card_visa").empty());
    account.stripe.pay_out(5, "eur", noon);
    std::string after;
    std::vector<std::string> seen;
    for (int page = 0; page < 5; ++page) {
        const auto list = account.get("/v1/balance_transactions?limit=10&expand[]=data.source" + after);
        for (const auto& one : list.at("data").as_array()) {
            seen.push_back(text(one, "/id"));
            CHECK(text(one, "/currency") == "eur");
            if (text(one, "/type") == "charge") CHECK(text(one, "/source/currency") == "usd");
        }
        after = "&starting_after=" + seen.back();
        if (!list.at("has_more").as_bool()) break;
    }
    CHECK(seen.size() == 26);
    CHECK(std::ranges::is_sorted(seen, std::greater<>()));
    const auto at = std::to_string(stripe_api::seconds(noon));
    CHECK(account.get("/v1/balance_transactions?created[gte]=" + at).at("data").as_array().size() == 10);
    CHECK(account.get("/v1/balance_transactions?created[lt]=" + at).at("data").as_array().empty());
}

TEST_CASE("stripe stand-in: what a partial capture lets go is a refund in old versions of the API, and nothing in new ones") {
    for (const std::string version : {"2024-06-20", "2025-03-31.basil"}) {
        Account account({.account_version = version});
        const auto intent = boost::json::parse(account.pay("capture_method=manual&payment_method=pm_card_visa"));
        CHECK(account.post("/v1/payment_intents/" + text(intent, "/id") + "/capture", "amount_to_capture=3000").status == 200);
        const bool old = version < "2025";
        CHECK(account.get("/v1/refunds").at("data").as_array().size() == (old ? 1 : 0));
        CHECK(account.get("/v1/balance_transactions").at("data").as_array().size() == (old ? 2 : 1));
    }
}
