// What becomes of a charge when the outside does not say what it did: every step, every way not to be told, and the promises
// of the gateway by which it is settled.
#include <array>
#include <set>

#include "invariants.hpp"

using namespace tollgate;
using namespace tollgate::test;
using End = ChargeSaga::End;
using Steps = std::vector<Step>;
using Kinds = std::vector<std::string>;

namespace {

constexpr GatewayTraits replaying{24h, 1min, true, true};
constexpr GatewayTraits forgetful{2h, 1min, true, true};  // settles sooner
constexpr Milliseconds settled_in = replaying.longest_delay + clock_tolerance(replaying);

Shop& with_traits(Shop& shop, GatewayTraits traits) {
    shop.world.traits = traits;
    shop.rewire();
    return shop;
}

/// Makes the checkout come to this undo.
void lead_to(Shop& shop, Step undo) {
    if (undo == Step::refund || undo == Step::release) shop.world.scripts[Step::ship].always = refuses(Code::cannot_ship);
    if (undo == Step::void_authorization) shop.world.scripts[Step::capture].always = refuses(Code::gateway_refused);
}

std::set<std::string> keys_of(const std::vector<OutsideWorld::Call>& calls) {
    std::set<std::string> keys;
    for (const auto& call : calls) keys.insert(call.key);
    return keys;
}

constexpr std::array steps{Step::reserve, Step::authorize,          Step::capture, Step::ship,
                           Step::refund,  Step::void_authorization, Step::release};

struct Trouble {
    std::string title;
    Reaction reaction;
};

Reaction with_code(Reaction reaction, Code code, std::optional<Execution> execution = {}) {
    reaction.error = PaymentError(code, "scripted");
    if (execution) reaction.error->execution = *execution;
    return reaction;
}

std::vector<Trouble> troubles() {
    return {
        {"reply lost", loses_reply()},
        {"never arrives", never_gets_it()},
        {"arrives late", arrives_late(50s)},
        {"500 after acting", acts_and_fails()},
        {"500 without acting", fails_without_acting()},
        {"500 after acting, kept", keeps_its_500(true)},
        {"500 without acting, kept", keeps_its_500(false)},
        {"garbage after acting", with_code(does(), Code::unreadable_answer)},
        {"wrong echo after acting", with_code(does(), Code::echo_mismatch)},
        {"key in use, acting", with_code(arrives_late(20s), Code::gateway_busy, Execution::unknown)},
        {"not reached", not_reached()},
        {"told to come later", hears(Code::gateway_busy)},
        {"breaker open", hears(Code::circuit_open)},
        {"a no that is not kept", hears(Code::gateway_refused)},
        {"a no that is kept", refuses(Code::gateway_refused)},
    };
}

struct LookUps {
    std::string title;
    std::deque<Reaction> first;
};

std::vector<LookUps> look_ups() {
    return {{"look-ups tell", {}},
            {"look-ups fail at first", {hears(Code::gateway_timeout), hears(Code::gateway_fault), hears(Code::circuit_open)}}};
}

/// Brings a charge that anything may have happened to to its end, and says what is wrong with that.
std::vector<std::string> ended_wrong(Shop& shop) {
    shop.recover(2h);
    int attempts = 1;
    if (shop.store.knows(shop.id()) && shop.row().key_free) {
        CHECK(shop.post());
        shop.recover(2h);
        ++attempts;
    }
    return broken_invariants(shop, attempts);
}

const std::vector<std::string> nothing;

}  // namespace

TEST_CASE("whatever two troubles come one after the other at whichever step, the charge ends with one effect a step") {
    for (const Step step : steps) {
        for (const Trouble& one : troubles()) {
            for (const Trouble& two : troubles()) {
                for (const LookUps& looks : look_ups()) {
                    INFO(name(step) << ": " << one.title << ", then " << two.title << "; " << looks.title);
                    Shop shop;
                    with_traits(shop, forgetful);
                    lead_to(shop, step);
                    shop.world.scripts[step].performs = {one.reaction, two.reaction};
                    shop.world.scripts[step].look_ups = looks.first;
                    CHECK(shop.post());
                    CHECK(ended_wrong(shop) == nothing);
                }
            }
        }
    }
}

