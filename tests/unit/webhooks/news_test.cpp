#include <catch2/catch.hpp>

#include "webhooks/news.hpp"

using namespace tollgate;
using namespace tollgate::webhooks;
using Kind = GatewayNews::Kind;

namespace {

Money money(std::int64_t minor, const char* currency) {
    return {minor, *Currency::from_code(currency)};
}

GatewayNews told(const std::string& body) {
    const auto news = news_of(body);
    INFO((news ? "" : news.error().detail));
    REQUIRE(news);
    REQUIRE(*news);
    return **news;
}

bool is_silent(const std::string& body) {
    const auto news = news_of(body);
    return news && !*news;
}

/// Why it cannot be read.
std::string wrong(const std::string& body) {
    const auto news = news_of(body);
    return news ? "" : news.error().detail;
}

std::string payment(const std::string& type, const std::string& data) {
    return R"({"id":"e","type":"payment.)" + type + R"(","created":1,"data":)" + data + "}";
}

std::string stripe(const std::string& type, const std::string& object) {
    return R"({"id":"e","type":")" + type + R"(","data":{"object":)" + object + "}}";
}

std::string intent(const std::string& more) {
    return R"({"id":"pi_1","currency":"usd","metadata":{"reference":"ch_1"},)" + more + "}";
}

std::string adyen(const std::string& code, const std::string& success,
                  const std::string& amount = R"({"value":1130,"currency":"EUR"})") {
    return R"({"eventCode":")" + code + R"(","success":)" + success +
           R"(,"pspReference":"psp_1","originalReference":"psp_0","merchantReference":"ch_1","amount":)" + amount +
           R"(,"reason":"Not enough balance"})";
}

}  // namespace

TEST_CASE("the events of contract section 4 tell all that their data says") {
    const std::string data =
        R"({"reference":"ch_1","authorization_id":"auth_1","capture_id":"cap_1","refund_id":"re_1","dispute_id":"dp_1","amount":500,"currency":"JPY"})";
    const WallTime at{std::chrono::seconds(1)};
    const std::pair<const char*, Kind> kinds[] = {
        {"authorized", Kind::authorized}, {"captured", Kind::captured}, {"voided", Kind::voided},
        {"refunded", Kind::refunded},     {"disputed", Kind::disputed}, {"action_completed", Kind::action_completed},
        {"failed", Kind::failed}};
    for (const auto& [type, kind] : kinds) {
        CHECK(told(payment(type, data)) == GatewayNews{.kind = kind,
                                                       .reference = "ch_1",
                                                       .authorization_id = "auth_1",
                                                       .capture_id = "cap_1",
                                                       .refund_id = "re_1",
                                                       .dispute_id = "dp_1",
                                                       .amount = money(500, "JPY"),
                                                       .at = at});
    }
    CHECK(told(payment("voided", R"({"reference":"ch_1"})")) ==
          GatewayNews{.kind = Kind::voided, .reference = "ch_1", .at = at});
    CHECK(told(payment("voided", R"({"capture_id":"cap_1","reference":null})")).capture_id == "cap_1");
}

TEST_CASE("when it happened is told in seconds or as RFC 3339, and whatever else stands there is no time") {
    const auto at = [](const std::string& created) {
        const auto news =
            news_of(R"({"id":"e","type":"payment.voided","created":)" + created + R"(,"data":{"reference":"ch_1"}})");
        REQUIRE(news);
        REQUIRE(*news);
        return (*news)->at;
    };
    const WallTime noon{std::chrono::sys_days(std::chrono::year(2026) / 11 / 22) + std::chrono::hours(12)};
    CHECK(at("1795348800") == noon);
    CHECK(at("\"2026-11-22T12:00:00Z\"") == noon);
    CHECK(at("\"2026-11-22T13:00:00.000+01:00\"") == noon);
    for (const char* none : {"null", "-1", "1.5", "9223372036854775807", "\"\"", "\"yesterday\"", "[]", "true"}) {
        CHECK_FALSE(at(none));
    }
    const auto intent =
        news_of(R"({"id":"e","type":"payment_intent.canceled","created":1795348800,"data":{"object":{"id":"pi_1",)"
                R"("created":1,"metadata":{"reference":"ch_1"}}}})");
    REQUIRE(intent);
    CHECK((*intent)->at == noon);
}

