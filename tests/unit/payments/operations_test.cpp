// What a checkout does when a client asks something of a charge that exists.
#include <catch2/catch.hpp>

#include "shop.hpp"

using namespace tollgate;
using namespace tollgate::test;
using Kind = OperationKind;
using Steps = std::vector<Step>;

namespace {

/// The status an operation is answered with; the code's name where the charge does not allow it, or it is not begun at all.
std::string told(const Result<ChargeAnswer>& answer) {
    if (!answer) return std::string(info(answer.error().code).name);
    for (const std::string code : {"invalid_state", "refund_exceeds_capture"}) {
        if (answer->answer.body.find("\"code\":\"" + code + "\"") != std::string::npos) return code;
    }
    return std::to_string(answer->answer.status);
}

struct Counter : Shop {
    explicit Counter(bool manual = false) {
        request.manual_capture = manual;
        policy.tells_shop = true;
    }

    OperationCommand command_for(Kind kind, std::string operation_key, std::optional<std::int64_t> amount = {}) const {
        return {.tenant = "default",
                .charge_id = id(),
                .idempotency_key = std::move(operation_key),
                .request = {kind, amount, {}},
                .fingerprint = "payload " + std::to_string(amount.value_or(0)),
                .request_id = "req-2",
                .origin = {}};
    }
    Result<ChargeAnswer> operate(OperationCommand asked) {
        Checkout out = checkout();
        return time.run([](Checkout& its, OperationCommand command) -> Task<Result<ChargeAnswer>> {
            co_return co_await its.operate(std::move(command));
        }(out, std::move(asked)));
    }
    Result<ChargeAnswer> operate(Kind kind, std::string operation_key, std::optional<std::int64_t> amount = {}) {
        return operate(command_for(kind, std::move(operation_key), amount));
    }
    std::string answered(Kind kind, std::string operation_key, std::optional<std::int64_t> amount = {}) {
        return ::told(operate(kind, std::move(operation_key), amount));
    }
    NewsOutcome::Kind hear(GatewayNews news) {
        Checkout out = checkout();
        const auto heard = time.run([](Checkout& its, GatewayNews told) -> Task<Result<NewsOutcome>> {
            co_return co_await its.hear(std::move(told));
        }(out, std::move(news)));
        REQUIRE(heard);
        return heard->kind;
    }
    std::int64_t given_back() const {
        std::int64_t sum = 0;
        for (const auto& effect : world.effects_of(Step::refund)) sum += effect.amount;
        return sum;
    }
    std::vector<std::string> told() const {
        std::vector<std::string> types;
        for (const Transition& step : store.charges.transitions)
            for (const Event& event : step.events) types.push_back(event.type);
        return types;
    }
};

struct Charged : Counter {
    explicit Charged(bool manual = false) : Counter(manual) {
        REQUIRE(post());
        REQUIRE(status() == (manual ? "authorized" : "succeeded"));
    }
};

}  // namespace

TEST_CASE("a manual charge is captured when its shop asks for it, and then ships") {
    Charged shop(true);
    const auto answer = shop.operate(Kind::capture, "op-1");
    REQUIRE(answer);
    CHECK(answer->answer.status == 200);
    CHECK(answer->answer.body.find("\"amount_captured\":4999") != std::string::npos);
    CHECK(shop.status() == "succeeded");
    CHECK(shop.world.steps_done() == Steps{Step::reserve, Step::authorize, Step::capture, Step::ship});
    CHECK(shop.told() == std::vector<std::string>{"charge.succeeded"});
    CHECK(shop.row().answer->status == 201);
    CHECK(shop.row().answer->body.find("\"status\":\"authorized\"") != std::string::npos);
}

