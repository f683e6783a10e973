// One owner's run of a checkout against scripted outside services: what it calls, what it writes, how it ends.
#include "shop.hpp"

using namespace tollgate;
using namespace tollgate::test;
using End = ChargeSaga::End;
using Steps = std::vector<Step>;
using Kinds = std::vector<std::string>;

namespace {

/// When a step was asked about, in seconds since the first time.
std::vector<std::int64_t> seconds_of(const std::vector<OutsideWorld::Call>& calls) {
    std::vector<std::int64_t> seconds;
    for (const auto& call : calls) {
        seconds.push_back(std::chrono::floor<std::chrono::seconds>(call.at - calls.front().at).count());
    }
    return seconds;
}

/// How a step was asked, in order: p for perform, l for look-up.
std::string asks_of(const std::vector<OutsideWorld::Call>& calls) {
    std::string asks;
    for (const auto& call : calls) asks += call.ask == Ask::perform ? 'p' : 'l';
    return asks;
}

bool one_key(const std::vector<OutsideWorld::Call>& calls) {
    return std::ranges::all_of(calls, [&](const auto& call) { return call.key == calls.front().key; });
}

std::vector<std::string> ledger_types(const Shop& shop) {
    std::vector<std::string> types;
    for (const LedgerEntry& entry : shop.store.charges.ledger(shop.id())) types.push_back(entry.type);
    return types;
}

}  // namespace

TEST_CASE("a charge succeeds with one store transition to begin and one for each remote step") {
    Shop shop;
    ChargeSaga saga = shop.begin_saga();
    CHECK(shop.run(saga) == End::finished);
    CHECK(shop.store.charges.writes == 5);
    CHECK(shop.world.steps_done() == Steps{Step::reserve, Step::authorize, Step::capture, Step::ship});
    CHECK(shop.world.calls.size() == 4);
    CHECK(shop.status() == "succeeded");
    CHECK_FALSE(shop.row().due_at);
    REQUIRE(shop.row().answer);
    CHECK(shop.row().answer->status == 201);
    CHECK(ledger_types(shop) == Kinds{"authorize", "capture"});
    CHECK(shop.pager.pages.empty());
}

TEST_CASE("each step is durable as an intent before it is called, and its result before the next one") {
    Shop shop;
    shop.world.scripts[Step::ship].performs = {refuses(Code::cannot_ship)};
    int seen = 0;
    shop.world.on_call = [&](Step step) {
        ++seen;
        const Charge durable = shop.charge();
        REQUIRE(durable.intent);
        CHECK(durable.intent->step == step);
        CHECK(durable.intent->sent);
        CHECK(shop.row().lease_until > shop.time.wall());
        CHECK(durable.reservation_id.empty() == (step == Step::reserve));
        CHECK(durable.authorization.has_value() == (step != Step::reserve && step != Step::authorize));
        CHECK(durable.capture_id.empty() == (step == Step::reserve || step == Step::authorize || step == Step::capture));
        CHECK(durable.refund_id.empty() == (step != Step::release));
    };
    ChargeSaga saga = shop.begin_saga();
    CHECK(shop.run(saga) == End::finished);
    CHECK(seen == 6);
}

TEST_CASE("a declined card ends declined, with the reservation released and the answer kept") {
    Shop shop;
    shop.world.scripts[Step::authorize].performs = {refuses(Code::card_declined)};
    ChargeSaga saga = shop.begin_saga();
    CHECK(shop.run(saga) == End::finished);
    CHECK(shop.world.steps_done() == Steps{Step::reserve, Step::release});
    CHECK(shop.status() == "declined");
    CHECK(shop.row().answer->status == 402);
    CHECK_FALSE(shop.row().live);
    CHECK_FALSE(shop.row().key_free);
    CHECK(shop.store.charges.writes == 4);
    CHECK(ledger_types(shop).empty());
}

