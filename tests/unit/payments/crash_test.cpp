// The process dies before or after any durable write and any outward call, once or twice in a row: whoever takes the charge
// up afterwards must bring it to an end with one effect a step.
#include <functional>

#include "invariants.hpp"
#include "some_rules.hpp"

using namespace tollgate;
using namespace tollgate::test;
using fraud::Phase;
using Says = fraud::Verdict;

namespace {

struct Scenario {
    std::string title;
    std::string status;  // how the charge ends, crash or not; empty: a crash may change that, within the invariants
    std::function<void(Shop&)> set_up;
};

std::vector<Scenario> scenarios() {
    return {
        {"succeeds", "succeeded", [](Shop&) {}},
        {"declined", "declined", [](Shop& s) { s.world.scripts[Step::authorize].always = refuses(Code::card_declined); }},
        {"out of stock", "reversed", [](Shop& s) { s.world.scripts[Step::reserve].always = refuses(Code::out_of_stock); }},
        {"cannot ship", "reversed", [](Shop& s) { s.world.scripts[Step::ship].always = refuses(Code::cannot_ship); }},
        {"capture refused", "reversed",
         [](Shop& s) { s.world.scripts[Step::capture].always = refuses(Code::gateway_refused); }},
        {"authorize lost", "succeeded", [](Shop& s) { s.world.scripts[Step::authorize].performs = {loses_reply()}; }},
        {"capture never arrived", "succeeded", [](Shop& s) { s.world.scripts[Step::capture].performs = {never_gets_it()}; }},
        {"capture not reached", "succeeded",
         [](Shop& s) { s.world.scripts[Step::capture].performs = {not_reached(), not_reached()}; }},
        {"ship 500 after acting", "succeeded", [](Shop& s) { s.world.scripts[Step::ship].performs = {acts_and_fails()}; }},
        {"refund refused, then lost", "reversed",
         [](Shop& s) {
             s.world.scripts[Step::ship].always = refuses(Code::cannot_ship);
             s.world.scripts[Step::refund].performs = {refuses(Code::gateway_refused), loses_reply()};
         }},
        {"release not reached six times", "reversed",
         [](Shop& s) {
             s.world.scripts[Step::ship].always = refuses(Code::cannot_ship);
             s.world.scripts[Step::release].performs = {not_reached(), not_reached(), not_reached(),
                                                        not_reached(), not_reached(), not_reached()};
         }},
        {"authorize not reached", "", [](Shop& s) { s.world.scripts[Step::authorize].performs = {not_reached()}; }},
        {"customer away", "canceled", [](Shop& s) { s.world.scripts[Step::authorize].always = wants_customer(); }},
        {"manual", "authorized", [](Shop& s) { s.request.manual_capture = true; }},
        {"blocked before the gateway", "blocked", [](Shop& s) { s.screen = one_rule(Says::block, Phase::before); }},
        {"blocked by what the gateway told", "blocked", [](Shop& s) { s.screen = one_rule(Says::block, Phase::after); }},
        {"authenticated after all", "succeeded", [](Shop& s) { s.screen = one_rule(Says::challenge, Phase::after); }},
        {"authenticated after all, the void lost", "succeeded",
         [](Shop& s) {
             s.screen = one_rule(Says::challenge, Phase::after);
             s.world.scripts[Step::void_authorization].performs = {refuses(Code::gateway_refused), loses_reply()};
         }},
        {"asked to authenticate, and away", "canceled",
         [](Shop& s) {
             s.screen = one_rule(Says::challenge, Phase::after);
             s.world.asks_customers = true;
         }},
    };
}

/// A place where the process dies.
struct Death {
    enum class At { write_lost, write_kept, before_call, after_call };
    At at = At::write_lost;
    int index = 0;
};

void arrange(Shop& shop, const Death& death) {
    switch (death.at) {
        case Death::At::write_lost:
            return shop.store.crash_at_write(death.index, MemoryStore::WriteFate::lost);
        case Death::At::write_kept:
            return shop.store.crash_at_write(death.index, MemoryStore::WriteFate::kept);
        case Death::At::before_call:
            return shop.world.crash_at_call(death.index, false);
        case Death::At::after_call:
            return shop.world.crash_at_call(death.index, true);
    }
}

/// The client's request and the owner's run, in one process; false when the process died.
bool live(Shop& shop) {
    try {
        auto asked = shop.command();
        auto begun = shop.time.run(shop.store.begin(asked.begin));
        if (begun->kind == Begun::Kind::fresh) {
            asked.charge.attempt = begun->row.attempt;
            ChargeSaga saga(shop.context(), std::move(asked.charge), begun->row.fence, false);
            shop.run(saga);
        }
        return true;
    } catch (const Crash&) {
        return false;
    }
}

/// The next process: recovers until nothing is due. False when it died as well.
bool live_again(Shop& shop) {
    try {
        shop.recover(3h);
        return true;
    } catch (const Crash&) {
        return false;
    }
}

const std::vector<std::string> none;

void finish_and_check(Shop& shop, const Scenario& scenario) {
    while (!live_again(shop)) {
    }
    while (!shop.store.knows(shop.id())) live(shop);  // the client's retry; it may die once more
    while (!live_again(shop)) {
    }
    shop.store.forget_crash();
    shop.world.forget_crash();
    int attempts = 1;
    if (!scenario.status.empty()) CHECK(shop.status() == scenario.status);
    CHECK(broken_invariants(shop, attempts) == none);
    if (shop.row().key_free) {
        REQUIRE(live(shop));
        ++attempts;
        shop.recover(3h);
        CHECK(shop.status() == "succeeded");
        CHECK(broken_invariants(shop, attempts) == none);
    }
    REQUIRE(shop.row().answer);
    const auto first = shop.post();
    const auto second = shop.post();
    REQUIRE(first);
    REQUIRE(second);
    CHECK(first->replayed);
    CHECK(first->answer == second->answer);
    CHECK(first->answer == *shop.row().answer);
}

/// Every place a run may die at, with some to spare for what a recovery adds.
std::vector<Death> deaths(const Scenario& scenario) {
    Shop calm;
    scenario.set_up(calm);
    live(calm);
    calm.recover(3h);
    const int calls = static_cast<int>(calm.world.calls.size());
    std::vector<Death> all;
    for (int i = 0; i <= calm.store.charges.writes; ++i) {
        all.push_back({Death::At::write_lost, i});
        all.push_back({Death::At::write_kept, i});
    }
    for (int i = 0; i <= calls; ++i) {
        all.push_back({Death::At::before_call, i});
        all.push_back({Death::At::after_call, i});
    }
    return all;
}

std::string told(const Scenario& scenario, const Death& death) {
    static constexpr const char* names[]{"at a write that is lost", "after a write", "before a call", "after a call"};
    return scenario.title + ", dies " + names[static_cast<int>(death.at)] + " number " + std::to_string(death.index);
}

}  // namespace

