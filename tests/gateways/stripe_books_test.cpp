#include "gateways/stripe_script.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

std::string row(const std::string& id, const std::string& category, const std::string& source) {
    return R"({"id":")" + id +
           R"(","object":"balance_transaction","amount":1,"currency":"eur","created":1795341600,)"
           R"("reporting_category":")" +
           category + R"(","source":)" + source + "}";
}

const std::string charge =
    R"({"id":"ch_stripe","object":"charge","amount":900,"amount_captured":700,"currency":"usd","metadata":{"reference":"ch_ours"}})";

std::string refund(const std::string& status, const std::string& metadata) {
    return R"({"id":"re_1","object":"refund","amount":300,"currency":"usd","status":")" + status + R"(","charge":)" + charge +
           R"(,"metadata":)" + metadata + "}";
}

}  // namespace

TEST_CASE("Stripe's books of a day hold captures, refunds and disputes as the customer was charged, and nothing else") {
    StripeScript stripe;
    const std::string dispute =
        R"({"id":"dp_1","object":"dispute","amount":700,"currency":"usd","metadata":{},"charge":)" + charge + "}";
    stripe.answer(200, stripe_list(row("txn_1", "charge", charge) + "," +
                                       row("txn_2", "refund", refund("succeeded", R"({"reference":"ch_ours"})")) + "," +
                                       row("txn_3", "refund", refund("failed", "{}")) + "," +
                                       row("txn_4", "refund_failure", refund("failed", "{}")) + "," +
                                       row("txn_5", "dispute", dispute) + "," + row("txn_6", "payout", R"("po_1")") + "," +
                                       row("txn_7", "fee", "null") + "," + row("txn_8", "dispute_reversal", dispute) + "," +
                                       row("txn_9", "partial_capture_reversal", refund("succeeded", "{}")),
                                   true));
    const auto page = stripe.books();
    REQUIRE(page.has_value());
    const WallTime at = std::chrono::sys_seconds(std::chrono::seconds(1795341600));
    const auto one = [&](const char* id, const char* type, std::int64_t amount, const char* status) {
        return GatewayTransaction{.id = id,
                                  .reference = "ch_ours",
                                  .type = type,
                                  .amount = amount,
                                  .currency = "USD",
                                  .status = status,
                                  .created_at = at};
    };
    CHECK(page->data == std::vector{one("ch_stripe", "capture", 700, "captured"), one("re_1", "refund", 300, "refunded"),
                                    one("re_1", "refund", 300, "failed"), one("re_1", "refund", 300, "failed"),
                                    one("dp_1", "dispute", 700, "disputed")});
    CHECK(page->next_cursor == "txn_9");
    CHECK(stripe.asked[0].path ==
          "/v1/balance_transactions?created%5Bgte%5D=1795305600&created%5Blt%5D=1795392000&limit=50&"
          "expand%5B%5D=data.source&expand%5B%5D=data.source.charge");

    stripe.answer(200,
                  stripe_list(row("txn_10", "charge",
                                  R"({"id":"ch_2","object":"charge","amount_captured":5,"currency":"jpy","metadata":{}})")));
    const auto last = stripe.books("txn_9");
    REQUIRE(last.has_value());
    CHECK(last->next_cursor.empty());
    CHECK(last->data.at(0).reference.empty());
    CHECK(last->data.at(0).amount == 5);
    CHECK_THAT(stripe.asked[1].path, Catch::EndsWith("&starting_after=txn_9"));
}

TEST_CASE("books that cannot be read whole are not read in part") {
    const std::string odd =
        GENERATE_COPY(row("txn_1", "charge", R"("ch_stripe")"), row("txn_1", "charge", "null"),
                      row("txn_1", "charge", refund("succeeded", "{}")), row("", "charge", charge),
                      row("txn_1", "charge", R"({"id":"ch_2","object":"charge","currency":"usd"})"),
                      row("txn_1", "charge", R"({"id":"ch_2","object":"charge","amount_captured":550,"currency":"isk"})"),
                      row("txn_1", "charge", R"({"id":"ch_2","object":"charge","amount_captured":5,"currency":"xxy"})"),
                      row("txn_1", "charge", R"({"object":"charge","amount_captured":5,"currency":"usd"})"), std::string("7"));
    CAPTURE(odd);
    StripeScript stripe;
    stripe.answer(200, stripe_list(row("txn_0", "charge", charge) + "," + odd));
    CHECK(meaning(stripe.books()) == "unreadable_answer?");
}

TEST_CASE("a list that promises more of nothing, or is none, is unreadable, and what Stripe refuses to tell is told as it is") {
    StripeScript stripe;
    stripe.answer(200, stripe_list("", true)).answer(200, "{\"data\":[]}").answer(200, "{\"has_more\":false}");
    for (int i = 0; i < 3; ++i) CHECK(meaning(stripe.books()) == "unreadable_answer?");
    stripe.answer(200, stripe_list(""));
    CHECK(stripe.books()->data.empty());
    stripe.answer(403, stripe_error("invalid_request_error")).answer(429, "").fails(Code::network_error);
    CHECK(meaning(stripe.books()) == "gateway_busy?");
    CHECK(meaning(stripe.books()) == "gateway_busy?");
    CHECK(meaning(stripe.books()) == "network_error?");
}
