// What a checkout does when the gateway tells something unasked.
#include <catch2/catch.hpp>

#include "shop.hpp"

using namespace tollgate;
using namespace tollgate::test;
using News = GatewayNews::Kind;
using Outcome = NewsOutcome::Kind;

namespace {

struct Newsroom : Shop {
    Newsroom() { policy.tells_shop = true; }

    GatewayNews news(News kind) const {
        GatewayNews news{.kind = kind, .reference = id()};
        news.authorization_id = "auth_told";
        if (kind == News::captured) news.capture_id = "cap_told";
        return news;
    }

    NewsOutcome hear(GatewayNews news) {
        Checkout out = checkout();
        auto outcome = time.run([](Checkout& out, GatewayNews news) -> Task<Result<NewsOutcome>> {
            auto heard = co_await out.hear(std::move(news));
            co_return heard;
        }(out, std::move(news)));
        REQUIRE(outcome);
        time.advance(1s);  // what follows runs by itself
        CHECK(out.running() == 0);
        return *outcome;
    }

    /// The types of what the shop was told, in order.
    std::vector<std::string> told() const {
        std::vector<std::string> types;
        for (const Transition& step : store.charges.transitions)
            for (const Event& event : step.events) types.push_back(event.type);
        return types;
    }
    std::vector<std::string> ledger() const {
        std::vector<std::string> types;
        for (const LedgerEntry& entry : store.charges.ledger(id())) types.push_back(entry.type);
        return types;
    }
};

/// The gateway acts and answers 500 for ever, to look-ups as well: nothing but its news can tell.
void keep_silent(Newsroom& shop, Step step) {
    shop.world.scripts[step].performs = {keeps_its_500(true)};
    shop.world.scripts[step].always_look_up = fails_without_acting();
}

/// A charge that is left waiting at this step, with what the gateway did there.
void leave_at(Newsroom& shop, Step step) {
    keep_silent(shop, step);
    ChargeSaga saga = shop.begin_saga();
    REQUIRE(shop.run(saga, 10s) == ChargeSaga::End::parked);
    REQUIRE(shop.status() == "processing");
}

}  // namespace

TEST_CASE("an unknown authorization is settled by the gateway's news, and the charge goes on from there") {
    Newsroom shop;
    leave_at(shop, Step::authorize);
    CHECK(shop.hear(shop.news(News::authorized)).kind == Outcome::applied);
    CHECK(shop.status() == "succeeded");
    CHECK(shop.charge().authorization->id == "auth_told");
    CHECK(shop.world.effects_of(Step::capture)[0].of == "auth_told");
    CHECK(shop.ledger() == std::vector<std::string>{"authorize", "capture"});
    CHECK(shop.told() == std::vector<std::string>{"charge.succeeded"});
    CHECK(shop.world.effects_of(Step::authorize).size() == 1);
    CHECK(shop.hear(shop.news(News::authorized)).kind == Outcome::known);
}

TEST_CASE("an unknown capture is settled by the gateway's news") {
    Newsroom shop;
    leave_at(shop, Step::capture);
    GatewayNews news = shop.news(News::captured);
    news.authorization_id.clear();
    CHECK(shop.hear(news).kind == Outcome::applied);
    CHECK(shop.status() == "succeeded");
    CHECK(shop.charge().capture_id == "cap_told");
}

TEST_CASE("a decline that only a webhook tells releases what was reserved and tells the shop") {
    Newsroom shop;
    leave_at(shop, Step::authorize);
    CHECK(shop.hear(shop.news(News::failed)).kind == Outcome::applied);
    CHECK(shop.status() == "declined");
    CHECK(shop.row().answer->status == 402);
    CHECK(shop.told() == std::vector<std::string>{"charge.declined"});
    CHECK(shop.world.steps_done().back() == Step::release);
}

