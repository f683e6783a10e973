#include "support.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

/// Hits or not, as it is told; remembers that it was asked and with which count.
class Told final : public fraud::Rule {
public:
    explicit Told(bool hits, Phase phase = Phase::before, std::optional<Velocity> velocity = {})
        : hits(hits), phase_(phase), velocity_(std::move(velocity)) {}
    [[nodiscard]] Phase phase() const noexcept override { return phase_; }
    [[nodiscard]] std::optional<Velocity> counts(const fraud::Subject&) const override { return velocity_; }
    [[nodiscard]] fraud::Finding judge(const fraud::Facts& facts) const override {
        ++asked;
        count = facts.count;
        return {hits, "as told"};
    }

    bool hits;
    mutable int asked = 0;
    mutable std::optional<std::int64_t> count;

private:
    Phase phase_;
    std::optional<Velocity> velocity_;
};

std::shared_ptr<Told> told(bool hits, Phase phase = Phase::before) {
    return std::make_shared<Told>(hits, phase);
}

fraud::NamedRule named(std::string name, Verdict action, std::shared_ptr<const fraud::Rule> rule, std::int64_t score = 0) {
    return {.kind = "told", .name = std::move(name), .score = score, .action = action, .rule = std::move(rule)};
}

fraud::NamedRule shadow(fraud::NamedRule rule) {
    rule.shadow = true;
    return rule;
}

Texts names_of(const fraud::Risk& risk) {
    Texts names;
    for (const auto& rule : risk.rules) names.push_back(rule.name);
    return names;
}

const Order order;
const Authorization authorized{
    .id = "auth_1", .avs_result = "match", .cvv_result = "match", .card_country = "US", .expires_at = {}};

}  // namespace

TEST_CASE("without any rule every charge is approved, whatever the threshold") {
    for (const std::int64_t threshold : {0, 50}) {
        const fraud::Screen screen({}, threshold);
        const auto risk = screen.after(screen.before(order.subject(), {}), order.subject(), authorized);
        CHECK(risk.decision == Decision::approve);
        CHECK(risk.rules.empty());
    }
    CHECK(fraud::no_rules().before(order.subject(), {}).decision == Decision::approve);
}

TEST_CASE("every verdict is kept in the order of the rules, those that pass as well") {
    const fraud::Screen screen({named("a", Verdict::score, told(true), 10), named("b", Verdict::block, told(false), 7),
                                named("c", Verdict::challenge, told(true), 5)},
                               50);
    const auto risk = screen.before(order.subject(), {});
    REQUIRE(names_of(risk) == Texts{"a", "b", "c"});
    CHECK(risk.rules[0] == fraud::RuleVerdict{"a", "told", Verdict::score, 10, false, "as told"});
    CHECK(risk.rules[1] == fraud::RuleVerdict{"b", "told", Verdict::pass, 0, false, "as told"});
    CHECK(risk.rules[2] == fraud::RuleVerdict{"c", "told", Verdict::challenge, 5, false, "as told"});
    CHECK(risk.score == 15);
}

TEST_CASE("the first block ends the evaluation and no later rule is asked") {
    const auto later = told(true);
    const fraud::Screen screen({named("a", Verdict::score, told(true), 10), named("b", Verdict::block, told(true)),
                                named("c", Verdict::challenge, later)},
                               50);
    const auto risk = screen.before(order.subject(), {});
    CHECK(risk.decision == Decision::block);
    CHECK(names_of(risk) == Texts{"a", "b"});
    CHECK(later->asked == 0);
    REQUIRE(fraud::blocking_rule(risk) != nullptr);
    CHECK(fraud::blocking_rule(risk)->name == "b");
}

TEST_CASE("a shadow rule is judged and kept and changes nothing") {
    const auto action = GENERATE(Verdict::score, Verdict::challenge, Verdict::block);
    const auto later = told(true);
    const fraud::Screen screen({shadow(named("a", action, told(true), 100)), named("b", Verdict::score, later, 10)}, 50);
    const auto risk = screen.before(order.subject(), {});
    CHECK(risk.decision == Decision::approve);
    CHECK(risk.score == 10);
    CHECK(later->asked == 1);
    REQUIRE(names_of(risk) == Texts{"a", "b"});
    CHECK(risk.rules[0].shadow);
    CHECK(risk.rules[0].verdict == action);
    CHECK(risk.rules[0].score == 100);
    CHECK(fraud::blocking_rule(risk) == nullptr);
}

TEST_CASE("a charge is for review from the threshold on, and scores of all rules add up") {
    const auto decision_at = [](std::int64_t threshold) {
        const fraud::Screen screen({named("a", Verdict::score, told(true), 20), named("b", Verdict::score, told(true), 30),
                                    named("c", Verdict::score, told(false), 40)},
                                   threshold);
        return screen.before(order.subject(), {}).decision;
    };
    CHECK(decision_at(51) == Decision::approve);
    CHECK(decision_at(50) == Decision::review);
    CHECK(decision_at(1) == Decision::review);
}

