#include <catch2/catch.hpp>

#include "store_under_test.hpp"

using namespace tollgate;
using namespace tollgate::test;
using Kind = Begun::Kind;
using std::chrono::seconds;

TEST_CASE("a retry takes a dead owner's charge over where it stands") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    const Begun first = bench.begin(begin_of("a")).value();
    REQUIRE(bench.advance(step_of(first.row, "authorize intended")));
    const WallTime expired = noon + seconds(30);
    CHECK(bench.begin(begin_of("a", expired - Milliseconds(1))).value().kind == Kind::in_flight);

    BeginCharge retry = begin_of("a", expired);
    retry.row.state = "the retry's own first intent";
    const Begun taken = bench.begin(retry).value();
    REQUIRE(taken.kind == Kind::taken_over);
    CHECK(taken.row.state == "authorize intended");
    CHECK(taken.row.fence == 2);
    CHECK(taken.row.attempt == 1);
    CHECK(taken.row.lease_until == expired + seconds(30));
    CHECK(bench.begin(begin_of("a", expired)).value().kind == Kind::in_flight);
    CHECK(bench.find(id_of("a"))->fence == 2);
}

TEST_CASE("a charge that waits for later is not taken over before") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    const Begun begun = bench.begin(begin_of("a")).value();
    Transition wait = step_of(begun.row, "looked up again in a minute");
    wait.lease_until = noon;  // handed over
    wait.due_at = noon + seconds(60);
    REQUIRE(bench.advance(wait));
    CHECK(bench.begin(begin_of("a", noon + seconds(59))).value().kind == Kind::in_flight);
    CHECK(bench.claim(noon + seconds(59)).empty());
    CHECK(bench.begin(begin_of("a", noon + seconds(60))).value().kind == Kind::taken_over);
}

TEST_CASE("a charge that waits for nobody is in flight for ever and never claimed") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    const Begun begun = bench.begin(begin_of("a")).value();
    Transition wait = step_of(begun.row, "the customer's turn");
    wait.status = ChargeStatus::requires_action;
    wait.due_at.reset();
    REQUIRE(bench.advance(wait));
    const WallTime later = noon + std::chrono::hours(100);
    CHECK(bench.claim(later).empty());
    CHECK(bench.begin(begin_of("a", later)).value().kind == Kind::in_flight);
}

TEST_CASE("an owner that wakes after its lease writes nothing, its ledger included") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    const Begun zombie = bench.begin(begin_of("a")).value();
    const Begun heir = bench.begin(begin_of("a", noon + seconds(30))).value();
    REQUIRE(heir.kind == Kind::taken_over);

    Transition late = end_of(zombie.row, Answer{201, "the zombie's"}, noon + seconds(31));
    late.ledger = {{"capture", "cap_1", 4999, "USD"}};
    const Result<void> refused = bench.advance(late);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::lease_lost);
    CHECK(bench.ledger(id_of("a")).empty());
    CHECK(bench.find(id_of("a"))->status == ChargeStatus::processing);
    CHECK_FALSE(bench.find(id_of("a"))->answer);
    CHECK(bench.advance(step_of(heir.row, "goes on")));
}

TEST_CASE("a transition of a charge nobody began is refused") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    ChargeRow nobody;
    nobody.id = id_of("nobody");
    CHECK(bench.advance(step_of(nobody, "?")).error().code == Code::lease_lost);
}

TEST_CASE("due charges are claimed oldest first, each once, under a higher fence") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    for (const int place : {3, 1, 2, 4}) (void)bench.begin(begin_of(std::to_string(place), noon + seconds(place)));
    CHECK(bench.claim(noon + seconds(30)).empty());  // every lease still runs

    const WallTime later = noon + seconds(40);
    const std::vector<ChargeRow> first = bench.claim(later, 3);
    REQUIRE(first.size() == 3);
    CHECK(first[0].id == id_of("1"));
    CHECK(first[1].id == id_of("2"));
    CHECK(first[2].id == id_of("3"));
    CHECK(first[0].fence == 2);
    CHECK(first[0].lease_until == later + seconds(30));
    CHECK(first[0].state == "reserve intended");
    const std::vector<ChargeRow> second = bench.claim(later, 3);
    REQUIRE(second.size() == 1);
    CHECK(second[0].id == id_of("4"));
    CHECK(bench.advance(step_of(first[0], "resumed", later)));
    CHECK(bench.begin(begin_of("1", later)).value().kind == Kind::in_flight);
}

