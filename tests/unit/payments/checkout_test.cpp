// What a client hears of its charge, and what goes on without it.
#include "shop.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

/// A request on its way, and its answer once there is one.
struct Pending {
    std::optional<Result<ChargeAnswer>> answer;
};

void start_post(Shop& shop, Checkout checkout, Pending& pending) {
    shop.time.start([](Shop& at, Checkout out, Pending& into) -> Task<void> { into.answer = co_await at.post_task(out); }(
                                                                  shop, checkout, pending));
    shop.time.settle();
}

}  // namespace

TEST_CASE("a charge is answered 201 with the charge, and again with the same bytes and no further call") {
    Shop shop;
    const auto first = shop.post();
    REQUIRE(first);
    CHECK(first->answer.status == 201);
    CHECK(first->charge_id == shop.id());
    CHECK_FALSE(first->replayed);
    CHECK_THAT(first->answer.body, Catch::Contains(R"("status":"succeeded")"));
    const auto calls = shop.world.calls.size();
    const auto again = shop.post();
    REQUIRE(again);
    CHECK(again->answer == first->answer);
    CHECK(again->replayed);
    CHECK(shop.world.calls.size() == calls);
}

TEST_CASE("a charge that takes longer than the client waits is answered 202, and goes on without its client") {
    Shop shop;
    shop.policy.settle.lease = 120s;
    shop.world.scripts[Step::authorize].performs = {Reaction{.takes = 40s}};
    Checkout checkout = shop.checkout();
    Pending pending;
    start_post(shop, checkout, pending);
    shop.time.advance(29s);
    CHECK_FALSE(pending.answer);
    shop.time.advance(1s);
    REQUIRE(pending.answer);
    REQUIRE(*pending.answer);
    CHECK((*pending.answer)->answer.status == 202);
    CHECK((*pending.answer)->retry_after);
    CHECK_THAT((*pending.answer)->answer.body, Catch::Contains(R"("status":"processing")"));
    CHECK(checkout.running() == 1);
    shop.time.advance(15s);
    CHECK(checkout.running() == 0);
    CHECK(shop.status() == "succeeded");
    CHECK(shop.post()->answer.status == 201);
}

TEST_CASE("a charge that ends while its client is about to hear 202 is answered as it ended") {
    struct SlowToRead final : MemoryStore {
        explicit SlowToRead(const Runtime& r) : runtime(r) {}
        const Runtime& runtime;
        Task<Result<std::optional<ChargeRow>>> find(std::string id) override {
            co_await sleep_for(runtime, 1s);
            co_return co_await MemoryStore::find(std::move(id));
        }
    };
    for (const bool fails : {false, true}) {
        Shop shop;
        SlowToRead slow(shop.time.runtime());
        Reaction late = fails ? not_reached() : does();
        late.takes = 30'500ms;  // the client's time is up at 30 s, and its charge is read at 31
        shop.policy.settle.lease = 120s;
        shop.world.scripts[Step::reserve].performs = {late};
        const SagaContext context{shop.time.runtime(), slow,       shop.audit,     shop.services,
                                  shop.screen,         shop.pager, shop.hand_over, shop.policy};
        Checkout checkout(context, 30s);
        auto asked = shop.command();
        const auto begun = shop.time.run(slow.begin(asked.begin));
        const auto answer = shop.time.run(checkout(std::move(asked), *begun));
        REQUIRE(answer);
        const int ended_as = fails ? 502 : 201;
        CHECK(answer->answer.status == ended_as);
        if (!fails) CHECK(answer->answer == *slow.row(shop.id()).answer);
    }
}

TEST_CASE("a client whose key went to another payload while it waited is not told that payload's answer") {
    Shop shop;
    Reaction late = does();
    late.takes = 20s;
    shop.world.scripts[Step::reserve].performs = {late};
    shop.charge_timeout = 10s;
    Pending pending;
    start_post(shop, shop.checkout(), pending);

    // A process with another clock takes the charge over, frees its key, and the other payload is charged under it.
    MemoryCharges& charges = shop.store.charges;
    const WallTime later = shop.time.wall() + 1h;
    const auto claimed = charges.claim(later, later, 1);
    REQUIRE(claimed.size() == 1);
    const auto step = [&](const ChargeRow& row, std::optional<Answer> answer) {
        return Transition{
            .id = row.id, .fence = row.fence, .state = row.state, .answer = answer, .frees_key = !answer, .now = later};
    };
    REQUIRE(charges.advance(step(claimed.front(), {})));
    auto other = shop.command().begin;
    other.row.fingerprint = "another fingerprint";
    const Begun begun = charges.begin(other);
    REQUIRE(begun.kind == Begun::Kind::fresh);
    REQUIRE(charges.advance(step(begun.row, Answer{201, "the other's"})));

    shop.time.advance(10s);
    REQUIRE(pending.answer);
    REQUIRE_FALSE(*pending.answer);
    CHECK(pending.answer->error().code == Code::idempotency_key_reused);
}