TEST_CASE("a process that dies at any write or call amid a trouble leaves a charge that ends with one effect a step") {
    int died = 0;
    for (const Step step : steps) {
        for (const Trouble& trouble : troubles()) {
            for (int at = 0; at < 14; ++at) {
                for (const bool late : {false, true}) {
                    INFO(name(step) << ": " << trouble.title << "; dies at " << at << (late ? ", late" : ", early"));
                    Shop shop;
                    with_traits(shop, forgetful);
                    lead_to(shop, step);
                    shop.world.scripts[step].performs = {trouble.reaction, trouble.reaction};
                    const auto fate = late ? MemoryStore::WriteFate::kept : MemoryStore::WriteFate::lost;
                    if (at % 2 == 0) {
                        shop.store.crash_at_write(at / 2, fate);
                    } else {
                        shop.world.crash_at_call(at / 2, late);
                    }
                    try {
                        ChargeSaga saga = shop.begin_saga();
                        shop.run(saga);
                    } catch (const Crash&) {
                        ++died;
                    }
                    shop.store.forget_crash();
                    shop.world.forget_crash();
                    if (!shop.store.knows(shop.id())) CHECK(shop.post());
                    CHECK(ended_wrong(shop) == nothing);
                }
            }
        }
    }
    CHECK(died > 1'000);
}

TEST_CASE("where a gateway keeps its 500, a call that had acted is looked up and adopted, and never sent again") {
    for (const Step step : steps) {
        Shop shop;
        with_traits(shop, replaying);
        lead_to(shop, step);
        shop.world.scripts[step] = {.performs = {keeps_its_500(true)},
                                    .look_ups = {hears(Code::never_arrived), hears(Code::never_arrived)}};
        ChargeSaga saga = shop.begin_saga();
        CHECK(shop.run(saga) == End::finished);
        CHECK(shop.world.count(step, Ask::perform) == 1);
        CHECK(shop.world.count(step, Ask::look_up) == 3);
        CHECK(shop.world.effects_of(step).size() == 1);
        CHECK(shop.pager.pages.empty());
    }
}

TEST_CASE("a kept 500 without effect is 202 until nothing can land any more, then frees the key before money is held") {
    for (const Step step : {Step::reserve, Step::authorize}) {
        Shop shop;
        with_traits(shop, replaying);
        shop.world.scripts[step].performs = {keeps_its_500(false)};
        CHECK(shop.post()->answer.status == 202);
        shop.recover(settled_in - 1min);
        CHECK(shop.status() == "processing");
        CHECK(shop.world.effects_of(Step::release).empty());
        CHECK(shop.world.count(step, Ask::perform) == 1);
        CHECK(shop.pager.kinds() == Kinds{"unknown_outcome_stuck"});
        CHECK(shop.post()->answer.status == 202);
        shop.recover(2min);
        CHECK(shop.row().key_free);
        CHECK(client_error(shop.charge()).code == Code::gateway_error);
        CHECK(client_error(shop.charge()).retriable);

        CHECK(shop.post()->answer.status == 201);
        CHECK(keys_of(shop.world.calls_of(step)).size() == 2);
        CHECK(broken_invariants(shop, 2) == nothing);
    }
}

TEST_CASE("a kept 500 without effect is asked for under a new key, once nothing can land any more, where money is held") {
    for (const Step step : {Step::capture, Step::ship, Step::refund, Step::void_authorization, Step::release}) {
        INFO(name(step));
        Shop shop;
        with_traits(shop, replaying);
        lead_to(shop, step);
        shop.world.scripts[step].performs = {keeps_its_500(false)};
        CHECK(shop.post());
        shop.recover(settled_in - 2min);
        CHECK(keys_of(shop.world.calls_of(step)).size() == 1);
        CHECK(shop.world.effects_of(step).empty());
        shop.recover(4min);
        CHECK(keys_of(shop.world.calls_of(step)).size() == 2);
        CHECK(shop.world.count(step, Ask::perform) == 2);
        CHECK(shop.world.effects_of(step).size() == 1);
        CHECK(broken_invariants(shop, 1) == nothing);
    }
}

TEST_CASE("a kept 500 that nothing can be looked up of stays processing for ever, is never sent again, and pages once") {
    Shop shop;
    with_traits(shop, {24h, 1min, false, true});
    shop.world.scripts[Step::authorize] = {.performs = {keeps_its_500(true)}, .always_look_up = hears(Code::never_arrived)};
    CHECK(shop.post()->answer.status == 202);
    shop.recover(48h);
    CHECK(shop.status() == "processing");
    CHECK(shop.world.count(Step::authorize, Ask::perform) == 1);
    CHECK(shop.world.effects_of(Step::release).empty());
    CHECK(shop.pager.kinds() == Kinds{"unknown_outcome_stuck"});
}

TEST_CASE("a repeated call that meets a plain no, time and again, ends its charge once the first can no longer land") {
    Shop shop;
    shop.world.scripts[Step::authorize] = {.performs = {never_gets_it()}, .always = hears(Code::gateway_refused)};
    CHECK(shop.post()->answer.status == 202);
    shop.recover(2h);
    CHECK(shop.status() == "processing");
    CHECK(shop.world.effects_of(Step::release).empty());
    shop.recover(1h);
    CHECK(shop.status() == "declined");
    CHECK(shop.world.steps_done() == Steps{Step::reserve, Step::release});
    CHECK(keys_of(shop.world.calls_of(Step::authorize)).size() == 1);
}

TEST_CASE("a call that lands as late as one can is adopted, and no no to its repetition gives it up before") {
    for (const Step step : {Step::authorize, Step::capture, Step::ship}) {
        Shop shop;
        with_traits(shop, {24h, 1h, true});
        shop.world.scripts[step] = {.performs = {arrives_late(59min)}, .always = hears(Code::gateway_refused)};
        CHECK(shop.post());
        shop.recover(4h);
        CHECK(shop.status() == "succeeded");
        CHECK(shop.world.steps_done() == Steps{Step::reserve, Step::authorize, Step::capture, Step::ship});
    }
}

TEST_CASE("that a call is sent again is durable before it is, so that a successor knows since when nothing was sent") {
    Shop shop;
    shop.world.scripts[Step::capture].performs = {never_gets_it(), never_gets_it(), never_gets_it()};
    int again = 0;
    shop.world.on_call = [&](Step step) {
        if (step != Step::capture || shop.world.count(Step::capture, Ask::perform) == 0) return;
        const Intent durable = *shop.charge().intent;
        if (shop.world.calls.back().ask != Ask::look_up) return;  // this one is the call after a look-up
        if (durable.last == shop.time.wall()) ++again;
    };
    CHECK(shop.post());
    CHECK(shop.world.count(Step::capture, Ask::perform) == 4);
    CHECK(again == 3);
    CHECK(shop.status() == "succeeded");
}

TEST_CASE("beyond the key's window nothing is sent again, also when the successor's clock is behind as far as clocks may be") {
    for (const bool behind : {false, true}) {
        Shop shop;
        with_traits(shop, {24h, 1h, true});
        shop.world.scripts[Step::capture].always = never_gets_it();
        std::vector<std::chrono::steady_clock::duration> performed;
        shop.world.on_call = [&](Step step) {
            if (step == Step::capture) performed.push_back(shop.time.elapsed());
        };
        ChargeSaga saga = shop.begin_saga();
        shop.run(saga, 0s);
        if (behind) shop.time.jump_wall(-clock_tolerance(shop.world.traits));
        shop.recover(40h);
        const auto calls = shop.world.calls_of(Step::capture);
        std::chrono::steady_clock::duration last_sent{};
        for (std::size_t i = 0; i < calls.size(); ++i) {
            if (calls[i].ask == Ask::perform) last_sent = performed[i];
        }
        CHECK(last_sent < 24h - shop.world.traits.longest_delay);
        CHECK(last_sent > 20h);
        CHECK(performed.back() > 39h);  // looked up for ever
        CHECK(shop.status() == "processing");
        CHECK(shop.pager.kinds() == Kinds{"unknown_outcome_stuck"});
    }
}

TEST_CASE("an owner that overslept its lease asks the store whether it still is one before it calls anybody") {
    for (const Step step : {Step::capture, Step::ship, Step::refund, Step::void_authorization, Step::release}) {
        INFO(name(step));
        Shop shop;
        lead_to(shop, step);
        shop.world.scripts[step].performs = {not_reached()};

        /// The process stands still in its next sleep.
        struct Oversleeping final : Timers {
            explicit Oversleeping(Timers& real) : real_(real) {}
            std::unique_ptr<Timer> make() override {
                struct Late final : Timer {
                    explicit Late(std::unique_ptr<Timer> real) : real_(std::move(real)) {}
                    Task<void> wait_until(SteadyTime time) override { return real_->wait_until(time + 30h); }
                    void wake() noexcept override { real_->wake(); }
                    std::unique_ptr<Timer> real_;
                };
                return std::make_unique<Late>(real_.make());
            }
            Timers& real_;
        } sleepy(shop.time);
        const Runtime& real = shop.time.runtime();
        const Runtime still{real.executor, real.clock, real.random, sleepy};
        const SagaContext context{still,       shop.store, shop.audit,     shop.services,
                                  shop.screen, shop.pager, shop.hand_over, shop.policy};
        auto asked = shop.command();
        const auto begun = shop.time.run(shop.store.begin(asked.begin));
        ChargeSaga zombie(context, asked.charge, begun->row.fence, false, begun->row.lease_until);
        std::optional<End> end;
        shop.time.start([](ChargeSaga& saga, SteadyTime patience, std::optional<End>& ended) -> Task<void> {
            ended = co_await saga.run(patience);
        }(zombie, shop.time.steady() + 30s, end));
        shop.time.advance(1h);
        CHECK_FALSE(end);
        shop.recover(1h);
        CHECK_FALSE(shop.row().due_at);
        shop.world.forget_keys();
        const std::size_t calls = shop.world.calls.size();

        shop.time.advance(30h);
        CHECK(end == End::abandoned);
        CHECK(zombie.error().code == Code::lease_lost);
        CHECK(shop.world.calls.size() == calls);
        CHECK(broken_invariants(shop, 1) == nothing);
    }
}

TEST_CASE("an owner that begins after its lease is over, by either clock, asks the store first as well") {
    for (const bool by_wall_alone : {false, true}) {
        Shop shop;
        ChargeSaga zombie = shop.begin_saga();
        if (by_wall_alone) {
            shop.time.jump_wall(1h);
        } else {
            shop.time.advance(1h);
        }
        REQUIRE(shop.recover_once());
        CHECK(shop.status() == "succeeded");
        const std::size_t calls = shop.world.calls.size();
        CHECK(shop.run(zombie) == End::abandoned);
        CHECK(shop.world.calls.size() == calls);
    }
}

TEST_CASE("an owner whose clock did not count the time it slept asks the store first as well") {
    Shop shop;
    shop.world.scripts[Step::ship].performs = {not_reached()};
    ChargeSaga zombie = shop.begin_saga();
    std::optional<End> end;
    shop.time.start([](ChargeSaga& saga, SteadyTime patience, std::optional<End>& ended) -> Task<void> {
        ended = co_await saga.run(patience);
    }(zombie, shop.time.steady() + 30s, end));
    shop.time.advance(500ms);
    shop.time.jump_wall(1h);
    REQUIRE(shop.recover_once());
    CHECK(shop.status() == "succeeded");
    const std::size_t calls = shop.world.calls.size();
    shop.time.advance(1min);
    CHECK(end == End::abandoned);
    CHECK(shop.world.calls.size() == calls);
}

TEST_CASE("an owner that overslept and is still the owner goes on at the price of one write") {
    Shop shop;
    ChargeSaga saga = shop.begin_saga();
    shop.time.advance(25h);
    CHECK(shop.run(saga) == End::finished);
    CHECK(shop.status() == "succeeded");
    CHECK(shop.store.charges.writes == 6);
}

TEST_CASE("a page is asked for before the state that says so is durable") {
    Shop shop;
    struct Watching final : Pager {
        explicit Watching(Shop& watched) : shop(watched) {}
        void warn(std::string /*charge_id*/, std::string /*detail*/) override {}
        void page(Page page) override {
            const Charge durable = shop.charge();
            CHECK_FALSE(durable.intent->paged);
            CHECK_FALSE(durable.intent->mismatch_paged);
            CHECK(shop.status() == "processing");
            kinds.emplace_back(page.kind);
        }
        Shop& shop;
        Kinds kinds;
    } pager(shop);
    shop.world.scripts[Step::authorize].performs = {with_code(does(), Code::echo_mismatch)};
    shop.world.scripts[Step::capture] = {.performs = {loses_reply()}, .always_look_up = hears(Code::gateway_fault)};
    const SagaContext context{shop.time.runtime(), shop.store, shop.audit,     shop.services,
                              shop.screen,         pager,      shop.hand_over, shop.policy};
    auto asked = shop.command();
    const auto begun = shop.time.run(shop.store.begin(asked.begin));
    ChargeSaga saga(context, asked.charge, begun->row.fence, false, begun->row.lease_until);
    CHECK(shop.run(saga, 1h) == End::parked);
    CHECK(pager.kinds == Kinds{"echo_mismatch", "unknown_outcome_stuck"});

    Shop undone;
    Watching calls(undone);
    lead_to(undone, Step::release);
    undone.world.scripts[Step::release].always = not_reached();
    const SagaContext undoing{undone.time.runtime(), undone.store, undone.audit,     undone.services,
                              undone.screen,         calls,        undone.hand_over, undone.policy};
    auto other = undone.command();
    const auto its = undone.time.run(undone.store.begin(other.begin));
    ChargeSaga second(undoing, other.charge, its->row.fence, false, its->row.lease_until);
    CHECK(undone.run(second) == End::parked);
    CHECK(calls.kinds == Kinds{"failed_compensation"});
    CHECK(undone.status() == "needs_attention");
}