TEST_CASE("a capture in part takes that much, and no more than that can be refunded") {
    Charged shop(true);
    CHECK(shop.answered(Kind::capture, "too much", 5000) == "validation_failed");
    CHECK(shop.answered(Kind::capture, "op-1", 3000) == "200");
    CHECK(shop.world.effects_of(Step::capture)[0].amount == 3000);
    CHECK(shop.answered(Kind::refund, "op-2", 3001) == "refund_exceeds_capture");
    CHECK(shop.answered(Kind::refund, "op-3", 3000) == "200");
    CHECK(shop.given_back() == 3000);
}

TEST_CASE("a charge is captured once, whatever is asked of it afterwards") {
    Charged shop(true);
    CHECK(shop.answered(Kind::capture, "op-1") == "200");
    CHECK(shop.answered(Kind::capture, "op-2") == "invalid_state");
    CHECK(shop.answered(Kind::void_authorization, "op-3") == "invalid_state");
    CHECK(shop.world.effects_of(Step::capture).size() == 1);
}

TEST_CASE("a void lets go of money and goods, and nothing can be captured after it") {
    Charged shop(true);
    CHECK(shop.answered(Kind::void_authorization, "op-1") == "200");
    CHECK(shop.status() == "canceled");
    CHECK(shop.world.steps_done() == Steps{Step::reserve, Step::authorize, Step::void_authorization, Step::release});
    CHECK(shop.answered(Kind::capture, "op-2") == "invalid_state");
    CHECK(shop.answered(Kind::void_authorization, "op-3") == "invalid_state");
    CHECK(shop.told() == std::vector<std::string>{"charge.reversed"});
}

TEST_CASE("a charge whose capture is under way can be neither voided nor refunded") {
    Charged shop(true);
    shop.world.scripts[Step::capture].performs = {never_gets_it()};
    shop.world.scripts[Step::capture].always_look_up = hears(Code::gateway_timeout);
    CHECK(shop.answered(Kind::capture, "op-1") == "202");
    CHECK(shop.answered(Kind::void_authorization, "op-2") == "idempotency_in_flight");
    CHECK(shop.answered(Kind::refund, "op-3") == "idempotency_in_flight");
    shop.world.scripts[Step::capture].always_look_up.reset();
    shop.recover();
    CHECK(shop.status() == "succeeded");
    CHECK(shop.answered(Kind::capture, "op-1") == "200");
    CHECK(shop.answered(Kind::void_authorization, "op-2") == "invalid_state");
    CHECK(shop.answered(Kind::refund, "op-3") == "200");
}

TEST_CASE("a refund whose news come before its answer is one refund") {
    Charged shop;
    shop.world.scripts[Step::refund].performs = {loses_reply()};
    shop.world.scripts[Step::refund].always_look_up = hears(Code::gateway_timeout);
    CHECK(shop.answered(Kind::refund, "op-1", 1000) == "202");
    GatewayNews news{.kind = GatewayNews::Kind::refunded, .reference = shop.id()};
    news.refund_id = shop.world.effects_of(Step::refund)[0].id;
    news.amount = Money{1000, *Currency::from_code("USD")};
    CHECK(shop.hear(news) == NewsOutcome::Kind::too_soon);
    shop.world.scripts[Step::refund].always_look_up.reset();
    shop.recover();
    CHECK(shop.answered(Kind::refund, "op-1", 1000) == "200");
    CHECK(shop.charge().refunds.size() == 1);
    CHECK_FALSE(shop.row().due_at);
    CHECK(shop.told() == std::vector<std::string>{"charge.succeeded", "charge.refunded"});
}