TEST_CASE("the same request while the first one runs hears 409 until the client's time is up, and 202 after it") {
    Shop shop;
    shop.policy.settle.lease = 240s;
    shop.world.scripts[Step::authorize].performs = {Reaction{.takes = 60s}};
    Checkout checkout = shop.checkout();
    Pending pending;
    start_post(shop, checkout, pending);
    shop.time.advance(10s);
    const auto early = shop.post();
    REQUIRE_FALSE(early);
    CHECK(early.error().code == Code::idempotency_in_flight);
    CHECK(early.error().retriable);
    CHECK(early.error().retry_after);
    shop.time.advance(25s);
    const auto late = shop.post();
    REQUIRE(late);
    CHECK(late->answer.status == 202);
    CHECK_FALSE(late->replayed);
    CHECK(shop.world.count(Step::reserve, Ask::perform) == 1);
    shop.time.advance(60s);
    CHECK(shop.post()->answer.status == 201);
    CHECK(shop.world.effects_of(Step::authorize).size() == 1);
}

TEST_CASE("who was told 202 is told 202 until the charge is final, also while somebody is at work on it") {
    Shop shop;
    shop.world.scripts[Step::authorize].performs = {loses_reply()};
    shop.world.scripts[Step::authorize].always_look_up = hears(Code::gateway_fault);
    const SteadyTime begun = shop.time.steady();
    const auto first = shop.post();
    REQUIRE(first);
    CHECK(first->answer.status == 202);
    CHECK(shop.time.steady() < begun + 30s);  // the next look-up would have come too late for its client
    const auto parked = shop.post();
    REQUIRE(parked);
    CHECK(parked->answer.status == 202);

    shop.charge_timeout = 10min;  // still the first client's time when the charge is taken up again
    shop.time.advance(*shop.row().due_at - shop.time.wall());
    REQUIRE_FALSE(shop.time.run(shop.store.claim(shop.time.wall(), shop.time.wall() + 30s, 1))->empty());
    const auto at_work = shop.post();
    REQUIRE(at_work);
    CHECK(at_work->answer.status == 202);
}

TEST_CASE("a hundred requests at once make one charge, and each hears its answer or that it is in flight") {
    Shop shop;
    shop.world.scripts[Step::reserve].always = Reaction{.takes = 100ms};
    Checkout checkout = shop.checkout();
    std::vector<Pending> pending(100);
    for (Pending& one : pending) start_post(shop, checkout, one);
    shop.time.run_out();
    int answered = 0;
    for (const Pending& one : pending) {
        REQUIRE(one.answer);
        if (*one.answer) {
            ++answered;
            CHECK((*one.answer)->answer.status == 201);
        } else {
            CHECK(one.answer->error().code == Code::idempotency_in_flight);
        }
    }
    CHECK(answered == 1);
    CHECK(shop.world.effects_of(Step::authorize).size() == 1);
}

TEST_CASE("the same request finds the dead owner's charge and brings it to its end") {
    Shop shop;
    ChargeSaga dead = shop.begin_saga();
    shop.store.crash_at_write(1, MemoryStore::WriteFate::lost);
    CHECK_THROWS_AS(shop.run(dead), Crash);
    CHECK(shop.post().error().code == Code::idempotency_in_flight);
    shop.time.advance(30s);
    const auto answer = shop.post();
    REQUIRE(answer);
    CHECK(answer->answer.status == 201);
    CHECK(shop.world.effects_of(Step::authorize).size() == 1);
    CHECK(shop.world.steps_done() == std::vector<Step>{Step::reserve, Step::authorize, Step::capture, Step::ship});
}