TEST_CASE("a challenge outweighs a review and a block outweighs both") {
    std::vector<fraud::NamedRule> rules = {named("a", Verdict::score, told(true), 100),
                                           named("b", Verdict::challenge, told(true))};
    CHECK(fraud::Screen(rules, 50).before(order.subject(), {}).decision == Decision::challenge);
    rules.push_back(named("c", Verdict::block, told(true)));
    CHECK(fraud::Screen(rules, 50).before(order.subject(), {}).decision == Decision::block);
}

TEST_CASE("rules are judged in their phase, each once, and what both phases found adds up") {
    const auto early = told(true);
    const auto late = told(true, Phase::after);
    const fraud::Screen screen({named("late", Verdict::score, late, 30), named("early", Verdict::score, early, 20)}, 50);
    const auto before = screen.before(order.subject(), {});
    CHECK(names_of(before) == Texts{"early"});
    CHECK(late->asked == 0);
    CHECK(before.decision == Decision::approve);
    const auto after = screen.after(before, order.subject(), authorized);
    CHECK(names_of(after) == Texts{"early", "late"});
    CHECK(early->asked == 1);
    CHECK(after.score == 50);
    CHECK(after.decision == Decision::review);
}

TEST_CASE("a second authorization is judged anew in place of the first") {
    const auto late = told(true, Phase::after);
    const fraud::Screen screen({named("early", Verdict::score, told(true), 20), named("late", Verdict::challenge, late, 30)},
                               100);
    auto risk = screen.after(screen.before(order.subject(), {}), order.subject(), authorized);
    CHECK(risk.decision == Decision::challenge);
    late->hits = false;
    risk = screen.after(risk, order.subject(), authorized);
    CHECK(names_of(risk) == Texts{"early", "late"});
    CHECK(risk.decision == Decision::approve);
    CHECK(risk.score == 20);
}

TEST_CASE("a block after the authorization ends the evaluation too") {
    const auto later = told(true, Phase::after);
    const fraud::Screen screen({named("a", Verdict::block, told(true, Phase::after)), named("b", Verdict::score, later)}, 50);
    const auto risk = screen.after(screen.before(order.subject(), {}), order.subject(), authorized);
    CHECK(risk.decision == Decision::block);
    CHECK(later->asked == 0);
}

TEST_CASE("what was blocked before the gateway was asked is not judged any further") {
    const auto late = told(true, Phase::after);
    const fraud::Screen screen({named("a", Verdict::block, told(true)), named("b", Verdict::score, late)}, 50);
    const auto risk = screen.after(screen.before(order.subject(), {}), order.subject(), authorized);
    CHECK(risk.decision == Decision::block);
    CHECK(late->asked == 0);
}

TEST_CASE("each rule is judged by its own count, also where other rules stand between") {
    const auto counting = [](const char* key, bool attempts) {
        return std::make_shared<Told>(false, Phase::before,
                                      Velocity{.key = key, .window = 1h, .max = 3, .counts_begin = attempts});
    };
    const auto first = counting("shop/first", true);
    const auto second = counting("shop/second", false);
    const auto none = told(false);
    const fraud::Screen screen(
        {named("first", Verdict::score, first), named("none", Verdict::score, none), named("second", Verdict::score, second)},
        50);
    const auto asked = screen.counts(order.subject());
    REQUIRE(asked.size() == 2);
    CHECK(asked[0].key == "shop/first");
    CHECK(asked[1].key == "shop/second");
    (void)screen.before(order.subject(), screen.counted(order.subject(), {4, 2}));
    CHECK(first->count == 4);
    CHECK(second->count == 2);
    CHECK_FALSE(none->count);
}

TEST_CASE("only rules of failures are counted when a card is refused") {
    const auto attempts = std::make_shared<Told>(false, Phase::before, Velocity{.key = "attempts", .counts_begin = true});
    const auto failures = std::make_shared<Told>(false, Phase::before, Velocity{.key = "failures", .counts_begin = false});
    const fraud::Screen screen({named("a", Verdict::score, attempts), named("b", Verdict::score, failures)}, 50);
    const auto counted = screen.failure_counts(order.subject());
    REQUIRE(counted.size() == 1);
    CHECK(counted[0].key == "failures");
}

TEST_CASE("counts that are not known leave their rules without one") {
    const auto rule = std::make_shared<Told>(false, Phase::before, Velocity{.key = "k"});
    const fraud::Screen screen({named("a", Verdict::score, rule)}, 50);
    (void)screen.before(order.subject(), screen.counted(order.subject(), {}));
    CHECK(rule->asked == 1);
    CHECK_FALSE(rule->count);
}

TEST_CASE("verdicts and decisions have the names of the contract") {
    for (const std::string name : {"pass", "score", "challenge", "block"}) {
        REQUIRE(fraud::verdict_from(name));
        CHECK(fraud::name(*fraud::verdict_from(name)) == name);
    }
    CHECK_FALSE(fraud::verdict_from("review"));
    CHECK(fraud::name(Decision::approve) == "approve");
    CHECK(fraud::name(Decision::review) == "review");
    CHECK(fraud::name(Decision::challenge) == "challenge");
    CHECK(fraud::name(Decision::block) == "block");
}
