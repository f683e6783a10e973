// What fraud rules do to a charge: which of them hit, what becomes of it, and what everybody is told of that.
#include <catch2/catch.hpp>

#include "integration/screening.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

/// A rule of each kind, what makes it hit, and whether it waits for the gateway's word.
struct Kind {
    std::string name;
    std::string rule;  // without its action
    Order order;
    bool asks_first = false;
};

const std::vector<Kind> kinds{
    {"blocklist", R"(kind = "blocklist", emails = ["eve@example.com"])", from_eve},
    {"high_amount", R"(kind = "high_amount", threshold = {USD = 100000})", expensive},
    {"velocity", R"(kind = "velocity", key = "customer", max_count = 1, window = "1h")", {}},
    {"avs_cvv", R"(kind = "avs_cvv")", {.token = "tok_avs_mismatch"}, true},
    {"country_mismatch", R"(kind = "country_mismatch")", french_card, true},
};

/// A stage with this rule alone, at which the next charge of `kind.order` hits.
struct OneRule {
    EventStage stage;

    OneRule(bool on_redis, const Kind& kind, const std::string& more)
        : stage(on_redis, ruled_by("{" + kind.rule + more + "}")) {
        stage.start();
        if (kind.name == "velocity") REQUIRE(stage.charge("key-0", again({}, 0)).starts_with("ch_"));
    }
};

std::string with_effects(const EventStage& stage, const Reply& charge) {
    return judged(charge) + " | " + stage.effects();
}

}  // namespace

TEST_CASE("without rules every charge is approved, and so is one to which no rule objects") {
    const bool ruled = GENERATE(false, true);
    EventStage stage(GENERATE(false, true),
                     ruled ? ruled_by(blocks_eve + "," + challenges_1000_usd + "," + blocks_mismatch) : Variables{});
    stage.start();
    const Reply paid = must(charge(stage.port(), "key-1", {.amount = 99'999}));
    CHECK(paid.status == 201);
    CHECK(judged(paid) == (ruled ? "approve 0: blocklist pass, high_amount pass, avs_cvv pass" : "approve 0: "));
    CHECK(stage.effects() == whole_checkout);
}

TEST_CASE("the answer, the charge, the page and the event tell the same risk") {
    const auto rules = R"({kind = "blocklist", name = "known", customers = ["cus_9"]},
        {kind = "high_amount", name = "large", action = "score", score = 20, threshold = {USD = 4000}},
        {kind = "country_mismatch", name = "abroad", shadow = true})";
    EventStage stage(GENERATE(false, true), ruled_by(rules));
    stage.start();
    const Reply paid = must(charge(stage.port(), "key-1", french_card));
    REQUIRE(paid.status == 201);
    CHECK(judged(paid) == "approve 20: known pass, large score 20, abroad challenge shadow");
    const json::object risk = risk_of(paid);
    for (const json::value& rule : risk.at("rules").as_array()) CHECK_FALSE(rule.at("detail").as_string().empty());
    CHECK(risk.at("rules").at(0).at("kind") == "blocklist");
    CHECK(risk.at("rules").at(1).at("kind") == "high_amount");
    CHECK(risk.at("rules").at(2).at("kind") == "country_mismatch");

    const std::string id = paid.text("id");
    CHECK(risk_of(stage.get("/charge/" + id)) == risk);
    CHECK(body_of(stage.get("/charge?order_id=ord_1")).at("data").at(0).at("risk") == risk);
    CHECK(stage.shop_hears(id, "charge.succeeded"));
    CHECK(stage.listener.heard(id).at(0).body.at("data").at("risk") == risk);
    check_replay(must(charge(stage.port(), "key-1", french_card)), paid);
}

TEST_CASE("a rule of any kind that is told to block does: nothing stays authorized, the goods are given back") {
    for (const Kind& kind : kinds) {
        DYNAMIC_SECTION(kind.name) {
            const OneRule shop(GENERATE(false, true), kind, R"(, action = "block")");
            const Reply blocked = check_blocked(shop.stage, "key-1", kind.order);
            CHECK(judged(blocked) == "block 0: " + kind.name + " block");
            CHECK(shop.stage.effects() == (kind.asks_first ? taken_back : never_asked));
            check_no_payment(shop.stage, kind.order);
        }
    }
}

TEST_CASE("a rule of any kind that is told to challenge has the customer authenticate, who then pays once") {
    for (const Kind& kind : kinds) {
        DYNAMIC_SECTION(kind.name) {
            const OneRule shop(GENERATE(false, true), kind, R"(, action = "challenge")");
            const Reply asked = must(charge(shop.stage.port(), "key-1", kind.order));
            const std::string id = asked.text("id");
            check_unsettled(asked, id);
            CHECK(asked.text("status") == "requires_action");
            CHECK(asked.text("next_action.redirect_url").starts_with("http"));
            CHECK(judged(asked) == "challenge 0: " + kind.name + " challenge");
            CHECK(shop.stage.effects() == (kind.asks_first ? replaced : "reserve"));
            const Reply paid = Till(shop.stage).settle({id, "confirm", "key-2"});
            CHECK(paid.text("status") == "succeeded");
            CHECK(judged(paid) == judged(asked));
            CHECK(shop.stage.effects() == (kind.asks_first ? paid_in_place : whole_checkout));
            check_one_payment(shop.stage, kind.order, "captured");
        }
    }
}

TEST_CASE("a rule of any kind that is told to score leaves the charge alone and flags it from the threshold on") {
    for (const Kind& kind : kinds) {
        DYNAMIC_SECTION(kind.name) {
            const std::string score = GENERATE("49", "50", "51");
            const OneRule shop(false, kind, R"(, action = "score", score = )" + score);
            const Reply paid = must(charge(shop.stage.port(), "key-1", kind.order));
            CHECK(paid.status == 201);
            CHECK(paid.text("status") == "succeeded");
            CHECK(with_effects(shop.stage, paid) == (score == "49" ? "approve " : "review ") + score + ": " + kind.name +
                                                        " score " + score + " | " + whole_checkout);
        }
    }
}

TEST_CASE("a rule of any kind in the shadow tells what it would have done and does nothing") {
    for (const Kind& kind : kinds) {
        DYNAMIC_SECTION(kind.name) {
            const std::string action = GENERATE("block", "challenge", "score");
            const OneRule shop(false, kind, R"(, shadow = true, score = 70, action = ")" + action + "\"");
            const Reply paid = must(charge(shop.stage.port(), "key-1", kind.order));
            CHECK(paid.status == 201);
            CHECK(with_effects(shop.stage, paid) ==
                  "approve 0: " + kind.name + " " + action + " 70 shadow | " + whole_checkout);
        }
    }
}

TEST_CASE("each kind does what the contract says where its rule names no action") {
    for (const Kind& kind : kinds) {
        DYNAMIC_SECTION(kind.name) {
            const OneRule shop(false, kind, kind.name == "velocity" ? ", score = 7" : "");
            CHECK(charge(shop.stage.port(), "key-1", kind.order));
            const Reply page = shop.stage.get("/charge?order_id=ord_1");
            const std::string told = json::serialize(body_of(page).at("data").at(0).at("risk").at("rules").at(0).at("verdict"));
            const bool scores = kind.name == "velocity";
            const bool challenges = kind.name == "high_amount" || kind.name == "country_mismatch";
            CHECK(told == (scores ? R"("score")" : challenges ? R"("challenge")" : R"("block")"));
        }
    }
}