TEST_CASE("a failure tells why, and a reason nobody knows is a decline") {
    const std::pair<const char*, Code> reasons[] = {{"insufficient_funds", Code::insufficient_funds},
                                                    {"expired_card", Code::expired_card},
                                                    {"card_declined", Code::card_declined},
                                                    {"do_not_honor", Code::card_declined}};
    for (const auto& [word, code] : reasons)
        CHECK(told(payment("failed", R"({"reference":"ch_1","error":")" + std::string(word) + R"("})")).why == code);
}

TEST_CASE("what is of no known type tells nothing, whatever its data") {
    for (const char* type : {"payment.", "payment.exploded", "Payment.captured", "payment.captured ", "customer.created",
                             "charge.succeeded", "charge.updated", "AUTHORISATION", ""}) {
        CHECK(is_silent(R"({"id":"e","type":")" + std::string(type) + R"(","data":7})"));
    }
    CHECK(is_silent(R"({"id":"e"})"));
    CHECK(is_silent(R"({"id":"e","type":["payment.captured"]})"));
}

TEST_CASE("an event of a known type whose data is wrong says what is wrong with it") {
    const std::pair<std::string, const char*> broken[] = {
        {R"({"reference":7})", "reference is not a string"},
        {R"({"reference":"a\nb"})", "reference is not a string"},
        {R"({"reference":")" + std::string(256, 'x') + R"("})", "reference is not a string"},
        {R"({"reference":"ch_1","amount":"5","currency":"USD"})", "amount is not an integer"},
        {R"({"reference":"ch_1","amount":5.0,"currency":"USD"})", "amount is not an integer"},
        {R"({"reference":"ch_1","amount":-1,"currency":"USD"})", "amount is not an integer"},
        {R"({"reference":"ch_1","amount":1000000000000,"currency":"USD"})", "amount is not an integer"},
        {R"({"reference":"ch_1","amount":18446744073709551615,"currency":"USD"})", "amount is not an integer"},
        {R"({"reference":"ch_1","amount":5})", "currency is not a currency"},
        {R"({"reference":"ch_1","amount":5,"currency":"XXY"})", "currency is not a currency"},
        {R"({"amount":5,"currency":"USD"})", "names no charge"},
        {R"({"reference":""})", "names no charge"},
        {"[]", "data is not"},
        {"null", "no data"}};
    for (const auto& [data, why] : broken) {
        INFO(data);
        const std::string found = wrong(payment("captured", data));
        CHECK((found.find(why) != std::string::npos || (std::string(why) == "data is not" && !found.empty())));
    }
    CHECK_FALSE(wrong("not JSON").empty());
    CHECK_FALSE(wrong(stripe("payment_intent.succeeded", "[]")).empty());
    CHECK_FALSE(wrong(stripe("payment_intent.succeeded", R"({"id":"pi_1","currency":"usd","metadata":[],"amount_received":1})"))
                    .empty());
}

TEST_CASE("an id that held a card number is no id, masked or not") {
    for (const std::string card : {"4242424242424242", "4242-4242-4242-4242", "************4242", "re_************4242"}) {
        for (const std::string name : {"authorization_id", "capture_id", "refund_id", "dispute_id", "reference"}) {
            std::string data = R"({"reference":"ch_1","more":1})";
            const bool reference = name == "reference";
            data.replace(data.find(reference ? "ch_1" : "more\":1"), reference ? 4 : 7,
                         reference ? card : name + "\":\"" + card + "\"");
            INFO(data);
            CHECK(wrong(payment("refunded", data)) == "the event cannot be read: one of its ids holds a card number");
        }
        CHECK_FALSE(wrong(stripe("payment_intent.succeeded", intent(R"("latest_charge":")" + card + "\""))).empty());
        std::string item = adyen("CAPTURE", "true");
        CHECK_FALSE(wrong(item.replace(item.find("psp_1"), 5, card)).empty());
    }
}

