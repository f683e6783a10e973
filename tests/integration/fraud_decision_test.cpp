// Several rules together: which are judged, in which order, and what their verdicts come to.
#include <catch2/catch.hpp>

#include "integration/screening.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

std::string scoring(const std::string& name, int score, int threshold = 1000) {
    return R"({kind = "high_amount", action = "score", name = ")" + name + R"(", score = )" + std::to_string(score) +
           ", threshold = {USD = " + std::to_string(threshold) + "}}";
}

struct Judged {
    std::string rules;
    Order order;
    int status;
    std::string risk;
    std::string effects;
};

void check(const Judged& one, const std::string& review_threshold = "50") {
    INFO(one.rules << " with " << review_threshold);
    EventStage stage(false, ruled_by(one.rules, {{"TOLLGATE_FRAUD_REVIEW_THRESHOLD", review_threshold}}));
    stage.start();
    const Reply answer = must(charge(stage.port(), "key-1", one.order));
    CHECK(answer.status == one.status);
    const std::string id = answer.text(answer.status < 300 ? "id" : "charge_id");
    CHECK(judged(stage.get("/charge/" + id)) == one.risk);
    CHECK(stage.effects() == one.effects);
}

}  // namespace

TEST_CASE("the first block ends the evaluation, and the verdicts before it are kept in their order") {
    const std::string first = scoring("first", 10);
    const std::string eve = R"({kind = "blocklist", name = "eve", emails = ["eve@example.com"]})";
    const std::string last = scoring("last", 20);
    check({first + "," + eve + "," + last, from_eve, 402, "block 10: first score 10, eve block", never_asked});
    check({eve + "," + first + "," + last, from_eve, 402, "block 0: eve block", never_asked});
    check({first + "," + eve + "," + last + "," + blocks_mismatch,
           {},
           201,
           "approve 30: first score 10, eve pass, last score 20, avs_cvv pass",
           whole_checkout});
}

TEST_CASE("a block before the gateway leaves the rules that wait for its word unjudged, wherever they stand") {
    check({blocks_mismatch + "," + challenges_strangers + "," + blocks_eve,
           {.token = "tok_cvv_mismatch", .email = "eve@example.com"},
           402,
           "block 0: blocklist block",
           never_asked});
}

TEST_CASE("a block after the gateway's word ends the evaluation too") {
    check({scoring("first", 10) + "," + blocks_mismatch + "," + challenges_strangers, wrong_code, 402,
           "block 10: first score 10, avs_cvv block", taken_back});
}

TEST_CASE("a block in the shadow does not end the evaluation, a later rule may block still") {
    const std::string shadow = R"({kind = "blocklist", name = "trial", customers = ["cus_1"], shadow = true})";
    check({shadow + "," + blocks_eve, from_eve, 402, "block 0: trial block shadow, blocklist block", never_asked});
    check({shadow + "," + scoring("last", 60), {}, 201, "review 60: trial block shadow, last score 60", whole_checkout});
    check({shadow + "," + blocks_mismatch, wrong_code, 402, "block 0: trial block shadow, avs_cvv block", taken_back});
}

TEST_CASE("a rule that is switched off is not judged and not told") {
    const std::string off = R"({kind = "blocklist", customers = ["cus_1"], enabled = false})";
    const std::string on = R"({kind = "blocklist", name = "on", customers = ["cus_9"], enabled = true})";
    check({off, {}, 201, "approve 0: ", whole_checkout});
    check({off + "," + on, {}, 201, "approve 0: on pass", whole_checkout});
    check({R"({kind = "avs_cvv", enabled = false})", wrong_code, 201, "approve 0: ", whole_checkout});
}