TEST_CASE("a refund that only its news settle leaves the next one a call of its own") {
    Charged shop;
    shop.world.scripts[Step::refund].performs = {keeps_its_500(true)};
    shop.world.scripts[Step::refund].always_look_up = fails_without_acting();
    CHECK(shop.answered(Kind::refund, "op-1", 1000) == "202");
    shop.time.advance(20h);
    shop.recover_once();  // somebody is called by now
    CHECK(shop.answered(Kind::refund, "op-2", 500) == "202");
    GatewayNews news{.kind = GatewayNews::Kind::refunded, .reference = shop.id()};
    news.refund_id = shop.world.effects_of(Step::refund)[0].id;
    news.amount = Money{1000, *Currency::from_code("USD")};
    CHECK(shop.hear(news) == NewsOutcome::Kind::applied);
    shop.world.scripts[Step::refund].always_look_up.reset();
    shop.time.advance(1s);
    CHECK(shop.answered(Kind::refund, "op-2", 500) == "200");
    CHECK(shop.given_back() == 1500);
    CHECK(shop.pager.kinds() == std::vector<std::string>{"unknown_outcome_stuck"});
}

TEST_CASE("a customer who was not done yet is waited for again, and the same confirm goes on then") {
    Counter shop;
    shop.world.scripts[Step::authorize].performs = {wants_customer("pi_1"), wants_customer("pi_1")};
    REQUIRE(shop.post()->answer.status == 202);
    CHECK(shop.answered(Kind::confirm, "op-1") == "202");
    CHECK(shop.status() == "requires_action");
    CHECK(shop.answered(Kind::confirm, "op-1") == "200");
    CHECK(shop.status() == "succeeded");
    CHECK(shop.answered(Kind::confirm, "op-1") == "200");
    CHECK(shop.world.effects_of(Step::authorize).size() == 1);
}

TEST_CASE("however often a customer is confirmed in vain, the charge can still be voided, and each confirm has its answer") {
    Counter shop;
    shop.world.scripts[Step::authorize].always = wants_customer();
    REQUIRE(shop.post()->answer.status == 202);
    for (std::size_t i = 0; i < operations_max + 5; ++i) {
        REQUIRE(shop.answered(Kind::confirm, "op-" + std::to_string(i)) == "202");
    }
    CHECK(shop.charge().operations.size() == 1);
    CHECK(shop.answered(Kind::void_authorization, "op-void") == "200");
    CHECK(shop.answered(Kind::confirm, "op-0") == "409");
    CHECK(shop.answered(Kind::confirm, "op-" + std::to_string(operations_max + 4)) == "409");
}

TEST_CASE("what a charge does not allow is the key's answer from then on, so that no late copy of the request does it") {
    Charged shop(true);
    const auto first = shop.operate(Kind::refund, "op-1", 100);
    CHECK(told(first) == "invalid_state");
    CHECK(shop.answered(Kind::capture, "op-1") == "200");  // another kind is another key
    const auto again = shop.operate(Kind::refund, "op-1", 100);
    CHECK(again->replayed);
    CHECK(again->answer == first->answer);
    CHECK(shop.given_back() == 0);
    CHECK(shop.answered(Kind::refund, "op-2", 100) == "200");
}

TEST_CASE("a request that waited while its copy was refused is refused as well") {
    Charged shop;
    shop.world.scripts[Step::refund].performs = {
        Reaction{.acts = false, .error = PaymentError(Code::gateway_refused, "no"), .remembers = true, .takes = 5s}};
    std::vector<std::string> answers;
    Checkout out = shop.checkout();
    const auto send = [&](OperationCommand command) {
        spawn(shop.time.runtime().executor,
              [](Checkout& its, OperationCommand asked, std::vector<std::string>& heard) -> Task<void> {
                  const auto answer = co_await its.operate(std::move(asked));
                  heard.push_back(told(answer));
              }(out, std::move(command), answers));
    };
    send(shop.command_for(Kind::refund, "op-1", 4999));
    shop.time.advance(1s);
    for (int copies = 0; copies < 3; ++copies) send(shop.command_for(Kind::refund, "op-2", 4999));
    shop.time.advance(30s);
    REQUIRE(answers.size() == 4);
    CHECK(answers[0] == "502");
    CHECK(std::ranges::count(answers, "200") == 3);  // whichever came first did it, and the others are told so
    CHECK(shop.given_back() == 4999);
}