TEST_CASE("a PaymentIntent of Stripe's tells of authorization, capture, cancellation and failure") {
    CHECK(told(stripe("payment_intent.amount_capturable_updated",
                      intent(R"("capture_method":"manual","amount_capturable":700)"))) ==
          GatewayNews{.kind = Kind::authorized, .reference = "ch_1", .authorization_id = "pi_1", .amount = money(700, "USD")});
    CHECK(is_silent(
        stripe("payment_intent.amount_capturable_updated", intent(R"("capture_method":"automatic","amount_capturable":700)"))));
    const GatewayNews captured{.kind = Kind::captured,
                               .reference = "ch_1",
                               .authorization_id = "pi_1",
                               .capture_id = "ch_stripe",
                               .amount = money(700, "USD")};
    CHECK(told(stripe("payment_intent.succeeded", intent(R"("latest_charge":"ch_stripe","amount_received":700)"))) == captured);
    CHECK(told(stripe("payment_intent.succeeded", intent(R"("latest_charge":{"id":"ch_stripe"},"amount_received":700)"))) ==
          captured);
    CHECK(told(stripe("payment_intent.canceled", intent(R"("amount":700)"))) ==
          GatewayNews{.kind = Kind::voided, .reference = "ch_1", .authorization_id = "pi_1"});
    const auto failed = [](const std::string& error) {
        return told(stripe("payment_intent.payment_failed", intent(R"("last_payment_error":)" + error))).why;
    };
    CHECK(failed(R"({"code":"card_declined","decline_code":"insufficient_funds"})") == Code::insufficient_funds);
    CHECK(failed(R"({"code":"expired_card"})") == Code::expired_card);
    CHECK(failed("null") == Code::card_declined);
    for (const char* type : {"created", "processing", "requires_action", "partially_funded"})
        CHECK(is_silent(stripe("payment_intent." + std::string(type), intent(R"("amount":1)"))));
}

TEST_CASE("a refund of Stripe's is the newest one where they are listed, and all of them together where they are not") {
    const std::string charge =
        R"({"id":"ch_stripe","payment_intent":"pi_1","currency":"usd","metadata":{"reference":"ch_1"},"amount_refunded":900)";
    const GatewayNews both{.kind = Kind::refunded,
                           .reference = "ch_1",
                           .authorization_id = "pi_1",
                           .capture_id = "ch_stripe",
                           .amount = money(900, "USD"),
                           .in_total = true};
    CHECK(told(stripe("charge.refunded", charge + "}")) == both);
    CHECK(told(stripe("charge.refunded", charge + R"(,"refunds":{"data":[]}})")) == both);
    GatewayNews newest = both;
    newest.refund_id = "re_2";
    newest.amount = money(400, "USD");
    newest.in_total = false;
    CHECK(told(stripe("charge.refunded", charge +
                                             R"(,"refunds":{"data":[{"id":"re_1","amount":500,"currency":"usd","created":1},)"
                                             R"({"id":"re_2","amount":400,"currency":"usd","created":2}]}})")) == newest);
}

TEST_CASE("a voided authorization that Stripe tells of as refunded is no news of a capture") {
    const std::string charge =
        R"({"id":"ch_stripe","payment_intent":"pi_1","currency":"usd","metadata":{"reference":"ch_1"},"amount_refunded":900)";
    CHECK(is_silent(stripe("charge.refunded", charge + R"(,"captured":false})")));
    CHECK(told(stripe("charge.refunded", charge + R"(,"captured":true})")).kind == Kind::refunded);
}

