// What the fraud rules do to a charge: nobody is called for one that is blocked, and no money stays where it should not.
#include "invariants.hpp"
#include "payments/hear.hpp"
#include "some_rules.hpp"

using namespace tollgate;
using namespace tollgate::test;
using fraud::Phase;
using Says = fraud::Verdict;
using Steps = std::vector<Step>;

namespace {

const std::vector<std::string> none;

GatewayNews news_of(GatewayNews::Kind kind, const Shop& shop, std::string authorization_id) {
    GatewayNews news{.kind = kind};
    news.reference = shop.id();
    news.authorization_id = std::move(authorization_id);
    return news;
}

Result<NewsOutcome> tell(Shop& shop, GatewayNews news) {
    const auto heard = std::make_shared<std::optional<Result<NewsOutcome>>>();
    spawn(shop.time.runtime().executor,
          [](std::shared_ptr<Checkout> its, GatewayNews told,
             std::shared_ptr<std::optional<Result<NewsOutcome>>> outcome) -> Task<void> {
              auto came = co_await its->hear(std::move(told));
              *outcome = std::move(came);
          }(std::make_shared<Checkout>(shop.checkout()), std::move(news), heard));
    shop.time.advance(1s);
    REQUIRE(*heard);
    return **heard;
}

Result<ChargeAnswer> ask_for(Shop& shop, OperationKind kind) {
    OperationCommand command{.tenant = "default",
                             .charge_id = shop.id(),
                             .idempotency_key = "op-1",
                             .request = {kind, {}, {}},
                             .fingerprint = "payload",
                             .request_id = "req-2",
                             .origin = {}};
    return shop.time.run(shop.checkout().operate(std::move(command)));
}

std::string authorized_id(const Shop& shop, std::size_t index) {
    return shop.world.effects_of(Step::authorize).at(index).id;
}

}  // namespace

TEST_CASE("a charge that a rule blocks calls no gateway, gives its reservation back, and is told as blocked") {
    Shop shop;
    shop.screen = one_rule(Says::block, Phase::before);
    const auto answer = shop.post();
    REQUIRE(answer);
    CHECK(answer->answer.status == 402);
    CHECK(answer->answer.body.find("\"fraud_blocked\"") != std::string::npos);
    CHECK(shop.status() == "blocked");
    CHECK(shop.world.steps_done() == Steps{Step::reserve, Step::release});
    CHECK(shop.world.calls_of(Step::authorize).empty());
    CHECK(broken_invariants(shop, 1) == none);
    const auto again = shop.post();
    REQUIRE(again);
    CHECK(again->answer == answer->answer);
}

TEST_CASE("a charge that is blocked for what the gateway told of its card is voided and released") {
    Shop shop;
    shop.screen = one_rule(Says::block, Phase::after);
    const auto answer = shop.post();
    REQUIRE(answer);
    CHECK(answer->answer.status == 402);
    CHECK(shop.status() == "blocked");
    CHECK(shop.world.steps_done() == Steps{Step::reserve, Step::authorize, Step::void_authorization, Step::release});
    CHECK(broken_invariants(shop, 1) == none);
}

TEST_CASE("every verdict stays on the charge, in the order of the rules") {
    Shop shop;
    auto shadow = always("watching", Says::block, Phase::before, 90);
    shadow.shadow = true;
    shop.screen = fraud::Screen(
        {std::move(shadow), always("flagged", Says::score, Phase::before, 60), always("abroad", Says::score, Phase::after, 5)},
        50);
    const auto answer = shop.post();
    REQUIRE(answer);
    CHECK(answer->answer.status == 201);
    const std::string risk =
        R"("risk":{"decision":"review","score":65,"rules":[)"
        R"({"name":"watching","kind":"test","verdict":"block","score":90,"shadow":true,"detail":"as told"},)"
        R"({"name":"flagged","kind":"test","verdict":"score","score":60,"shadow":false,"detail":"as told"},)"
        R"({"name":"abroad","kind":"test","verdict":"score","score":5,"shadow":false,"detail":"as told"}]})";
    CHECK(answer->answer.body.find(risk) != std::string::npos);
    CHECK(to_json(shop.charge()).find(risk) != std::string::npos);
}