TEST_CASE("goods that are out of stock end the checkout before any payment is asked for") {
    Shop shop;
    shop.world.scripts[Step::reserve].performs = {refuses(Code::out_of_stock)};
    ChargeSaga saga = shop.begin_saga();
    CHECK(shop.run(saga) == End::finished);
    CHECK(shop.world.calls.size() == 1);
    CHECK(shop.store.charges.writes == 2);
    CHECK(shop.status() == "reversed");
    CHECK(shop.row().answer->status == 409);
    CHECK_THAT(shop.row().answer->body, Catch::Contains("out_of_stock"));
}

TEST_CASE("an order that cannot be shipped is refunded, then its reservation is released") {
    Shop shop;
    shop.world.scripts[Step::ship].performs = {refuses(Code::cannot_ship)};
    ChargeSaga saga = shop.begin_saga();
    CHECK(shop.run(saga) == End::finished);
    CHECK(shop.world.steps_done() == Steps{Step::reserve, Step::authorize, Step::capture, Step::refund, Step::release});
    CHECK(shop.world.effects_of(Step::refund).front().of == shop.world.effects_of(Step::capture).front().id);
    CHECK(shop.world.effects_of(Step::refund).front().amount == 4999);
    CHECK(shop.status() == "reversed");
    CHECK(shop.row().answer->status == 409);
    CHECK_THAT(shop.row().answer->body, Catch::Contains(R"("code":"cannot_ship")"));
    CHECK(ledger_types(shop) == Kinds{"authorize", "capture", "refund"});
}

TEST_CASE("a refused capture voids the authorization, then releases the reservation, and names the step") {
    Shop shop;
    shop.world.scripts[Step::capture].performs = {refuses(Code::gateway_refused)};
    ChargeSaga saga = shop.begin_saga();
    CHECK(shop.run(saga) == End::finished);
    CHECK(shop.world.steps_done() == Steps{Step::reserve, Step::authorize, Step::void_authorization, Step::release});
    CHECK(shop.world.effects_of(Step::void_authorization).front().of == shop.world.effects_of(Step::authorize).front().id);
    CHECK(shop.status() == "reversed");
    CHECK_THAT(shop.row().answer->body, Catch::Contains("checkout_reversed") && Catch::Contains("capture"));
    CHECK(ledger_types(shop) == Kinds{"authorize", "void"});
}

TEST_CASE("an authorization that surely did not happen is undone, and the freed key begins again with keys of its own") {
    Shop shop;
    shop.world.scripts[Step::authorize].performs = {not_reached()};
    ChargeSaga saga = shop.begin_saga();
    CHECK(shop.run(saga) == End::finished);
    CHECK(shop.world.steps_done() == Steps{Step::reserve, Step::release});
    CHECK(shop.row().key_free);
    CHECK_FALSE(shop.row().answer);
    CHECK_FALSE(shop.row().live);

    ChargeSaga second = shop.begin_saga();
    CHECK(second.charge().attempt == 2);
    CHECK(shop.run(second) == End::finished);
    CHECK(shop.status() == "succeeded");
    const auto reserves = shop.world.effects_of(Step::reserve);
    REQUIRE(reserves.size() == 2);
    CHECK(reserves[0].key != reserves[1].key);
    const auto authorizes = shop.world.calls_of(Step::authorize);
    REQUIRE(authorizes.size() == 2);
    CHECK(authorizes[0].key != authorizes[1].key);
    CHECK(shop.world.effects_of(Step::authorize).size() == 1);
}

TEST_CASE("an unknown authorization is looked up after 1, 2 and 4 seconds and adopted, never made twice") {
    Shop shop;
    shop.world.scripts[Step::authorize] = {.performs = {loses_reply()},
                                           .look_ups = {hears(Code::gateway_timeout), hears(Code::gateway_fault), does()}};
    ChargeSaga saga = shop.begin_saga();
    CHECK(shop.run(saga) == End::finished);
    const auto calls = shop.world.calls_of(Step::authorize);
    CHECK(asks_of(calls) == "plll");
    CHECK(seconds_of(calls) == std::vector<std::int64_t>{0, 1, 3, 7});
    CHECK(one_key(calls));
    CHECK(shop.world.effects_of(Step::authorize).size() == 1);
    CHECK(shop.status() == "succeeded");
}