TEST_CASE("scores add up before and after the gateway's word, those in the shadow and those that pass left out") {
    const std::string shadow = R"({kind = "high_amount", name = "trial", action = "score", score = 90, shadow = true, )"
                               "threshold = {USD = 1}}";
    const std::string after = R"({kind = "avs_cvv", action = "score", score = 15})";
    const std::string all =
        scoring("a", 10) + "," + shadow + "," + scoring("b", 25) + "," + scoring("c", 99, 900'000) + "," + after;
    const std::string said = "a score 10, trial score 90 shadow, b score 25, c pass, avs_cvv ";
    check({all, {}, 201, "approve 35: " + said + "pass", whole_checkout});
    check({all, wrong_code, 201, "review 50: " + said + "score 15", whole_checkout});
}

TEST_CASE("a sum at or above the review threshold is flagged, one below is not") {
    const Order order;
    const std::string rules = scoring("a", 30) + "," + scoring("b", 30);
    const std::string said = "60: a score 30, b score 30";
    check({rules, order, 201, "approve " + said, whole_checkout}, "61");
    check({rules, order, 201, "review " + said, whole_checkout}, "60");
    check({rules, order, 201, "review " + said, whole_checkout}, "59");
    check({rules, order, 201, "review " + said, whole_checkout}, "0");
    check({scoring("a", 30, 900'000), order, 201, "review 0: a pass", whole_checkout}, "0");
}

TEST_CASE("the strictest of what rules ask for is decided: block, then challenge, then review, then approve") {
    const std::string many = scoring("many", 60);
    const std::string large = R"({kind = "high_amount", name = "large", threshold = {USD = 1000}})";
    check({many + "," + large, {}, 202, "challenge 60: many score 60, large challenge", "reserve"});
    check({large + "," + many, {}, 202, "challenge 60: large challenge, many score 60", "reserve"});
    check({many + "," + large + "," + blocks_eve, from_eve, 402, "block 60: many score 60, large challenge, blocklist block",
           never_asked});
    check({large + "," + many + "," + blocks_eve, from_eve, 402, "block 60: large challenge, many score 60, blocklist block",
           never_asked});
}

TEST_CASE("a challenge needs not to be asked twice, though rules before and after the gateway want it") {
    const std::string large = R"({kind = "high_amount", threshold = {USD = 1000}})";
    EventStage stage(GENERATE(false, true), ruled_by(large + "," + challenges_strangers));
    stage.start();
    const std::string id = stage.charge("key-1", french_card, 202);
    CHECK(stage.effects() == "reserve");
    const Reply paid = Till(stage).settle({id, "confirm", "key-2"});
    CHECK(paid.text("status") == "succeeded");
    CHECK(judged(paid) == "challenge 0: high_amount challenge, country_mismatch challenge");
    CHECK(stage.effects() == whole_checkout);
}

TEST_CASE("a customer who authenticated for a challenge is still refused when the gateway's word blocks") {
    EventStage stage(GENERATE(false, true), ruled_by(challenges_1000_usd + "," + blocks_mismatch));
    stage.start();
    const Order order{.token = "tok_cvv_mismatch", .amount = 100'000};
    const std::string id = stage.charge("key-1", order, 202);
    const Reply refused = Till(stage).settle({id, "confirm", "key-2"});
    check_problem(refused, 402, "fraud_blocked");
    const Reply blocked = check_blocked(stage, "key-1", order);
    CHECK(judged(blocked) == "block 0: high_amount challenge, avs_cvv block");
    CHECK(stage.effects() == taken_back);
    CHECK(stage.shop_hears(id, "charge.requires_action charge.declined"));
}

TEST_CASE("an amount is high from the threshold of its own currency on, and never in a currency without one") {
    EventStage stage(
        false, ruled_by(R"({kind = "high_amount", action = "block", threshold = {USD = 200000, JPY = 300000, KWD = 50000}})"));
    stage.start();
    const std::vector<std::tuple<std::string, long long, bool>> all{
        {"USD", 199'999, false}, {"USD", 200'000, true},      {"JPY", 299'999, false},
        {"JPY", 300'000, true},  {"KWD", 49'999, false},      {"KWD", 50'000, true},
        {"KWD", 50'001, true},   {"EUR", 999'999'999, false}, {"JPY", 200'000, false}};
    int number = 0;
    for (const auto& [currency, amount, high] : all) {
        INFO(currency << " " << amount);
        const std::string name = "ord_" + std::to_string(++number);
        const Order order{.id = name, .amount = amount, .currency = currency};
        CHECK(must(charge(stage.port(), name, order)).status == (high ? 402 : 201));
    }
}