TEST_CASE("a challenge asks the gateway for authentication at once, and the charge goes on when the customer is back") {
    Shop shop;
    shop.screen = one_rule(Says::challenge, Phase::before);
    shop.world.asks_customers = true;
    REQUIRE(shop.post());
    CHECK(shop.status() == "requires_action");
    CHECK(shop.world.authenticated == std::vector<bool>{true});
    const auto answer = ask_for(shop, OperationKind::confirm);
    REQUIRE(answer);
    CHECK(answer->answer.status == 200);
    CHECK(shop.status() == "succeeded");
    CHECK(shop.world.steps_done() == Steps{Step::reserve, Step::authorize, Step::capture, Step::ship});
}

TEST_CASE("what only the authorization tells leads to another one, with the customer's authentication, in place of the first") {
    Shop shop;
    shop.screen = one_rule(Says::challenge, Phase::after);
    shop.world.asks_customers = true;
    REQUIRE(shop.post());
    CHECK(shop.status() == "requires_action");
    CHECK(shop.world.authenticated == std::vector<bool>{false, true});
    CHECK(shop.world.steps_done() == Steps{Step::reserve, Step::authorize, Step::void_authorization});
    const auto answer = ask_for(shop, OperationKind::confirm);
    REQUIRE(answer);
    CHECK(answer->answer.status == 200);
    CHECK(shop.world.steps_done() ==
          Steps{Step::reserve, Step::authorize, Step::void_authorization, Step::authorize, Step::capture, Step::ship});
    CHECK(shop.world.effects_of(Step::capture).at(0).of == authorized_id(shop, 1));
    CHECK(broken_invariants(shop, 1) == none);
}

TEST_CASE("who has authenticated is not asked a second time, though the rule hits again") {
    Shop shop;
    shop.screen = one_rule(Says::challenge, Phase::after);
    shop.world.scripts[Step::authorize].performs = {wants_customer()};
    REQUIRE(shop.post());
    REQUIRE(shop.status() == "requires_action");
    const auto answer = ask_for(shop, OperationKind::confirm);
    REQUIRE(answer);
    CHECK(answer->answer.status == 200);
    CHECK(shop.world.effects_of(Step::void_authorization).empty());
    CHECK(shop.charge().risk.decision == fraud::Decision::challenge);
}

TEST_CASE("the second authorization is judged as well, and what it led to is undone under keys of its own") {
    Shop shop;
    auto second = std::make_shared<TestRule>(
        Phase::after, [&shop](const fraud::Facts& facts) { return facts.authorization->id != authorized_id(shop, 0); });
    shop.screen = fraud::Screen({always("abroad", Says::challenge, Phase::after), named_rule("cvv", Says::block, second)}, 50);
    const auto answer = shop.post();
    REQUIRE(answer);
    CHECK(answer->answer.status == 402);
    CHECK(shop.status() == "blocked");
    const auto voids = shop.world.effects_of(Step::void_authorization);
    REQUIRE(voids.size() == 2);
    CHECK(voids[0].of == authorized_id(shop, 0));
    CHECK(voids[1].of == authorized_id(shop, 1));
    CHECK(voids[0].key != voids[1].key);
    CHECK(broken_invariants(shop, 1) == none);
}

TEST_CASE("an authorization that is to be replaced and cannot be voided pages, and nothing else is asked for") {
    Shop shop;
    shop.screen = one_rule(Says::challenge, Phase::after);
    shop.world.scripts[Step::void_authorization].always = refuses(Code::gateway_refused);
    REQUIRE(shop.post());
    shop.recover(10min);
    CHECK(shop.status() == "needs_attention");
    CHECK(shop.pager.kinds() == std::vector<std::string>{"failed_compensation"});
    CHECK(shop.world.effects_of(Step::authorize).size() == 1);
    shop.world.scripts[Step::void_authorization].always.reset();
    shop.recover(2h);
    CHECK(shop.status() == "blocked");
    CHECK(broken_invariants(shop, 1) == none);
}