TEST_CASE("an authorization that never arrived is sent again under the same key, after the look-up said so") {
    Shop shop;
    shop.world.scripts[Step::authorize].performs = {never_gets_it(), never_gets_it()};
    ChargeSaga saga = shop.begin_saga();
    CHECK(shop.run(saga) == End::finished);
    const auto calls = shop.world.calls_of(Step::authorize);
    CHECK(asks_of(calls) == "plplp");
    CHECK(one_key(calls));
    CHECK(shop.world.effects_of(Step::authorize).size() == 1);
    CHECK(shop.status() == "succeeded");
}

TEST_CASE("a decline that is heard only at the look-up ends declined") {
    Shop shop;
    Reaction unheard = refuses(Code::card_declined);
    shop.world.scripts[Step::authorize] = {.performs = {never_gets_it(), unheard}, .look_ups = {does(), does()}};
    ChargeSaga saga = shop.begin_saga();
    CHECK(shop.run(saga) == End::finished);
    CHECK(shop.status() == "declined");
    CHECK(shop.world.effects_of(Step::release).size() == 1);
}

TEST_CASE("a refusal of a repeated call does not undo what the first call may have done") {
    Shop shop;
    // The first call acts and its reply is lost; the look-up is out of order; only then the operation is told.
    shop.world.scripts[Step::capture] = {.performs = {loses_reply()},
                                         .look_ups = {hears(Code::circuit_open), hears(Code::gateway_busy), does()}};
    ChargeSaga saga = shop.begin_saga();
    CHECK(shop.run(saga) == End::finished);
    CHECK(shop.status() == "succeeded");
    CHECK(shop.world.effects_of(Step::void_authorization).empty());
}

TEST_CASE("a gateway's 500 that had acted is looked up and adopted, at every step") {
    for (const Step step : {Step::reserve, Step::authorize, Step::capture, Step::ship}) {
        Shop shop;
        shop.world.scripts[step].performs = {acts_and_fails()};
        ChargeSaga saga = shop.begin_saga();
        CHECK(shop.run(saga) == End::finished);
        CHECK(asks_of(shop.world.calls_of(step)) == "pl");
        CHECK(shop.world.effects_of(step).size() == 1);
        CHECK(shop.status() == "succeeded");
    }
}

TEST_CASE("a gateway that keeps answering 500 leaves the charge processing, pages once after ten leases, and never undoes") {
    Shop shop;
    shop.world.scripts[Step::authorize] = {.always = acts_and_fails(), .always_look_up = hears(Code::gateway_fault)};
    ChargeSaga saga = shop.begin_saga();
    CHECK(shop.run(saga) == End::parked);
    shop.recover(4min);
    CHECK(shop.pager.pages.empty());
    shop.recover(20h);
    CHECK(shop.pager.kinds() == Kinds{"unknown_outcome_stuck"});
    CHECK(shop.pager.pages.front().charge_id == shop.id());
    CHECK(shop.status() == "processing");
    CHECK(shop.row().due_at);
    CHECK(shop.world.count(Step::authorize, Ask::perform) == 1);
    CHECK(shop.world.steps_done() == Steps{Step::reserve, Step::authorize});
    shop.world.scripts[Step::authorize].always_look_up.reset();
    shop.recover();
    CHECK(shop.status() == "succeeded");
    CHECK(shop.world.effects_of(Step::authorize).size() == 1);
}