TEST_CASE("a charge with automatic capture is neither captured nor voided by hand") {
    Charged shop;
    CHECK(shop.answered(Kind::capture, "op-1") == "invalid_state");
    CHECK(shop.answered(Kind::void_authorization, "op-2") == "invalid_state");
    CHECK(shop.answered(Kind::confirm, "op-3") == "invalid_state");
    CHECK(shop.world.steps_done().size() == 4);
}

TEST_CASE("an operation that is asked for again is told the same, byte for byte, whatever has happened since") {
    Charged shop;
    const auto first = shop.operate(Kind::refund, "op-1", 1000);
    REQUIRE(first);
    CHECK_FALSE(first->replayed);
    CHECK(first->answer.body.find("\"amount_refunded\":1000") != std::string::npos);
    REQUIRE(shop.operate(Kind::refund, "op-2", 2000));
    const auto again = shop.operate(Kind::refund, "op-1", 1000);
    REQUIRE(again);
    CHECK(again->replayed);
    CHECK(again->answer == first->answer);
    CHECK(shop.given_back() == 3000);
    CHECK(shop.answered(Kind::refund, "op-1", 1001) == "idempotency_key_reused");
}

TEST_CASE("a refund whose record has outlived its time is still not made twice") {
    Counter shop;
    shop.answer_ttl = 1h;
    REQUIRE(shop.post());
    REQUIRE(shop.operate(Kind::refund, "op-1", 1000));
    shop.time.advance(2h);
    const auto again = shop.operate(Kind::refund, "op-1", 1000);
    REQUIRE(again);
    CHECK(again->replayed);
    CHECK(again->answer.status == 200);
    CHECK(shop.given_back() == 1000);
}

TEST_CASE("a refund that was refused stays so after its record has outlived its time") {
    Counter shop;
    shop.answer_ttl = 1h;
    REQUIRE(shop.post());
    shop.world.scripts[Step::refund].performs = {refuses(Code::gateway_refused)};
    CHECK(shop.answered(Kind::refund, "op-1", 1000) == "502");
    shop.time.advance(2h);
    CHECK(shop.answered(Kind::refund, "op-1", 1000) == "502");
    CHECK(shop.given_back() == 0);
    CHECK(shop.answered(Kind::refund, "op-2", 1000) == "200");
}

TEST_CASE("refunds never exceed what was captured, and without an amount all that is left is given back") {
    Charged shop;
    CHECK(shop.answered(Kind::refund, "op-1", 1999) == "200");
    CHECK(shop.answered(Kind::refund, "op-2", 3001) == "refund_exceeds_capture");
    CHECK(shop.answered(Kind::refund, "op-3") == "200");
    CHECK(shop.answered(Kind::refund, "op-4") == "refund_exceeds_capture");
    CHECK(shop.given_back() == 4999);
    CHECK_FALSE(shop.row().live);
    CHECK(shop.status() == "succeeded");
    CHECK(shop.told() == std::vector<std::string>{"charge.succeeded", "charge.refunded", "charge.refunded"});
}

TEST_CASE("what a pending refund has reserved is not given to another one") {
    Charged shop;
    shop.world.scripts[Step::refund].performs = {never_gets_it()};
    shop.world.scripts[Step::refund].always_look_up = hears(Code::gateway_timeout);
    shop.charge_timeout = 1s;
    CHECK(shop.answered(Kind::refund, "op-1", 3000) == "202");
    CHECK(shop.answered(Kind::refund, "op-1", 3000) == "202");
    CHECK(shop.row().status == ChargeStatus::succeeded);
    shop.time.advance(20s);  // its client's patience, and the look-up under way, are over
    CHECK(shop.answered(Kind::refund, "op-2", 2000) == "refund_exceeds_capture");
    CHECK(shop.answered(Kind::refund, "op-3", 1999) == "202");

    shop.world.scripts[Step::refund].always_look_up.reset();
    shop.recover();
    CHECK(shop.given_back() == 4999);
    CHECK(shop.answered(Kind::refund, "op-1", 3000) == "200");
    CHECK(shop.answered(Kind::refund, "op-3", 1999) == "200");
}