TEST_CASE("the gateway's word of the replaced authorization changes nothing any more") {
    Shop shop;
    shop.screen = one_rule(Says::challenge, Phase::after);
    shop.world.asks_customers = true;
    REQUIRE(shop.post());
    using News = GatewayNews::Kind;
    for (const News kind : {News::authorized, News::voided}) {
        const auto heard = tell(shop, news_of(kind, shop, authorized_id(shop, 0)));
        REQUIRE(heard);
        CHECK(heard->kind == NewsOutcome::Kind::known);
    }
    const auto unclear = tell(shop, news_of(News::voided, shop, ""));
    REQUIRE(unclear);
    CHECK(unclear->kind == NewsOutcome::Kind::known);
    GatewayNews captured = news_of(News::captured, shop, authorized_id(shop, 0));
    captured.capture_id = "cap_9";
    const auto late = tell(shop, captured);
    REQUIRE(late);
    CHECK(late->kind == NewsOutcome::Kind::conflict);
    CHECK(shop.status() == "requires_action");
    REQUIRE(ask_for(shop, OperationKind::confirm));
    CHECK(shop.status() == "succeeded");
}

TEST_CASE("the gateway's word that the replaced authorization is void is as good as its answer") {
    Shop shop;
    shop.screen = one_rule(Says::challenge, Phase::after);
    shop.world.scripts[Step::void_authorization].performs = {loses_reply()};
    shop.world.scripts[Step::void_authorization].always_look_up = hears(Code::gateway_timeout);
    shop.charge_timeout = 2s;
    REQUIRE(shop.post());
    REQUIRE(shop.charge().step_up == StepUp::voiding);
    shop.time.advance(1min);
    const auto heard = tell(shop, news_of(GatewayNews::Kind::voided, shop, authorized_id(shop, 0)));
    REQUIRE(heard);
    CHECK(heard->kind == NewsOutcome::Kind::applied);
    shop.recover(10min);
    CHECK(shop.status() == "succeeded");
    CHECK(shop.world.effects_of(Step::authorize).size() == 2);
}

TEST_CASE("news of an authorization wait for its own answer, which tells the rules of the card") {
    Shop shop;
    shop.screen = one_rule(Says::block, Phase::after);
    shop.world.scripts[Step::authorize].performs = {loses_reply()};
    shop.world.scripts[Step::authorize].look_ups = {hears(Code::gateway_timeout), hears(Code::gateway_timeout)};
    shop.charge_timeout = 1s;
    REQUIRE(shop.post());
    GatewayNews captured = news_of(GatewayNews::Kind::captured, shop, authorized_id(shop, 0));
    captured.capture_id = "cap_1";
    for (const GatewayNews& news : {news_of(GatewayNews::Kind::authorized, shop, authorized_id(shop, 0)), captured}) {
        const auto heard = tell(shop, news);
        REQUIRE(heard);
        CHECK(heard->kind == NewsOutcome::Kind::too_soon);
    }
    shop.recover(10min);
    CHECK(shop.status() == "blocked");
    CHECK(shop.world.effects_of(Step::capture).empty());
}

TEST_CASE("news of an authorization are believed when nothing else can tell of it any more") {
    Shop shop;
    shop.screen = one_rule(Says::score, Phase::after);
    shop.world.scripts[Step::authorize].performs = {loses_reply()};
    shop.world.scripts[Step::authorize].always_look_up = hears(Code::gateway_timeout);
    shop.charge_timeout = 1s;
    REQUIRE(shop.post());
    shop.recover(10min);
    REQUIRE(shop.pager.kinds() == std::vector<std::string>{"unknown_outcome_stuck"});
    const auto heard = tell(shop, news_of(GatewayNews::Kind::authorized, shop, authorized_id(shop, 0)));
    REQUIRE(heard);
    CHECK(heard->kind == NewsOutcome::Kind::applied);
    shop.recover(10min);
    CHECK(shop.status() == "succeeded");
}