TEST_CASE("beyond the key's window an unknown call is looked up only, never sent again, and pages") {
    Shop shop;
    shop.world.traits = {1h, 1min, true};
    shop.rewire();
    shop.world.scripts[Step::authorize] = {.performs = {loses_reply()}, .always_look_up = hears(Code::gateway_fault)};
    ChargeSaga saga = shop.begin_saga();
    CHECK(shop.run(saga) == End::parked);
    shop.recover(1h);
    shop.world.forget_keys();
    shop.world.scripts[Step::authorize].always_look_up.reset();
    shop.recover(5h);
    CHECK(shop.world.count(Step::authorize, Ask::perform) == 1);
    CHECK(shop.world.effects_of(Step::authorize).size() == 1);
    CHECK(shop.status() == "processing");
    CHECK(shop.pager.kinds() == Kinds{"unknown_outcome_stuck"});
}

TEST_CASE("an answer about other money pages once and is neither taken nor undone") {
    Shop shop;
    shop.world.scripts[Step::authorize] = {.performs = {hears(Code::echo_mismatch)},
                                           .always_look_up = hears(Code::echo_mismatch)};
    ChargeSaga saga = shop.begin_saga();
    CHECK(shop.run(saga) == End::parked);
    shop.recover(3h);
    CHECK(shop.pager.kinds() == Kinds{"echo_mismatch"});
    CHECK(shop.status() == "processing");
    CHECK(shop.row().live);
    CHECK(shop.world.effects_of(Step::release).empty());
}

TEST_CASE("a void that keeps failing needs attention: 500 is kept, somebody is paged once, and it is undone at last") {
    Shop shop;
    shop.world.scripts[Step::capture].performs = {refuses(Code::gateway_refused)};
    shop.world.scripts[Step::void_authorization].always = refuses(Code::gateway_refused);
    ChargeSaga saga = shop.begin_saga();
    CHECK(shop.run(saga) == End::parked);
    CHECK(seconds_of(shop.world.calls_of(Step::void_authorization)) == std::vector<std::int64_t>{0, 1, 3, 6});
    CHECK(shop.status() == "needs_attention");
    CHECK(shop.pager.kinds() == Kinds{"failed_compensation"});
    REQUIRE(shop.row().answer);
    CHECK(shop.row().answer->status == 500);
    const Answer kept = *shop.row().answer;

    shop.recover(6h);
    CHECK(shop.pager.pages.size() == 1);
    const auto calls = shop.world.calls_of(Step::void_authorization);
    CHECK(calls.size() > 300);
    CHECK(calls.back().at - calls[calls.size() - 2].at <= 61s);
    CHECK(shop.world.effects_of(Step::release).empty());  // not before the void

    shop.world.scripts[Step::void_authorization].always.reset();
    shop.recover();
    CHECK(shop.status() == "reversed");
    CHECK_FALSE(shop.row().live);
    CHECK(*shop.row().answer == kept);
    CHECK(shop.world.steps_done() == Steps{Step::reserve, Step::authorize, Step::void_authorization, Step::release});
    CHECK_FALSE(shop.row().due_at);
}

TEST_CASE("a failure that would free the key does not once somebody was called: the 500 is kept") {
    Shop shop;
    shop.world.scripts[Step::authorize].performs = {not_reached()};
    shop.world.scripts[Step::release].performs = {not_reached(), not_reached(), not_reached(), not_reached()};
    ChargeSaga saga = shop.begin_saga();
    CHECK(shop.run(saga) == End::parked);
    CHECK(shop.row().answer->status == 500);
    shop.recover();
    CHECK(shop.status() == "reversed");
    CHECK_FALSE(shop.row().key_free);
    CHECK_FALSE(shop.store.charges.transitions.back().frees_key);
    CHECK(shop.post()->answer.status == 500);
}

