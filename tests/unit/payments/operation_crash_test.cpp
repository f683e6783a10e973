// The process dies before or after any durable write and any outward call of an operation: whoever takes the charge up
// afterwards brings it to an end, and the client that asks again is told so, with one effect.
#include <functional>

#include "invariants.hpp"

using namespace tollgate;
using namespace tollgate::test;
using Kind = OperationKind;

namespace {

struct Story {
    std::string title;
    Kind kind;
    std::optional<std::int64_t> amount;
    int answer;                         // that the client has at last
    std::string status;                 // of the charge then
    std::vector<Step> effects;          // of the operation, in order
    std::function<void(Shop&)> before;  // the charge is begun
    std::function<void(Shop&)> set_up;  // it is asked for
};

void manual(Shop& shop) {
    shop.request.manual_capture = true;
}

void waits_for_customer(Shop& shop) {
    shop.world.scripts[Step::authorize].performs = {wants_customer("pi_1")};
}

void nothing(Shop& /*shop*/) {}

std::vector<Story> stories() {
    using S = std::vector<Step>;
    return {
        {"capture", Kind::capture, {}, 200, "succeeded", S{Step::capture, Step::ship}, manual, nothing},
        {"capture in part, its reply lost", Kind::capture, 3000, 200, "succeeded", S{Step::capture, Step::ship}, manual,
         [](Shop& s) { s.world.scripts[Step::capture].performs = {loses_reply()}; }},
        {"capture that cannot be shipped",
         Kind::capture,
         {},
         409,
         "reversed",
         S{Step::capture, Step::refund, Step::release},
         manual,
         [](Shop& s) { s.world.scripts[Step::ship].always = refuses(Code::cannot_ship); }},
        {"void", Kind::void_authorization, {}, 200, "canceled", S{Step::void_authorization, Step::release}, manual, nothing},
        {"void that never arrives at first",
         Kind::void_authorization,
         {},
         200,
         "canceled",
         S{Step::void_authorization, Step::release},
         manual,
         [](Shop& s) { s.world.scripts[Step::void_authorization].performs = {never_gets_it()}; }},
        {"refund", Kind::refund, 1000, 200, "succeeded", S{Step::refund}, nothing, nothing},
        {"refund, its reply lost",
         Kind::refund,
         {},
         200,
         "succeeded",
         S{Step::refund},
         nothing,
         [](Shop& s) { s.world.scripts[Step::refund].performs = {loses_reply()}; }},
        {"refund, answered 500 for ever", Kind::refund, 1000, 200, "succeeded", S{Step::refund}, nothing,
         [](Shop& s) { s.world.scripts[Step::refund].performs = {keeps_its_500(true)}; }},
        {"refund that is refused", Kind::refund, 1000, 502, "succeeded", S{}, nothing,
         [](Shop& s) { s.world.scripts[Step::refund].performs = {refuses(Code::gateway_refused)}; }},
        {"confirm",
         Kind::confirm,
         {},
         200,
         "succeeded",
         S{Step::authorize, Step::capture, Step::ship},
         waits_for_customer,
         nothing},
        {"confirm of what is declined then",
         Kind::confirm,
         {},
         402,
         "declined",
         S{Step::void_authorization, Step::release},
         waits_for_customer,
         [](Shop& s) { s.world.scripts[Step::authorize].performs = {refuses(Code::card_declined)}; }},
    };
}

OperationCommand asked(const Shop& shop, const Story& story) {
    return {.tenant = "default",
            .charge_id = shop.id(),
            .idempotency_key = "op-1",
            .request = {story.kind, story.amount, {}},
            .fingerprint = "payload",
            .request_id = "req-2",
            .origin = {}};
}

/// Nothing: the process died. What it leaves waiting ends on its own time, and is heard by nobody.
std::optional<Result<ChargeAnswer>> live(Shop& shop, const Story& story) {
    const auto answer = std::make_shared<std::optional<Result<ChargeAnswer>>>();
    spawn(shop.time.runtime().executor,
          [](std::shared_ptr<Checkout> its, OperationCommand command,
             std::shared_ptr<std::optional<Result<ChargeAnswer>>> heard) -> Task<void> {
              auto told = co_await its->operate(std::move(command));
              *heard = std::move(told);
          }(std::make_shared<Checkout>(shop.checkout()), asked(shop, story), answer));
    try {
        shop.time.advance(shop.charge_timeout + 1s);
    } catch (const Crash&) {
        return std::nullopt;
    }
    return *answer;
}

void recover(Shop& shop) {
    for (;;) {
        try {
            shop.recover(3h);
            return;
        } catch (const Crash&) {
        }
    }
}

/// The process that the operation comes to: the charge is begun, and as far as it goes by itself.
std::size_t prepare(Shop& shop, const Story& story) {
    story.before(shop);
    REQUIRE(shop.post());
    story.set_up(shop);
    return shop.world.effects.size();
}

std::vector<Step> effects_since(const Shop& shop, std::size_t place) {
    const auto all = shop.world.steps_done();
    return {all.begin() + static_cast<std::ptrdiff_t>(place), all.end()};
}

void finish_and_check(Shop& shop, const Story& story, std::size_t place) {
    if (shop.status() != "requires_action") recover(shop);
    std::optional<Result<ChargeAnswer>> last;
    for (int i = 0; i < 10 && (!last || !*last || (*last)->answer.status == 202); ++i) {
        last = live(shop, story);  // it may die once more
        if (shop.status() != "requires_action") recover(shop);
    }
    REQUIRE(last);
    REQUIRE(*last);
    CHECK((*last)->answer.status == story.answer);
    CHECK(shop.status() == story.status);
    CHECK(effects_since(shop, place) == story.effects);
    const auto again = live(shop, story);
    REQUIRE(again);
    REQUIRE(*again);
    CHECK((*again)->replayed);
    CHECK((*again)->answer == (*last)->answer);
    CHECK(shop.charge().operations.empty());
}

}  // namespace

TEST_CASE("an operation that nothing disturbs ends as it is told") {
    for (const Story& story : stories()) {
        INFO(story.title);
        Shop shop;
        const std::size_t place = prepare(shop, story);
        REQUIRE(live(shop, story));
        finish_and_check(shop, story, place);
    }
}

TEST_CASE("a process that dies before or after any write or call of an operation leaves it to end as if it had lived") {
    using Fate = MemoryStore::WriteFate;
    int died = 0;
    for (const Story& story : stories()) {
        for (int at = 0; at < 40; ++at) {
            Shop shop;
            INFO(story.title << ", death " << at);
            const std::size_t place = prepare(shop, story);
            if (at < 20) {
                shop.store.crash_at_write(at / 2, at % 2 == 0 ? Fate::lost : Fate::kept);
            } else {
                shop.world.crash_at_call((at - 20) / 2, at % 2 == 0);
            }
            if (!live(shop, story)) ++died;
            finish_and_check(shop, story, place);
        }
    }
    CHECK(died > 100);
}