TEST_CASE("a refund that the gateway refuses is over, and what it had reserved may be asked for again") {
    Charged shop;
    shop.world.scripts[Step::refund].performs = {refuses(Code::gateway_refused)};
    const auto refused = shop.operate(Kind::refund, "op-1", 4999);
    REQUIRE(refused);
    CHECK(refused->answer.status == 502);
    CHECK(refused->answer.body.find("\"retriable\":false") != std::string::npos);
    CHECK(refused->answer.body.find("/charge/" + shop.id() + "/refund") != std::string::npos);
    CHECK(shop.status() == "succeeded");
    CHECK(shop.operate(Kind::refund, "op-1", 4999)->replayed);
    CHECK(shop.answered(Kind::refund, "op-2", 4999) == "200");
    CHECK(shop.given_back() == 4999);
    CHECK(shop.pager.pages.empty());
}

TEST_CASE("a refund goes on while the gateway is away, and its client is told 202 until it is made") {
    Charged shop;
    shop.world.scripts[Step::refund].always = not_reached();
    CHECK(shop.answered(Kind::refund, "op-1", 100) == "202");
    shop.world.scripts[Step::refund].always.reset();
    shop.recover();
    CHECK(shop.answered(Kind::refund, "op-1", 100) == "200");
    CHECK(shop.given_back() == 100);
}

TEST_CASE("a lost reply of a refund does not make it twice") {
    Charged shop;
    shop.world.scripts[Step::refund].performs = {loses_reply()};
    CHECK(shop.answered(Kind::refund, "op-1", 100) == "200");
    CHECK(shop.given_back() == 100);
}

TEST_CASE("operations that come at once wait for each other") {
    Charged shop;
    shop.world.scripts[Step::refund].always = Reaction{.takes = 100ms};
    std::vector<std::string> answers;
    Checkout out = shop.checkout();
    for (int i = 0; i < 20; ++i) {
        spawn(shop.time.runtime().executor,
              [](Checkout& its, OperationCommand command, std::vector<std::string>& heard) -> Task<void> {
                  const auto answer = co_await its.operate(std::move(command));
                  heard.push_back(told(answer));
              }(out, shop.command_for(Kind::refund, "op-" + std::to_string(i), 500), answers));
    }
    shop.time.advance(60s);
    CHECK(std::ranges::count(answers, "200") == 9);
    CHECK(std::ranges::count(answers, "refund_exceeds_capture") == 11);
    CHECK(shop.given_back() == 4500);
}

TEST_CASE("an operation that finds the charge in other hands all the time asks its client to come again") {
    Counter shop;
    shop.charge_timeout = 1s;
    const auto begun = shop.time.run(shop.store.begin(shop.command().begin));
    REQUIRE(begun);
    CHECK(shop.answered(Kind::refund, "op-1") == "idempotency_in_flight");
}

TEST_CASE("a charge of another tenant is not there, nor is one that nobody began") {
    Charged shop;
    OperationCommand foreign = shop.command_for(Kind::refund, "op-1");
    foreign.tenant = "somebody";
    CHECK(shop.operate(foreign).error().code == Code::not_found);
    OperationCommand nowhere = shop.command_for(Kind::refund, "op-1");
    nowhere.charge_id = "ch_nothing";
    CHECK(shop.operate(nowhere).error().code == Code::not_found);
}

TEST_CASE("an amount that the gateway cannot represent is refused before anything is written") {
    Charged shop;
    shop.services.check_amount = [](Money) -> Result<void> { return fail(Code::validation_failed, "not in thousandths"); };
    CHECK(shop.answered(Kind::refund, "op-1", 101) == "validation_failed");
    CHECK(shop.charge().refunds.empty());
}