TEST_CASE("a charge that nobody owns is taken before it is due, and its earlier owner writes no more") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    const Begun begun = bench.begin(begin_of("a")).value();
    Transition wait = step_of(begun.row, "refunded again in a minute");
    wait.status = ChargeStatus::needs_attention;
    wait.lease_until = noon;  // handed over
    wait.due_at = noon + seconds(60);
    REQUIRE(bench.advance(wait));

    const WallTime now = noon + seconds(10);
    const Taken taken = bench.take(id_of("a"), now);
    REQUIRE(taken.kind == Taken::Kind::taken);
    CHECK(taken.row.state == wait.state);
    CHECK(taken.row.status == ChargeStatus::needs_attention);
    CHECK(taken.row.fence == 2);
    CHECK(taken.row.lease_until == now + seconds(30));
    CHECK(taken.row.due_at == wait.due_at);
    CHECK(bench.find(id_of("a"))->fence == 2);
    CHECK(bench.advance(step_of(begun.row, "a zombie's")).error().code == Code::lease_lost);
    CHECK(bench.advance(step_of(taken.row, "refund intended", now)));
}

TEST_CASE("a charge whose taker dies is claimed when both its lease and its time have come") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    const seconds due_in = GENERATE(seconds(5), seconds(60));
    Bench bench(kind);
    const Begun begun = bench.begin(begin_of("a")).value();
    Transition wait = step_of(begun.row, "looked up again later");
    wait.lease_until = noon;
    wait.due_at = noon + due_in;
    REQUIRE(bench.advance(wait));
    REQUIRE(bench.take(id_of("a"), noon).kind == Taken::Kind::taken);
    const WallTime end = noon + std::max(seconds(30), due_in);
    CHECK(bench.claim(end - Milliseconds(1)).empty());
    const std::vector<ChargeRow> claimed = bench.claim(end);
    REQUIRE(claimed.size() == 1);
    CHECK(claimed[0].fence == 3);
}

TEST_CASE("what is owned, waits for its customer or its capture, is finished or was never begun is not taken") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    const Taken unknown = bench.take(id_of("nobody"), noon);
    CHECK(unknown.kind == Taken::Kind::unknown);
    CHECK(unknown.row.id.empty());

    const Begun begun = bench.begin(begin_of("a")).value();
    const auto check_left_alone = [&](Taken::Kind why, WallTime now) {
        const Taken taken = bench.take(id_of("a"), now);
        CHECK(taken.kind == why);
        CHECK(taken.row.fence == 1);
        CHECK(bench.find(id_of("a"))->fence == 1);
    };
    check_left_alone(Taken::Kind::owned, noon + seconds(30) - Milliseconds(1));
    Transition step = step_of(begun.row, "the customer's turn");
    step.status = ChargeStatus::requires_action;
    step.lease_until = noon;
    step.due_at = noon + seconds(10);
    REQUIRE(bench.advance(step));
    check_left_alone(Taken::Kind::waits, noon + seconds(60));
    step.status = ChargeStatus::authorized;
    REQUIRE(bench.advance(step));
    check_left_alone(Taken::Kind::waits, noon + seconds(60));
    step.due_at.reset();
    REQUIRE(bench.advance(step));
    check_left_alone(Taken::Kind::finished, noon + seconds(60));
    REQUIRE(bench.advance(end_of(begun.row, Answer{201, "done"})));
    check_left_alone(Taken::Kind::finished, noon + std::chrono::hours(1));
}

TEST_CASE("a finished charge is never claimed") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    const Begun begun = bench.begin(begin_of("a")).value();
    REQUIRE(bench.advance(end_of(begun.row, Answer{201, "done"})));
    CHECK(bench.claim(noon + std::chrono::hours(1)).empty());
}

TEST_CASE("money that moved is written once, in the order it moved") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    const Begun begun = bench.begin(begin_of("a")).value();
    const LedgerEntry authorized{"authorize", "auth_1", 4999, "USD"};
    const LedgerEntry captured{"capture", "cap_1", 4999, "USD"};
    const LedgerEntry refunded{"refund", "ref_1", 1000, "USD"};
    Transition step = step_of(begun.row, "captured");
    step.ledger = {authorized, captured};
    REQUIRE(bench.advance(step));
    step.ledger = {captured, refunded};  // as after an answer that got lost
    REQUIRE(bench.advance(step));
    REQUIRE(bench.advance(step));
    CHECK(bench.ledger(id_of("a")) == std::vector<LedgerEntry>{authorized, captured, refunded});
    CHECK(bench.ledger(id_of("b")).empty());
}