TEST_CASE("where a payment method can be used once only, what should have been authenticated is voided and blocked") {
    Shop shop;
    shop.world.traits.pays_once = true;
    shop.rewire();
    shop.screen = one_rule(Says::challenge, Phase::after);
    const auto answer = shop.post();
    REQUIRE(answer);
    CHECK(answer->answer.status == 402);
    CHECK(answer->answer.body.find("takes this payment method only once") != std::string::npos);
    CHECK(shop.status() == "blocked");
    CHECK(shop.world.steps_done() == Steps{Step::reserve, Step::authorize, Step::void_authorization, Step::release});
}

TEST_CASE("a customer who only has to authenticate waits for a gateway that is away for a while") {
    Shop shop;
    shop.screen = one_rule(Says::challenge, Phase::after);
    shop.world.scripts[Step::void_authorization].always = not_reached();
    shop.charge_timeout = 2min;
    shop.time.advance(1s);
    REQUIRE(shop.post());
    CHECK(shop.status() == "processing");
    CHECK(shop.pager.pages.empty());
    shop.world.scripts[Step::void_authorization].always.reset();
    shop.recover(10min);
    CHECK(shop.status() == "succeeded");
}

TEST_CASE("a charge whose authorization was replaced is never begun anew under its key") {
    Shop shop;
    shop.world.traits = {24h, 2h, true, true};
    shop.rewire();
    shop.screen = one_rule(Says::challenge, Phase::after);
    shop.world.scripts[Step::authorize].performs = {does(), keeps_its_500(false)};
    shop.charge_timeout = 1s;
    REQUIRE(shop.post());
    shop.recover(5h);
    CHECK_FALSE(shop.row().key_free);
    CHECK(shop.status() == "declined");
    CHECK(shop.world.effects_of(Step::authorize).size() == 1);
    CHECK(shop.world.effects_of(Step::release).size() == 1);
}

TEST_CASE("a manual charge cannot be captured while its authorization is being replaced") {
    Shop shop;
    shop.request.manual_capture = true;
    shop.screen = one_rule(Says::challenge, Phase::after);
    shop.world.scripts[Step::void_authorization].performs = {loses_reply()};
    shop.world.scripts[Step::void_authorization].look_ups = {hears(Code::gateway_timeout)};
    shop.charge_timeout = 1s;
    REQUIRE(shop.post());
    REQUIRE(shop.charge().step_up == StepUp::voiding);
    CHECK(shop.status() == "processing");
    const auto refused = ask_for(shop, OperationKind::capture);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::idempotency_in_flight);
    shop.recover(10min);
    CHECK(shop.status() == "authorized");
    const auto captured = ask_for(shop, OperationKind::capture);
    REQUIRE(captured);
    CHECK(captured->answer.status == 200);
    CHECK(shop.world.effects_of(Step::capture).at(0).of == authorized_id(shop, 1));
}

TEST_CASE("what the store counted reaches the rule that asked, also when the charge had to wait for its reservation") {
    Velocity velocity{.key = "default/often/x", .window = 1h, .max = 1};
    std::optional<std::int64_t> seen;
    auto often = std::make_shared<TestRule>(
        Phase::before,
        [&seen](const fraud::Facts& facts) {
            seen = facts.count;
            return facts.count > 1;
        },
        velocity);
    Shop shop;
    shop.screen = fraud::Screen({named_rule("often", Says::block, often)}, 50);
    auto command = shop.command();
    shop.checkout().admit(command, command.begin.admission);
    CHECK(command.begin.admission.velocities == std::vector<Velocity>{velocity});

    shop.world.scripts[Step::reserve].performs = {loses_reply()};
    shop.world.scripts[Step::reserve].look_ups = {hears(Code::gateway_timeout)};
    auto begun = shop.time.run(shop.store.begin(command.begin));
    REQUIRE(begun);
    begun->velocities = {2};
    shop.charge_timeout = 1s;
    const auto told = shop.time.run(shop.checkout()(std::move(command), *begun));
    REQUIRE(told);
    CHECK(told->answer.status == 202);
    CHECK_FALSE(seen);
    shop.recover(10min);
    CHECK(seen == 2);
    CHECK(shop.status() == "blocked");
}