TEST_CASE("an undo refused for good is asked anew under another key, and an unknown one under the same") {
    Shop shop;
    shop.world.scripts[Step::ship].performs = {refuses(Code::cannot_ship)};
    shop.world.scripts[Step::refund].performs = {refuses(Code::gateway_refused), loses_reply()};
    ChargeSaga saga = shop.begin_saga();
    CHECK(shop.run(saga) == End::finished);
    const auto calls = shop.world.calls_of(Step::refund);
    REQUIRE(asks_of(calls) == "ppl");
    CHECK(calls[0].key != calls[1].key);
    CHECK(calls[1].key == calls[2].key);
    CHECK(shop.world.effects_of(Step::refund).size() == 1);
    CHECK(shop.status() == "reversed");
}

TEST_CASE("a shipment that cannot be asked for goes forward when it can, is never refunded, and pages meanwhile") {
    Shop shop;
    shop.world.scripts[Step::ship].always = not_reached();
    ChargeSaga saga = shop.begin_saga();
    CHECK(shop.run(saga) == End::parked);
    shop.recover(20h);
    CHECK(shop.status() == "processing");
    CHECK(shop.pager.kinds() == Kinds{"unknown_outcome_stuck"});
    shop.world.scripts[Step::ship].always.reset();
    shop.recover();
    CHECK(shop.status() == "succeeded");
    CHECK(shop.world.steps_done() == Steps{Step::reserve, Step::authorize, Step::capture, Step::ship});
    CHECK(one_key(shop.world.calls_of(Step::ship)));
}

TEST_CASE("a key's window starts over with a call of which nothing came, whether its owner stays or parks") {
    for (const Milliseconds patience : {Milliseconds(0), Milliseconds(200s)}) {
        Shop shop;
        shop.world.traits = {75s, 10s, true};
        shop.rewire();
        shop.world.scripts[Step::ship].performs = {not_reached(), not_reached(), not_reached(),
                                                   not_reached(), not_reached(), never_gets_it()};
        ChargeSaga saga = shop.begin_saga();
        shop.run(saga, patience);
        shop.recover();
        CHECK(asks_of(shop.world.calls_of(Step::ship)) == "pppppplp");
        CHECK(seconds_of(shop.world.calls_of(Step::ship)).back() == 61);
        CHECK(shop.status() == "succeeded");
    }
}

TEST_CASE("a capture that cannot be asked for is performed when it can, not looked up in vain") {
    Shop shop;
    shop.world.scripts[Step::capture].performs = {not_reached(), not_reached()};
    ChargeSaga saga = shop.begin_saga();
    CHECK(shop.run(saga) == End::finished);
    CHECK(asks_of(shop.world.calls_of(Step::capture)) == "ppp");
    CHECK(shop.status() == "succeeded");
}

TEST_CASE("an answer without an id is an unknown outcome, not a step to be made for ever") {
    for (const Step step : {Step::reserve, Step::authorize, Step::capture, Step::ship}) {
        Shop shop;
        const auto nothing = [](auto) -> Task<Result<std::string>> { co_return std::string(); };
        if (step == Step::reserve) shop.services.reserve = nothing;
        if (step == Step::authorize) {
            shop.services.authorize = [](auto) -> Task<Result<AuthorizeOutcome>> { co_return AuthorizeOutcome{}; };
        }
        if (step == Step::capture) shop.services.capture = nothing;
        if (step == Step::ship) shop.services.ship = nothing;
        ChargeSaga saga = shop.begin_saga();
        CHECK(shop.run(saga) == End::parked);
        CHECK(shop.charge().intent->step == step);
        CHECK(shop.store.charges.writes < 15);
        CHECK(shop.world.effects_of(Step::release).empty());
    }
}

TEST_CASE("an owner whose charge was taken over finds its write refused and leaves the charge alone") {
    Shop shop;
    ChargeSaga zombie = shop.begin_saga();
    shop.time.advance(31s);  // it slept through its lease before its first call
    REQUIRE(shop.recover_once());
    CHECK(shop.status() == "succeeded");
    const std::string state = shop.row().state;
    CHECK(shop.run(zombie) == End::abandoned);
    CHECK(zombie.error().code == Code::lease_lost);
    CHECK(shop.row().state == state);
    CHECK(shop.world.steps_done() == Steps{Step::reserve, Step::authorize, Step::capture, Step::ship});
}