TEST_CASE("a customer's authentication is followed by an authorization under a key of its own, once") {
    Newsroom shop;
    shop.world.scripts[Step::authorize].performs = {wants_customer()};
    ChargeSaga saga = shop.begin_saga();
    REQUIRE(shop.run(saga) == ChargeSaga::End::parked);
    CHECK(shop.told() == std::vector<std::string>{"charge.requires_action"});
    CHECK(shop.hear(shop.news(News::action_completed)).kind == Outcome::applied);
    CHECK(shop.status() == "succeeded");
    CHECK(shop.hear(shop.news(News::action_completed)).kind == Outcome::known);
    const auto calls = shop.world.calls_of(Step::authorize);
    REQUIRE(calls.size() == 2);
    CHECK(calls[0].key != calls[1].key);
    CHECK(shop.told() == std::vector<std::string>{"charge.requires_action", "charge.succeeded"});
}

TEST_CASE("a customer who is asked to authenticate twice is announced twice") {
    Newsroom shop;
    shop.world.scripts[Step::authorize].performs = {wants_customer(), wants_customer()};
    ChargeSaga saga = shop.begin_saga();
    REQUIRE(shop.run(saga) == ChargeSaga::End::parked);
    CHECK(shop.hear(shop.news(News::action_completed)).kind == Outcome::applied);
    CHECK(shop.status() == "requires_action");
    CHECK(shop.row().due_at == shop.time.wall() - 1s + shop.policy.action_timeout);
    CHECK(shop.told() == std::vector<std::string>{"charge.requires_action", "charge.requires_action"});
    const auto& steps = shop.store.charges.transitions;
    CHECK(steps.front().events.empty());
    CHECK(shop.hear(shop.news(News::action_completed)).kind == Outcome::applied);
    CHECK(shop.status() == "succeeded");
}

TEST_CASE("refunds and disputes made elsewhere are kept on a charge that had ended, and its answer stays") {
    Newsroom shop;
    REQUIRE(shop.post()->answer.status == 201);
    const auto answer = shop.row().answer;
    GatewayNews refund = shop.news(News::refunded);
    refund.refund_id = "ref_told";
    refund.amount = Money{1000, shop.request.amount.currency};
    CHECK(shop.hear(refund).kind == Outcome::applied);
    CHECK(shop.hear(refund).kind == Outcome::known);
    GatewayNews dispute = shop.news(News::disputed);
    dispute.dispute_id = "dp_told";
    CHECK(shop.hear(dispute).kind == Outcome::applied);
    CHECK(shop.status() == "succeeded");
    CHECK(shop.row().answer == answer);
    CHECK_FALSE(shop.row().due_at);
    CHECK(shop.row().lease_until <= shop.time.wall());
    CHECK_THAT(to_json(shop.charge()), Catch::Contains(R"("amount_refunded":1000)") && Catch::Contains(R"("disputed":true)"));
    CHECK(shop.ledger() == std::vector<std::string>{"authorize", "capture", "refund", "dispute"});
    CHECK(shop.told() == std::vector<std::string>{"charge.succeeded", "charge.refunded", "charge.disputed"});
}

TEST_CASE("a charge refunded in full elsewhere counts no more against another one of its order") {
    Newsroom shop;
    REQUIRE(shop.post()->answer.status == 201);
    CHECK(shop.row().live);
    GatewayNews refund = shop.news(News::refunded);
    refund.refund_id = "ref_told";
    CHECK(shop.hear(refund).kind == Outcome::applied);
    CHECK_FALSE(shop.row().live);
    CHECK(shop.status() == "succeeded");
}

TEST_CASE("news that concern another step than the one under way leave that one as it was") {
    Newsroom shop;
    leave_at(shop, Step::ship);
    const auto intent = shop.charge().intent;
    const auto due_at = shop.row().due_at;
    GatewayNews refund = shop.news(News::refunded);
    refund.refund_id = "ref_told";
    refund.amount = Money{1, shop.request.amount.currency};
    CHECK(shop.hear(refund).kind == Outcome::applied);
    CHECK(shop.charge().intent == intent);
    CHECK(shop.row().due_at == due_at);
}

