#include "support.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

Authorization told(std::string avs, std::string cvv, std::string country = "") {
    return {.id = "auth_1",
            .avs_result = std::move(avs),
            .cvv_result = std::move(cvv),
            .card_country = std::move(country),
            .expires_at = {}};
}

}  // namespace

TEST_CASE("avs_cvv hits when the address or the security code does not match, and on nothing else") {
    const auto rule = rule_of("avs_cvv");
    CHECK(rule->phase() == Phase::after);
    for (const std::string avs : {"match", "mismatch", "unavailable", ""})
        for (const std::string cvv : {"match", "mismatch", "unavailable", ""}) {
            INFO(avs + ", " + cvv);
            CHECK(judge(*rule, Order(), told(avs, cvv)).hit == (avs == "mismatch" || cvv == "mismatch"));
        }
}

TEST_CASE("avs_cvv tells what was checked and what was not") {
    const auto rule = rule_of("avs_cvv");
    CHECK(judge(*rule, Order(), told("match", "mismatch")).detail == "the address matches, the security code does not match");
    CHECK(judge(*rule, Order(), told("unavailable", "")).detail ==
          "the address is unavailable, the security code was not told");
}

TEST_CASE("country_mismatch hits when the card is from another country than the customer") {
    const auto rule = rule_of("country_mismatch");
    CHECK(rule->phase() == Phase::after);
    CHECK(judge(*rule, Order(), told("", "", "FR")).hit);
    CHECK_FALSE(judge(*rule, Order(), told("", "", "US")).hit);
}

TEST_CASE("country_mismatch passes a card whose country was not told and says so") {
    const auto finding = judge(*rule_of("country_mismatch"), Order(), told("", ""));
    CHECK_FALSE(finding.hit);
    CHECK(finding.detail == "the card's country was not told");
}

TEST_CASE("rules that wait for the gateway pass as long as it was not asked") {
    CHECK_FALSE(judge(*rule_of("avs_cvv"), Order()).hit);
    CHECK_FALSE(judge(*rule_of("country_mismatch"), Order()).hit);
}

TEST_CASE("high_amount hits at the threshold of the charge's currency and above") {
    const auto rule = rule_of("high_amount", {{"threshold", fraud::Amounts{{"USD", 200'000}, {"JPY", 300'000}}}});
    CHECK(rule->phase() == Phase::before);
    const auto hits = [&](std::int64_t minor, std::string_view currency) {
        Order order;
        order.amount = {minor, *Currency::from_code(currency)};
        return judge(*rule, order).hit;
    };
    CHECK_FALSE(hits(199'999, "USD"));
    CHECK(hits(200'000, "USD"));
    CHECK(hits(Money::minor_max, "USD"));
    CHECK_FALSE(hits(200'000, "JPY"));
    CHECK(hits(300'000, "JPY"));
}

TEST_CASE("high_amount passes a currency without a threshold and says so") {
    const auto rule = rule_of("high_amount", {{"threshold", fraud::Amounts{{"USD", 1}}}});
    Order order;
    order.amount = {Money::minor_max, *Currency::from_code("EUR")};
    const auto finding = judge(*rule, order);
    CHECK_FALSE(finding.hit);
    CHECK(finding.detail == "there is no threshold for EUR");
}