TEST_CASE("a manual charge that cannot be shipped is undone, and its capture is told so") {
    Charged shop(true);
    shop.world.scripts[Step::ship].performs = {refuses(Code::cannot_ship)};
    const auto answer = shop.operate(Kind::capture, "op-1", 3000);
    REQUIRE(answer);
    CHECK(answer->answer.status == 409);
    CHECK(answer->answer.body.find("cannot_ship") != std::string::npos);
    CHECK(shop.status() == "reversed");
    CHECK(shop.given_back() == 3000);
    CHECK(shop.operate(Kind::capture, "op-1", 3000)->replayed);
}

TEST_CASE("a confirmed charge is authorized once more, with what the gateway kept open, and answers with its end") {
    Counter shop;
    shop.world.scripts[Step::authorize].performs = {wants_customer("pi_1")};
    REQUIRE(shop.post()->answer.status == 202);
    CHECK(shop.answered(Kind::confirm, "op-1") == "200");
    CHECK(shop.status() == "succeeded");
    CHECK(shop.world.continued == std::vector<std::string>{"", "pi_1"});
    CHECK(shop.answered(Kind::confirm, "op-2") == "200");  // resumed before, by whoever it was
    CHECK(shop.world.effects_of(Step::authorize).size() == 1);
}

TEST_CASE("a confirm after the webhook that says the same joins what that began") {
    Counter shop;
    shop.world.scripts[Step::authorize].performs = {wants_customer(), Reaction{.takes = 500ms}};
    REQUIRE(shop.post()->answer.status == 202);
    const GatewayNews news{.kind = GatewayNews::Kind::action_completed, .reference = shop.id()};
    CHECK(shop.hear(news) == NewsOutcome::Kind::applied);
    CHECK(shop.answered(Kind::confirm, "op-1") == "200");
    CHECK(shop.status() == "succeeded");
    CHECK(shop.world.effects_of(Step::authorize).size() == 1);
    CHECK(shop.charge().actions == 1);
}

TEST_CASE("a customer who has authenticated is not asked again because the gateway was away for a moment") {
    Counter shop;
    shop.world.scripts[Step::authorize].performs = {wants_customer()};
    shop.world.scripts[Step::authorize].always = not_reached();
    REQUIRE(shop.post()->answer.status == 202);
    CHECK(shop.answered(Kind::confirm, "op-1") == "202");
    shop.world.scripts[Step::authorize].always.reset();
    shop.recover();
    CHECK(shop.status() == "succeeded");
    CHECK(shop.answered(Kind::confirm, "op-1") == "200");
}

TEST_CASE("a decline after the authentication cancels what the gateway kept open and is what confirm answers") {
    Counter shop;
    shop.world.scripts[Step::authorize].performs = {wants_customer("pi_1"), refuses(Code::insufficient_funds)};
    REQUIRE(shop.post()->answer.status == 202);
    const auto answer = shop.operate(Kind::confirm, "op-1");
    REQUIRE(answer);
    CHECK(answer->answer.status == 402);
    CHECK(shop.status() == "declined");
    CHECK(shop.world.effects_of(Step::void_authorization)[0].of == "pi_1");
    CHECK(shop.world.steps_done().back() == Step::release);
}

TEST_CASE("a customer who does not come back in time costs the charge its goods and what the gateway kept open") {
    Counter shop;
    shop.world.scripts[Step::authorize].performs = {wants_customer("pi_1")};
    REQUIRE(shop.post()->answer.status == 202);
    shop.recover();
    CHECK(shop.status() == "canceled");
    CHECK(shop.world.steps_done() == Steps{Step::reserve, Step::void_authorization, Step::release});
    CHECK(shop.world.effects_of(Step::void_authorization)[0].of == "pi_1");
    CHECK(shop.answered(Kind::confirm, "op-1") == "invalid_state");
    CHECK(shop.store.charges.ledger(shop.id()).empty());
}