TEST_CASE("a card that is tried and refused is counted once, one that is blocked before is not") {
    const Velocity velocity{.key = "default/testing/x", .window = 1h, .max = 3, .counts_begin = false};
    const auto never = [](const fraud::Facts&) { return false; };
    const auto counts = std::make_shared<TestRule>(Phase::before, never, velocity);
    struct Case {
        std::string title;
        std::vector<fraud::NamedRule> rules;
        std::optional<Reaction> authorize;
        std::int64_t counted;
    };
    const std::vector<Case> cases{{"declined", {}, refuses(Code::card_declined), 1},
                                  {"blocked for its verification code", {always("cvv", Says::block, Phase::after)}, {}, 1},
                                  {"blocked before", {always("list", Says::block, Phase::before)}, {}, 0},
                                  {"succeeded", {}, {}, 0},
                                  {"refused for another reason than the card", {}, refuses(Code::gateway_refused), 0},
                                  {"not reached", {}, not_reached(), 0}};
    for (const Case& one : cases) {
        INFO(one.title);
        Shop shop;
        std::vector<fraud::NamedRule> rules{named_rule("testing", Says::score, counts)};
        rules.insert(rules.end(), one.rules.begin(), one.rules.end());
        shop.screen = fraud::Screen(std::move(rules), 50);
        shop.world.scripts[Step::authorize].always = one.authorize;
        REQUIRE(shop.post());
        BeginCharge next = shop.command().begin;
        next.row.id = charge_id("default", "another");
        next.row.idempotency_key = "another";
        next.row.order_id = "another";
        next.admission.velocities = {velocity};
        const auto begun = shop.time.run(shop.store.begin(next));
        REQUIRE(begun);
        CHECK(begun->velocities == std::vector<std::int64_t>{one.counted});
    }
}

TEST_CASE("the audit log tells what moved and how the charge stood, in order, and on whose behalf") {
    Shop shop;
    auto saga = shop.begin_saga();
    shop.run(saga);
    CHECK(shop.audit.told(shop.id()) == std::vector<std::string>{"tollgate payment.authorize 49.99 USD authorize_2",
                                                                 "tollgate payment.capture 49.99 USD capture_3",
                                                                 "tollgate charge.status succeeded"});
    shop.audit.records.clear();
    GatewayNews news = news_of(GatewayNews::Kind::disputed, shop, "");
    news.dispute_id = "dp_1";
    REQUIRE(tell(shop, news));
    CHECK(shop.audit.told(shop.id()) == std::vector<std::string>{"gateway payment.dispute 49.99 USD dp_1"});
}

TEST_CASE("a void by the shop is written down on its behalf, with the request that asked for it") {
    Shop shop;
    shop.request.manual_capture = true;
    REQUIRE(shop.post());
    shop.audit.records.clear();
    REQUIRE(ask_for(shop, OperationKind::void_authorization));
    CHECK(shop.audit.told() == std::vector<std::string>{"default charge.status processing",
                                                        "default payment.void 49.99 USD void_3",
                                                        "default charge.status canceled"});
    CHECK(shop.audit.records.front().request_id == "req-2");
}

TEST_CASE("a step that another owner's fence refuses is written down as not kept") {
    Shop shop;
    auto saga = shop.begin_saga();
    shop.time.advance(1min);
    REQUIRE(shop.time.run(shop.store.claim(shop.time.wall(), shop.time.wall() + 30s, 10)));
    CHECK(shop.run(saga) == ChargeSaga::End::abandoned);
    const auto told = shop.audit.told(shop.id());
    CHECK(std::ranges::find(told, "tollgate charge.step not kept: lease_lost") != told.end());
}
