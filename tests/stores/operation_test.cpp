#include <catch2/catch.hpp>

#include "at_once.hpp"

using namespace tollgate;
using namespace tollgate::test;
using Kind = Taken::Kind;
using std::chrono::hours;
using std::chrono::seconds;

namespace {

const Answer kept_answer{201, std::string("{\"amount\":\"\xc3\xbc\"}\r\n \0 12:", 23)};

/// Authorized and answered: it waits for its capture, or to be voided in a week.
Transition authorized(const ChargeRow& row, WallTime now = noon) {
    Transition step = end_of(row, Answer{201, "authorized"}, now);
    step.status = ChargeStatus::authorized;
    step.state = "authorized";
    step.lease_until = now;
    step.due_at = now + hours(24 * 7);
    return step;
}

/// The charge "a", which nobody owns.
ChargeRow waiting_charge(Bench& bench) {
    REQUIRE(bench.advance(authorized(bench.begin(begin_of("a")).value().row)));
    return bench.find(id_of("a")).value();
}

/// Its next step, which hands the lease back.
Transition step_with(const ChargeRow& row, std::vector<OperationRecord> operations, WallTime now = noon) {
    Transition step = authorized(row, now);
    step.answer.reset();
    step.operations = std::move(operations);
    return step;
}

/// What became of an operation of the charge "a".
OperationRecord told_of(Bench& bench, const std::string& operation, WallTime now = noon) {
    const Taken known = bench.take_for(id_of("a"), operation, now);
    REQUIRE(known.kind == Kind::known);
    CHECK(known.row.id == id_of("a"));
    return known.operation.value();
}

Task<Taken> take_one(ChargeStore& store, std::string operation) {
    co_return (co_await store.take_for(id_of("a"), std::move(operation), noon, noon + seconds(30))).value();
}

}  // namespace

TEST_CASE("an operation that is known is told with its answer, byte for byte, and takes nothing") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    (void)waiting_charge(bench);
    const Taken taken = bench.take_for(id_of("a"), "op_1", noon);
    REQUIRE(taken.kind == Kind::taken);
    CHECK(taken.row.fence == 2);
    CHECK(taken.row.lease_until == noon + seconds(30));
    CHECK(taken.row.due_at == noon + hours(24 * 7));
    CHECK_FALSE(taken.operation);

    REQUIRE(bench.advance(step_with(taken.row, {{"op_1", "3:a b", {}}})));
    CHECK(told_of(bench, "op_1") == OperationRecord{"op_1", "3:a b", {}});
    REQUIRE(bench.advance(step_with(taken.row, {{"op_1", "3:a b", kept_answer}})));
    CHECK(told_of(bench, "op_1") == OperationRecord{"op_1", "3:a b", kept_answer});
    CHECK(bench.find(id_of("a"))->fence == 2);
    CHECK(bench.find(id_of("a"))->lease_until == noon);
    CHECK(bench.take_for(id_of("a"), "op_2", noon).kind == Kind::taken);
    CHECK(bench.find(id_of("a"))->fence == 3);
}

TEST_CASE("an operation is known while somebody works on its charge, and any other one has to wait for him") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    CHECK(bench.take_for(id_of("a"), "op_1", noon).kind == Kind::unknown);
    const Begun begun = bench.begin(begin_of("a")).value();
    Transition step = step_of(begun.row, "capture intended");
    step.operations = {{"op_1", "payload", {}}};
    REQUIRE(bench.advance(step));
    CHECK(bench.take_for(id_of("a"), "op_1", noon).kind == Kind::known);
    const Taken owned = bench.take_for(id_of("a"), "op_2", noon);
    CHECK(owned.kind == Kind::owned);
    CHECK(owned.row.state == "capture intended");
    CHECK(bench.take_for(id_of("a"), "op_2", noon + seconds(30)).kind == Kind::taken);
}

TEST_CASE("an operation may take what is finished, what waits for its customer, and what waits for its capture") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    const auto status = GENERATE(ChargeStatus::succeeded, ChargeStatus::requires_action, ChargeStatus::authorized);
    Transition step = authorized(bench.begin(begin_of("a")).value().row);
    step.status = status;
    if (status == ChargeStatus::succeeded) step.due_at.reset();
    REQUIRE(bench.advance(step));
    const Taken taken = bench.take_for(id_of("a"), "op_1", noon);
    CHECK(taken.kind == Kind::taken);
    CHECK(taken.row.due_at == step.due_at);
}

TEST_CASE("the first payload and the first answer of an operation stay") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    const ChargeRow row = waiting_charge(bench);
    REQUIRE(bench.advance(step_with(row, {{"op_1", "payload", {}}, {"op_2", "", Answer{409, ""}}})));
    REQUIRE(bench.advance(step_with(row, {{"op_1", "another payload", {}}})));
    CHECK(told_of(bench, "op_1") == OperationRecord{"op_1", "payload", {}});
    CHECK(told_of(bench, "op_2") == OperationRecord{"op_2", "", Answer{409, ""}});

    REQUIRE(bench.advance(step_with(row, {{"op_1", "another payload", kept_answer}, {"op_2", "x", Answer{200, "x"}}})));
    REQUIRE(bench.advance(step_with(row, {{"op_1", "payload", {}}, {"op_2", "", {}}})));
    REQUIRE(bench.advance(step_with(row, {{"op_1", "payload", Answer{500, "late"}}})));
    CHECK(told_of(bench, "op_1") == OperationRecord{"op_1", "payload", kept_answer});
    CHECK(told_of(bench, "op_2") == OperationRecord{"op_2", "", Answer{409, ""}});
}