TEST_CASE("a call that is never answered ends within its lease, and asking again has no second effect") {
    Shop shop;
    shop.world.scripts[Step::authorize].performs = {Reaction{.takes = 1h}};
    ChargeSaga first = shop.begin_saga();
    CHECK(shop.run(first, 0s) == End::parked);  // its deadline lies within its lease
    CHECK(shop.time.elapsed() < shop.policy.settle.lease);
    shop.recover();
    CHECK(shop.status() == "succeeded");
    CHECK(shop.world.effects_of(Step::authorize).size() == 1);
}

TEST_CASE("a store that is away for a moment is asked again by the owner, and nothing is called twice") {
    for (const auto fate : {MemoryStore::WriteFate::lost, MemoryStore::WriteFate::kept}) {
        for (const Code code : {Code::store_unavailable, Code::store_unknown}) {
            Shop shop;
            ChargeSaga saga = shop.begin_saga();
            shop.store.fail_next_write({code, "away"}, fate, 4);
            CHECK(shop.run(saga) == End::finished);
            CHECK(shop.status() == "succeeded");
            CHECK(shop.time.elapsed() < shop.policy.settle.lease);
            CHECK(shop.world.steps_done() == Steps{Step::reserve, Step::authorize, Step::capture, Step::ship});
            CHECK(shop.store.charges.ledger(shop.row().id).size() == 2);
        }
    }
}

TEST_CASE("a store that stays away ends the run within the lease, and a successor goes on from whatever it wrote") {
    for (const auto fate : {MemoryStore::WriteFate::lost, MemoryStore::WriteFate::kept}) {
        Shop shop;
        ChargeSaga saga = shop.begin_saga();
        shop.store.fail_next_write({Code::store_unknown, "cut"}, fate, 1000);
        CHECK(shop.run(saga) == End::abandoned);
        CHECK(shop.time.elapsed() < shop.policy.settle.lease);
        shop.store.forget_failure();
        CHECK(saga.error().code == Code::store_unknown);
        shop.recover();
        CHECK(shop.status() == "succeeded");
        CHECK(shop.world.steps_done() == Steps{Step::reserve, Step::authorize, Step::capture, Step::ship});
    }
}

TEST_CASE("handed over out of its sleep, a charge is free at once and is still asked about under the same key") {
    Shop shop;
    shop.world.scripts[Step::authorize] = {.performs = {loses_reply()}, .look_ups = {hears(Code::gateway_fault)}};
    ChargeSaga saga = shop.begin_saga();
    std::optional<End> end;
    shop.time.start([](ChargeSaga& run, SteadyTime patience, std::optional<End>& out) -> Task<void> {
        out = co_await run.run(patience);
    }(saga, shop.time.steady() + 30s, end));
    shop.time.advance(2s);
    CHECK_FALSE(end);
    shop.hand_over.request();
    shop.time.settle();
    REQUIRE(end == End::parked);
    CHECK(shop.row().lease_until <= shop.time.wall());
    CHECK(shop.charge().intent->sent);
    CHECK(asks_of(shop.world.calls_of(Step::authorize)) == "pl");

    HandOver fresh;
    const SagaContext next{shop.time.runtime(), shop.store, shop.audit, shop.services,
                           shop.screen,         shop.pager, fresh,      shop.policy};
    shop.time.advance(2s);
    const auto rows = shop.time.run(shop.store.claim(shop.time.wall(), shop.time.wall() + 30s, 1));
    REQUIRE(rows->size() == 1);
    ChargeSaga successor(next, *from_state(rows->front()), rows->front().fence, true);
    CHECK(shop.run(successor) == End::finished);
    CHECK(asks_of(shop.world.calls_of(Step::authorize)) == "pll");
    CHECK(shop.status() == "succeeded");
}

