// A charge taken up by hand before it is due: what the checkout does with it, and what clients then read.
#include <catch2/catch.hpp>

#include "shop.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

/// Unshippable, and its refund keeps failing until the world is mended.
struct Stuck : Shop {
    Stuck() {
        world.scripts[Step::ship].performs = {refuses(Code::cannot_ship)};
        world.scripts[Step::refund].always = not_reached();
        answer = post().value().answer;
        REQUIRE(status() == "needs_attention");
    }
    void mend() { world.scripts[Step::refund].always.reset(); }

    /// Takes it and waits for its run; whether that has ended in time.
    bool retry(Milliseconds patience = 5s) {
        const Taken taken =
            time.run(store.take(id(), time.wall(), time.wall() + policy.settle.lease, Reach::unfinished)).value();
        REQUIRE(taken.kind == Taken::Kind::taken);
        return time.run(out.retry(taken.row, patience));
    }

    /// One failure is too many.
    Checkout strict() {
        policy.settle.compensation_retries = 0;
        policy.settle.compensation_delay = 60s;
        return checkout();
    }

    Checkout out = strict();
    Answer answer;
};

}  // namespace

TEST_CASE("a charge that needs attention and is undone after all reads reversed, while its key keeps its answer") {
    Stuck shop;
    CHECK_THAT(to_json(shop.charge()), Catch::Contains(R"("code":"needs_attention")"));
    shop.mend();
    CHECK(shop.retry());
    CHECK(shop.status() == "reversed");
    CHECK(saga_state(shop.charge()) == "COMPENSATED");
    CHECK_FALSE(shop.row().due_at);
    CHECK_FALSE(shop.row().key_free);
    CHECK(shop.world.effects_of(Step::refund).size() == 1);
    CHECK(shop.store.charges.ledger(shop.id()).back().type == "refund");
    const std::string stands = to_json(shop.charge());
    CHECK_THAT(stands, Catch::Contains(R"("code":"cannot_ship")"));
    CHECK_THAT(stands, !Catch::Contains("needs_attention"));
    const auto replay = shop.post();
    REQUIRE(replay);
    CHECK(replay->answer == shop.answer);
    CHECK(replay->replayed);
    CHECK(final_answer(shop.charge()) == shop.answer);  // also when the kept one has outlived its time
}

TEST_CASE("a retry in vain leaves the charge to be tried again, without a second page") {
    Stuck shop;
    const int tries = shop.charge().intent->tries;
    CHECK(shop.retry());
    CHECK(shop.status() == "needs_attention");
    CHECK(shop.charge().intent->tries == tries + 1);
    CHECK(shop.row().due_at > shop.time.wall());
    CHECK(shop.row().lease_until <= shop.time.wall());
    CHECK(shop.pager.pages.size() == 1);
    shop.mend();
    shop.recover();
    CHECK(shop.status() == "reversed");
}

TEST_CASE("a retried saga that is slower than its operator goes on by itself") {
    Stuck shop;
    shop.mend();
    shop.world.scripts[Step::refund].performs = {{.takes = 10s}};
    CHECK_FALSE(shop.retry(5s));
    CHECK(shop.status() == "needs_attention");
    CHECK(shop.out.running() == 1);
    shop.time.advance(6s);
    CHECK(shop.status() == "reversed");
    CHECK(shop.out.running() == 0);
}