TEST_CASE("a charge that nothing disturbs keeps the invariants") {
    for (const Scenario& scenario : scenarios()) {
        INFO(scenario.title);
        Shop shop;
        scenario.set_up(shop);
        CHECK(live(shop));
        finish_and_check(shop, scenario);
    }
}

TEST_CASE("a process that dies before or after any write or call leaves a charge that ends as if it had lived") {
    int died = 0;
    for (const Scenario& scenario : scenarios()) {
        for (const Death& death : deaths(scenario)) {
            INFO(told(scenario, death));
            Shop shop;
            scenario.set_up(shop);
            arrange(shop, death);
            if (!live(shop)) ++died;
            finish_and_check(shop, scenario);
        }
    }
    CHECK(died > 100);
}

TEST_CASE("a process that dies, and its successor that dies as well, leave one effect a step") {
    int both_died = 0;
    for (const Scenario& scenario : scenarios()) {
        const auto all = deaths(scenario);
        for (const Death& first : all) {
            for (const Death& second : all) {
                Shop shop;
                scenario.set_up(shop);
                arrange(shop, first);
                if (live(shop)) continue;
                INFO(told(scenario, first) + "; then " + told(scenario, second));
                arrange(shop, second);
                if (!live_again(shop)) ++both_died;
                finish_and_check(shop, scenario);
            }
        }
    }
    CHECK(both_died > 1'000);
}

TEST_CASE("an owner paused at any call, and woken after another finished the charge, changes nothing") {
    for (const Scenario& scenario : scenarios()) {
        if (scenario.status.empty()) continue;
        for (int paused_at = 0; paused_at < 8; ++paused_at) {
            INFO(scenario.title << ", paused before call " << paused_at);
            Shop shop;
            scenario.set_up(shop);
            int calls = 0;
            OutsideCalls services = shop.world.services();
            const auto pause = [&]<class Call, class Out>(OutsideService<Call, Out>& service) {
                service = [&, inner = service](OutsideCall<Call> call) -> Task<Result<Out>> {
                    if (calls++ == paused_at) co_await sleep_for(shop.time.runtime(), 5h);
                    co_return co_await inner(std::move(call));
                };
            };
            pause(services.reserve), pause(services.authorize), pause(services.capture), pause(services.ship);
            pause(services.refund), pause(services.void_authorization), pause(services.release);
            const SagaContext slow{shop.time.runtime(), shop.store, shop.audit,     services,
                                   shop.screen,         shop.pager, shop.hand_over, shop.policy};
            auto asked = shop.command();
            const auto begun = shop.time.run(shop.store.begin(asked.begin));
            ChargeSaga zombie(slow, asked.charge, begun->row.fence, false);
            shop.time.start([](ChargeSaga& saga, SteadyTime patience) -> Task<void> { co_await saga.run(patience); }(
                                                                          zombie, shop.time.steady() + 30s));
            shop.time.advance(10min);
            shop.recover(3h);
            const std::string state = shop.row().state;
            const auto answer = shop.row().answer;
            shop.time.advance(6h);
            shop.recover(3h);
            CHECK(shop.row().state == state);
            CHECK(shop.row().answer == answer);
            CHECK(shop.status() == scenario.status);
            CHECK(broken_invariants(shop, 1) == none);
        }
    }
}