TEST_CASE("an answer that has outlived its time is told anew from the charge as it stands") {
    Shop shop;
    const auto first = shop.post();
    auto asked = shop.command();
    asked.begin.answer_ttl = 24h;
    asked.begin.now += 25h;
    const auto begun = shop.time.run(shop.store.begin(asked.begin));
    REQUIRE(begun->kind == Begun::Kind::settled);
    const auto again = shop.checkout().present(asked, *begun);
    REQUIRE(again);
    CHECK(again->answer.status == 201);
    CHECK(again->answer.body == first->answer.body);
    CHECK(shop.world.effects_of(Step::authorize).size() == 1);
}

TEST_CASE("a customer who must authenticate is sent there with 202, at first and again") {
    Shop shop;
    shop.world.scripts[Step::authorize].performs = {wants_customer()};
    for (int i = 0; i < 2; ++i) {
        const auto answer = shop.post();
        REQUIRE(answer);
        CHECK(answer->answer.status == 202);
        CHECK_THAT(answer->answer.body, Catch::Contains("requires_action") && Catch::Contains("https://bank.example/3ds"));
    }
    CHECK(shop.world.count(Step::authorize, Ask::perform) == 1);
}

TEST_CASE("an unknown outcome is waited for while the client waits, and is then 202 and the recovery's") {
    Shop shop;
    shop.world.scripts[Step::capture] = {.performs = {loses_reply()}, .always_look_up = hears(Code::gateway_fault)};
    const auto answer = shop.post();
    REQUIRE(answer);
    CHECK(answer->answer.status == 202);
    CHECK(shop.time.elapsed() <= shop.charge_timeout);
    CHECK(shop.world.count(Step::capture, Ask::look_up) == 4);  // after 1, 3, 7 and 15 seconds; the next would be after 31
    shop.world.scripts[Step::capture].always_look_up.reset();
    shop.recover();
    CHECK(shop.post()->answer.status == 201);
}

TEST_CASE("a failure that may be tried again is not kept: the same key charges at the second try") {
    Shop shop;
    shop.world.scripts[Step::authorize].performs = {not_reached()};
    const auto failed = shop.post();
    REQUIRE(failed);
    CHECK(failed->answer.status == 502);
    CHECK_THAT(failed->answer.body, Catch::Contains(R"("code":"gateway_error")") && Catch::Contains(R"("retriable":true)"));
    const auto second = shop.post();
    REQUIRE(second);
    CHECK(second->answer.status == 201);
    CHECK_FALSE(second->replayed);
    CHECK(shop.world.effects_of(Step::authorize).size() == 1);
    const auto reserves = shop.world.effects_of(Step::reserve);
    REQUIRE(reserves.size() == 2);  // the first one was released: its key would only tell of it again
    CHECK(reserves[0].key != reserves[1].key);
}

TEST_CASE("a charge whose undoing failed too often is answered 500, kept") {
    Shop shop;
    shop.world.scripts[Step::ship].performs = {refuses(Code::cannot_ship)};
    shop.world.scripts[Step::refund].always = not_reached();
    const auto first = shop.post();
    REQUIRE(first);
    CHECK(first->answer.status == 500);
    CHECK_THAT(first->answer.body, Catch::Contains("needs_attention") && Catch::Contains("ship"));
    CHECK(shop.post()->answer == first->answer);
    CHECK(shop.post()->replayed);
}

TEST_CASE("when the store stays away in the middle the client hears 503, and the charge is finished later, once") {
    Shop shop;
    auto asked = shop.command();
    const auto begun = shop.time.run(shop.store.begin(asked.begin));
    shop.store.fail_next_write({Code::store_unavailable, "away"}, MemoryStore::WriteFate::lost, 1000);
    const auto answer = shop.time.run(shop.checkout()(std::move(asked), *begun));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == Code::store_unavailable);
    CHECK(answer.error().retriable);
    shop.store.forget_failure();
    shop.recover();
    CHECK(shop.status() == "succeeded");
    CHECK(shop.world.steps_done() == std::vector<Step>{Step::reserve, Step::authorize, Step::capture, Step::ship});
}