TEST_CASE("an operation belongs to its charge, and is written with its step or not at all") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    const ChargeRow row = waiting_charge(bench);
    REQUIRE(bench.begin(begin_of("b")));
    Transition foreign = step_with(row, {{"op_1", "payload", {}}});
    foreign.fence = 7;
    CHECK_FALSE(bench.advance(foreign));
    CHECK(bench.take_for(id_of("a"), "op_1", noon).kind == Kind::taken);
    REQUIRE(bench.advance(step_with(bench.find(id_of("a")).value(), {{"op_1", "payload", {}}})));
    CHECK(bench.take_for(id_of("a"), "op_1", noon).kind == Kind::known);
    CHECK(bench.take_for(id_of("b"), "op_1", noon).kind == Kind::owned);
}

TEST_CASE("dozens of operations of one charge are each told as they were written") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    const ChargeRow row = waiting_charge(bench);
    std::vector<OperationRecord> all;
    for (int i = 0; i < 48; ++i) {
        const std::string number = std::to_string(i);
        all.push_back({"op_" + number, std::string(static_cast<std::size_t>(i), ':'), {}});
        if (i % 3 != 0) all.back().answer = Answer{200 + i, i % 3 == 1 ? "" : "answer " + number};
    }
    Transition step = step_with(row, all);
    step.ledger = {{"refund", "re_1", 1, "USD"}, {"refund", "re_2", 2, "USD"}};
    step.velocities = {{.key = "shop/refunds/ann", .window = hours(1), .max = 5}};
    for (const OperationRecord& operation : all) {
        Event event;
        event.id = "evt_" + place_of("shop") + "_" + operation.id;
        event.queue = EventQueue::outgoing;
        event.charge_id = row.id;
        event.at = noon;
        step.events.push_back(event);
    }
    REQUIRE(bench.advance(step));
    for (const OperationRecord& operation : all) CHECK(told_of(bench, operation.id) == operation);
    CHECK(bench.ledger(row.id).size() == 2);
}

TEST_CASE("of many who ask for an operation at once exactly one gets the charge") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    (void)waiting_charge(bench);
    const bool same = GENERATE(true, false);
    const auto all = at_once<Taken>(
        bench, 64, [&](std::size_t i) { return take_one(bench.charges(), same ? "op_1" : "op_" + std::to_string(i)); });
    CHECK(std::ranges::count(all, Kind::taken, &Taken::kind) == 1);
    CHECK(std::ranges::count(all, Kind::owned, &Taken::kind) == 63);
    const ChargeRow row = bench.find(id_of("a")).value();
    CHECK(row.fence == 2);

    REQUIRE(bench.advance(step_with(row, {{"op_1", "payload", kept_answer}})));
    const auto again = at_once<Taken>(bench, 16, [&](std::size_t) { return take_one(bench.charges(), "op_1"); });
    CHECK(std::ranges::count(again, Kind::known, &Taken::kind) == 16);
    CHECK(bench.find(id_of("a"))->fence == 2);
}

TEST_CASE("an operation under way is known however long it takes, a settled one as long as answers are kept") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    const ChargeRow row = waiting_charge(bench);
    REQUIRE(bench.advance(step_with(row, {{"op_1", "payload", {}}, {"op_2", "payload", kept_answer}})));
    CHECK(bench.take_for(id_of("a"), "op_2", noon + hours(24) - Milliseconds(1)).kind == Kind::known);
    CHECK(bench.take_for(id_of("a"), "op_1", noon + hours(24 * 400)).kind == Kind::known);
}

TEST_CASE("the key of a charge that waits for its capture is answered whether it is due or not, and never taken over") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    (void)waiting_charge(bench);
    const WallTime due = noon + hours(24 * 7);
    const auto ask = [&](WallTime now) {
        BeginCharge begin = begin_of("a", now);
        begin.answer_ttl = hours(24 * 10);
        return bench.begin(begin).value();
    };
    CHECK(ask(noon).kind == Begun::Kind::replay);
    const Begun replayed = ask(due + hours(1));
    CHECK(replayed.kind == Begun::Kind::replay);
    CHECK(replayed.row.answer == Answer{201, "authorized"});
    CHECK(ask(noon + hours(24 * 10)).kind == Begun::Kind::settled);
    CHECK(bench.find(id_of("a"))->fence == 1);

    CHECK(bench.claim(due - Milliseconds(1)).empty());
    const std::vector<ChargeRow> claimed = bench.claim(due);
    REQUIRE(claimed.size() == 1);
    CHECK(claimed[0].fence == 2);
    CHECK(claimed[0].status == ChargeStatus::authorized);
    CHECK(ask(noon + hours(24 * 11)).kind == Begun::Kind::settled);
}