TEST_CASE("a dispute of Stripe's names what was paid") {
    const std::string dispute =
        R"({"id":"dp_1","charge":"ch_stripe","payment_intent":"pi_1","amount":900,"currency":"usd","metadata":{}})";
    for (const char* type : {"created", "updated", "closed", "funds_withdrawn", "funds_reinstated"}) {
        CHECK(told(stripe("charge.dispute." + std::string(type), dispute)) == GatewayNews{.kind = Kind::disputed,
                                                                                          .authorization_id = "pi_1",
                                                                                          .capture_id = "ch_stripe",
                                                                                          .dispute_id = "dp_1",
                                                                                          .amount = money(900, "USD")});
    }
}

TEST_CASE("amounts of Stripe's and Adyen's are put into the minor unit of ISO 4217") {
    const auto stripes = [](const std::string& amount, const std::string& currency) {
        return stripe("charge.dispute.created",
                      R"({"id":"dp_1","charge":"c","amount":)" + amount + R"(,"currency":")" + currency + R"("})");
    };
    CHECK(told(stripes("500", "isk")).amount == money(5, "ISK"));
    CHECK(told(stripes("500", "ugx")).amount == money(5, "UGX"));
    CHECK(told(stripes("5", "mga")).amount == money(500, "MGA"));
    CHECK(told(stripes("5", "jpy")).amount == money(5, "JPY"));
    CHECK(told(stripes("5000", "kwd")).amount == money(5000, "KWD"));
    CHECK(wrong(stripes("550", "isk")).find("minor unit") != std::string::npos);
    const auto adyens = [](const std::string& amount) { return adyen("CAPTURE", "true", amount); };
    CHECK(told(adyens(R"({"value":500,"currency":"CLP"})")).amount == money(5, "CLP"));
    CHECK(told(adyens(R"({"value":500,"currency":"ISK"})")).amount == money(5, "ISK"));
    CHECK(told(adyens(R"({"value":5,"currency":"IDR"})")).amount == money(500, "IDR"));
    CHECK(told(adyens(R"({"value":5,"currency":"CVE"})")).amount == money(500, "CVE"));
    CHECK(wrong(adyens(R"({"value":999999999999,"currency":"CVE"})")).find("minor unit") != std::string::npos);
}

TEST_CASE("an item of Adyen's tells what became of what it names") {
    const Money amount = money(1130, "EUR");
    CHECK(told(adyen("AUTHORISATION", "\"true\"")) ==
          GatewayNews{.kind = Kind::authorized, .reference = "ch_1", .authorization_id = "psp_1", .amount = amount});
    CHECK(told(adyen("AUTHORISATION", "\"false\"")) == GatewayNews{.kind = Kind::failed,
                                                                   .reference = "ch_1",
                                                                   .authorization_id = "psp_1",
                                                                   .amount = amount,
                                                                   .why = Code::insufficient_funds});
    CHECK(
        told(adyen("CAPTURE", "true")) ==
        GatewayNews{
            .kind = Kind::captured, .reference = "ch_1", .authorization_id = "psp_0", .capture_id = "psp_1", .amount = amount});
    CHECK(told(adyen("CANCELLATION", "\"true\"")) ==
          GatewayNews{.kind = Kind::voided, .reference = "ch_1", .authorization_id = "psp_0", .amount = amount});
    CHECK(
        told(adyen("REFUND", "\"true\"")) ==
        GatewayNews{
            .kind = Kind::refunded, .reference = "ch_1", .authorization_id = "psp_0", .refund_id = "psp_1", .amount = amount});
    for (const char* code : {"CHARGEBACK", "NOTIFICATION_OF_CHARGEBACK"}) {
        CHECK(told(adyen(code, "\"true\"")) == GatewayNews{.kind = Kind::disputed,
                                                           .reference = "ch_1",
                                                           .authorization_id = "psp_0",
                                                           .dispute_id = "psp_1",
                                                           .amount = amount});
    }
    for (const char* code : {"CAPTURE", "CANCELLATION", "REFUND", "CHARGEBACK"}) CHECK(is_silent(adyen(code, "\"false\"")));
    for (const char* code : {"REPORT_AVAILABLE", "CAPTURE_FAILED", "CHARGEBACK_REVERSED", "REFUND_FAILED"})
        CHECK(is_silent(adyen(code, "\"true\"")));
}