TEST_CASE("a shop that gives up on its customer voids the charge that waits") {
    Counter shop;
    shop.world.scripts[Step::authorize].performs = {wants_customer()};
    REQUIRE(shop.post()->answer.status == 202);
    CHECK(shop.answered(Kind::void_authorization, "op-1") == "200");
    CHECK(shop.status() == "canceled");
    CHECK(shop.world.steps_done() == Steps{Step::reserve, Step::release});
    CHECK(shop.answered(Kind::confirm, "op-2") == "invalid_state");
}

TEST_CASE("an authorization that nobody captures is told of a day before it ends, and voided an hour before") {
    Counter shop(true);
    shop.world.authorization_lasts = 7 * 24h;
    REQUIRE(shop.post()->answer.status == 201);
    const WallTime end = *shop.charge().authorization->expires_at;
    CHECK(shop.row().due_at == end - 24h);
    shop.time.advance(6 * 24h);
    CHECK(shop.recover_once());
    CHECK(shop.pager.warnings.size() == 1);
    CHECK(shop.status() == "authorized");
    CHECK(shop.row().due_at == end - 1h);
    shop.time.advance(23h);
    CHECK(shop.recover_once());
    CHECK(shop.status() == "canceled");
    CHECK(shop.world.steps_done() == Steps{Step::reserve, Step::authorize, Step::void_authorization, Step::release});
    CHECK(shop.pager.warnings.size() == 1);
    CHECK(shop.pager.pages.empty());
}

TEST_CASE("where the shop wants it so, an authorization that is about to end is captured") {
    Counter shop(true);
    shop.policy.captures_expiring = true;
    shop.world.authorization_lasts = 8h;
    REQUIRE(shop.post()->answer.status == 201);
    shop.recover(8h);
    CHECK(shop.status() == "succeeded");
    CHECK(shop.world.effects_of(Step::capture)[0].amount == 4999);
}

TEST_CASE("money at risk is told while it is, and not a moment longer") {
    Counter shop(true);
    const auto at_risk = [&shop] {
        const auto sums = shop.time.run(shop.store.money_at_risk());
        return sums->empty() ? AtRisk{} : sums->front().sum;
    };
    REQUIRE(shop.post());
    CHECK(at_risk() == AtRisk{.uncaptured = 4999});
    shop.world.scripts[Step::capture].performs = {never_gets_it()};
    shop.world.scripts[Step::capture].always_look_up = hears(Code::gateway_timeout);
    CHECK(shop.answered(Kind::capture, "op-1", 3000) == "202");
    CHECK(at_risk() == AtRisk{.unknown = 3000});
    shop.world.scripts[Step::capture].always_look_up.reset();
    shop.recover();
    CHECK(at_risk() == AtRisk{});
    shop.world.scripts[Step::refund].always = not_reached();
    CHECK(shop.answered(Kind::refund, "op-2", 1000) == "202");
    CHECK(at_risk() == AtRisk{.pending_refund = 1000});
    CHECK(shop.answered(Kind::refund, "op-3", 5000) == "refund_exceeds_capture");
    CHECK(at_risk() == AtRisk{.pending_refund = 1000});
    shop.world.scripts[Step::refund].always.reset();
    shop.recover();
    CHECK(at_risk() == AtRisk{});
}

TEST_CASE("a charge that another gateway made is not asked about at this one") {
    Charged shop;
    shop.services.gateway_name = "stripe";
    CHECK(shop.answered(Kind::refund, "op-1", 100) == "202");
    CHECK(shop.world.calls_of(Step::refund).empty());
    shop.services.gateway_name = "sandbox";
    shop.recover();
    CHECK(shop.answered(Kind::refund, "op-1", 100) == "200");
}