TEST_CASE("when another process took the charge over the client is told to ask again") {
    Shop shop;
    auto asked = shop.command();
    const auto begun = shop.time.run(shop.store.begin(asked.begin));
    shop.time.advance(31s);
    REQUIRE(shop.recover_once());
    const auto answer = shop.time.run(shop.checkout()(std::move(asked), *begun));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == Code::idempotency_in_flight);
    CHECK(answer.error().retriable);
}

TEST_CASE("a service that hands over answers 202, and leaves the charge to whoever comes next") {
    Shop shop;
    shop.hand_over.request();
    const auto answer = shop.post();
    REQUIRE(answer);
    CHECK(answer->answer.status == 202);
    CHECK(shop.row().due_at <= shop.time.wall());
    CHECK(shop.row().lease_until <= shop.time.wall());
}

TEST_CASE("a charge whose stored state is damaged pages and is left as it is") {
    Shop shop;
    ChargeSaga dead = shop.begin_saga();
    shop.store.charges.overwrite_state(shop.id(), "{");
    shop.time.advance(30s);
    CHECK(shop.recover_once());
    CHECK(shop.pager.pages.size() == 1);
    CHECK(shop.row().state == "{");
    CHECK(shop.world.calls.empty());
    shop.time.advance(30s);
    const auto answer = shop.post();
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == Code::internal);
}

TEST_CASE("recovery takes up what a dead process left, and stops when told to") {
    Shop shop;
    ChargeSaga dead = shop.begin_saga();
    Checkout checkout = shop.checkout();
    Recovery recovery(shop.time.runtime(), shop.store, {.lease = 30s, .interval = 500ms},
                      [&](ChargeRow row) { return checkout.resume(std::move(row)); });
    bool stopped = false;
    shop.time.start([](Recovery& worker, bool& done) -> Task<void> {
        co_await worker.run();
        done = true;
    }(recovery, stopped));
    shop.time.advance(29s);
    CHECK(shop.world.calls.empty());
    shop.time.advance(2s);
    CHECK(shop.status() == "succeeded");
    recovery.stop();
    shop.time.settle();
    CHECK(stopped);
}

TEST_CASE("recovery works on no more charges at once than it may, and gets round to every one") {
    Shop shop;
    shop.world.scripts[Step::reserve].always = Reaction{.takes = 1s};
    for (int i = 0; i < 20; ++i) {
        shop.key = "key-" + std::to_string(i);
        static_cast<void>(shop.begin_saga());
    }
    shop.time.advance(31s);
    Checkout checkout = shop.checkout();
    Recovery recovery(shop.time.runtime(), shop.store, {.lease = 30s, .interval = 500ms, .concurrent_max = 3},
                      [&](ChargeRow row) { return checkout.resume(std::move(row)); });
    bool stopped = false;
    shop.time.start([](Recovery& worker, bool& done) -> Task<void> {
        co_await worker.run();
        done = true;
    }(recovery, stopped));
    std::size_t most = 0;
    for (int i = 0; i < 200; ++i) {
        shop.time.advance(50ms);
        most = std::max(most, checkout.running());
    }
    CHECK(most == 3);
    for (int i = 0; i < 20; ++i) {
        shop.key = "key-" + std::to_string(i);
        CHECK(shop.status() == "succeeded");
    }
    recovery.stop();
    shop.time.settle();
    CHECK(stopped);
}

TEST_CASE("recovery that is told to stop waits for the charges it has taken up, and takes up no more") {
    Shop shop;
    shop.world.scripts[Step::reserve].always = Reaction{.takes = 5s};
    static_cast<void>(shop.begin_saga());
    shop.time.advance(31s);
    Checkout checkout = shop.checkout();
    Recovery recovery(shop.time.runtime(), shop.store, {.lease = 30s, .interval = 500ms},
                      [&](ChargeRow row) { return checkout.resume(std::move(row)); });
    bool stopped = false;
    shop.time.start([](Recovery& worker, bool& done) -> Task<void> {
        co_await worker.run();
        done = true;
    }(recovery, stopped));
    shop.time.settle();
    CHECK(checkout.running() == 1);
    recovery.stop();
    shop.time.advance(4s);
    CHECK_FALSE(stopped);
    shop.key = "key-2";
    static_cast<void>(shop.begin_saga());
    shop.time.advance(2min);
    CHECK(stopped);
    CHECK(shop.status() == "processing");
    shop.key = "key-1";
    CHECK(shop.status() == "succeeded");
}