TEST_CASE("a charge is found by the gateway's own ids where the news name no reference") {
    Newsroom shop;
    REQUIRE(shop.post()->answer.status == 201);
    GatewayNews dispute{.kind = News::disputed};
    dispute.capture_id = shop.charge().capture_id;
    dispute.dispute_id = "dp_told";
    const NewsOutcome outcome = shop.hear(dispute);
    CHECK(outcome.kind == Outcome::applied);
    CHECK(outcome.charge_id == shop.id());
    dispute.capture_id = "cap_of_nobody";
    dispute.dispute_id = "dp_of_nobody";
    CHECK(shop.hear(dispute).kind == Outcome::too_soon);
}

TEST_CASE("news of a charge that is not here yet, or that somebody works on, are to be told again") {
    Newsroom shop;
    CHECK(shop.hear(shop.news(News::captured)).kind == Outcome::too_soon);
    leave_at(shop, Step::authorize);
    const auto until = shop.time.wall() + shop.policy.settle.lease;
    REQUIRE(shop.time.run(shop.store.take(shop.id(), shop.time.wall(), until, Reach::any))->kind == Taken::Kind::taken);
    CHECK(shop.hear(shop.news(News::authorized)).kind == Outcome::busy);
    CHECK(shop.status() == "processing");
}

TEST_CASE("a crash while news are applied leaves them to be told again, with one effect") {
    for (const auto fate : {MemoryStore::WriteFate::lost, MemoryStore::WriteFate::kept}) {
        Newsroom shop;
        leave_at(shop, Step::authorize);
        shop.world.scripts[Step::authorize] = {};
        shop.store.crash_at_write(0, fate);
        CHECK_THROWS_AS(shop.hear(shop.news(News::authorized)), Crash);
        shop.time.advance(shop.policy.settle.lease);
        const bool kept = fate == MemoryStore::WriteFate::kept;
        CHECK(shop.hear(shop.news(News::authorized)).kind == (kept ? Outcome::known : Outcome::applied));
        shop.recover();
        CHECK(shop.status() == "succeeded");
        CHECK(shop.world.effects_of(Step::capture).size() == 1);
        CHECK(shop.ledger() == std::vector<std::string>{"authorize", "capture"});
        CHECK(shop.told() == std::vector<std::string>{"charge.succeeded"});
    }
}

TEST_CASE("news that contradict a charge leave it as it was") {
    Newsroom shop;
    shop.world.scripts[Step::authorize].performs = {refuses(Code::card_declined)};
    REQUIRE(shop.post()->answer.status == 402);
    const std::string state = shop.row().state;
    CHECK(shop.hear(shop.news(News::captured)).kind == Outcome::conflict);
    CHECK(shop.row().state == state);
    CHECK(shop.status() == "declined");
}

TEST_CASE("nobody is told of a charge whose key was freed, since the same request may still succeed") {
    Newsroom shop;
    shop.world.scripts[Step::authorize].performs = {not_reached()};
    const auto answer = shop.post();
    REQUIRE(answer);
    REQUIRE(shop.row().key_free);
    CHECK(shop.told().empty());
    REQUIRE(shop.post()->answer.status == 201);
    CHECK(shop.told() == std::vector<std::string>{"charge.succeeded"});
}

TEST_CASE("a shop that wants no events is told nothing") {
    Newsroom shop;
    shop.policy.tells_shop = false;
    REQUIRE(shop.post()->answer.status == 201);
    CHECK(shop.told().empty());
}

TEST_CASE("an event tells the charge as clients see it, under an id that follows from the charge") {
    Newsroom shop;
    REQUIRE(shop.post()->answer.status == 201);
    const Event& event = shop.store.charges.transitions.back().events.at(0);
    CHECK(event.queue == EventQueue::outgoing);
    CHECK(event.charge_id == shop.id());
    CHECK(event.id.substr(0, 6) == "evt_" + shop.id().substr(3, 2));
    CHECK_THAT(event.body, Catch::StartsWith("{\"id\":\"" + event.id + "\",\"type\":\"charge.succeeded\",\"timestamp\":\""));
    CHECK_THAT(event.body, Catch::EndsWith("\"data\":" + to_json(shop.charge()) + "}"));
}