TEST_CASE("handed over between two steps, the charge is due at once and its next call is known not to have left") {
    Shop shop;
    ChargeSaga saga = shop.begin_saga();
    shop.hand_over.request();
    CHECK(shop.run(saga) == End::parked);
    CHECK(shop.world.steps_done() == Steps{Step::reserve});
    CHECK(shop.row().lease_until <= shop.time.wall());
    CHECK(*shop.row().due_at <= shop.time.wall());
    CHECK(shop.charge().intent->step == Step::authorize);
    CHECK_FALSE(shop.charge().intent->sent);

    HandOver fresh;
    const SagaContext next{shop.time.runtime(), shop.store, shop.audit, shop.services,
                           shop.screen,         shop.pager, fresh,      shop.policy};
    const auto rows = shop.time.run(shop.store.claim(shop.time.wall(), shop.time.wall() + 30s, 1));
    ChargeSaga successor(next, *from_state(rows->front()), rows->front().fence, true);
    CHECK(shop.run(successor) == End::finished);
    CHECK(asks_of(shop.world.calls_of(Step::authorize)) == "p");
}

TEST_CASE("a customer who must authenticate is waited for until the time is up, and then everything is undone and canceled") {
    Shop shop;
    shop.world.scripts[Step::authorize].performs = {wants_customer()};
    ChargeSaga saga = shop.begin_saga();
    CHECK(shop.run(saga) == End::parked);
    CHECK(shop.status() == "requires_action");
    CHECK_FALSE(shop.row().answer);
    CHECK(shop.row().due_at == shop.time.wall() + 1h);
    CHECK(shop.row().lease_until <= shop.time.wall());
    CHECK_THAT(to_json(shop.charge()), Catch::Contains("https://bank.example/3ds"));

    CHECK_FALSE(shop.recover_once());
    shop.time.advance(1h);
    CHECK(shop.recover_once());
    CHECK(shop.status() == "canceled");
    CHECK(shop.world.steps_done() == Steps{Step::reserve, Step::release});
    CHECK_FALSE(shop.row().live);
    CHECK_FALSE(shop.row().key_free);
    REQUIRE(shop.row().answer);
    CHECK(shop.row().answer->status == 409);
    CHECK(shop.world.count(Step::authorize, Ask::perform) == 1);
}

TEST_CASE("a customer heard of only at the look-up is waited for as well") {
    Shop shop;
    Reaction unheard = wants_customer();
    unheard.error = PaymentError(Code::gateway_timeout, "cut");
    shop.world.scripts[Step::authorize].performs = {unheard};
    ChargeSaga saga = shop.begin_saga();
    CHECK(shop.run(saga) == End::parked);
    CHECK(shop.status() == "requires_action");
}

TEST_CASE("a manual charge ends authorized, neither captured nor shipped") {
    Shop shop;
    shop.request.manual_capture = true;
    ChargeSaga saga = shop.begin_saga();
    CHECK(shop.run(saga) == End::finished);
    CHECK(shop.status() == "authorized");
    CHECK(shop.world.steps_done() == Steps{Step::reserve, Step::authorize});
    CHECK(shop.row().live);
    CHECK(shop.row().due_at < *shop.charge().authorization->expires_at);  // to be dealt with before its authorization ends
    REQUIRE(shop.row().answer);
    CHECK(shop.row().answer->status == 201);
    CHECK_THAT(shop.row().answer->body, Catch::Contains("capture_before") && Catch::Contains("AUTHORIZED"));
}

TEST_CASE("a breaker that is open before money is held frees the key and says when to come back") {
    Shop shop;
    Reaction open = hears(Code::circuit_open);
    open.error->retry_after = 7s;
    shop.world.scripts[Step::authorize].performs = {open};
    const auto answer = shop.post();
    REQUIRE(answer);
    CHECK(answer->answer.status == 503);
    CHECK(answer->retry_after == Milliseconds(7s));
    CHECK(shop.row().key_free);
}
