#include <catch2/catch.hpp>

#include "store_under_test.hpp"

using namespace tollgate;
using namespace tollgate::test;
using Kind = Begun::Kind;
using Counts = std::vector<std::int64_t>;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

const Velocity charges_a_minute{.key = "shop/charges/ann", .window = minutes(1), .max = 3};
const Velocity failures_a_minute{.key = "shop/failures/ann", .window = minutes(1), .max = 3, .counts_begin = false};

[[nodiscard]] BeginCharge counted(const std::string& key, std::vector<Velocity> velocities, WallTime now = noon) {
    BeginCharge begin = begin_of(key, now);
    begin.admission.velocities = std::move(velocities);
    return begin;
}

/// The counts a fresh charge is told; it must be one.
Counts counts(Bench& bench, const std::string& key, std::vector<Velocity> velocities, WallTime now = noon) {
    const Begun begun = bench.begin(counted(key, std::move(velocities), now)).value();
    REQUIRE(begun.kind == Kind::fresh);
    return begun.velocities;
}

ChargeRow row_of(Bench& bench, const std::string& key) {
    return bench.find(begin_of(key).row.id).value();
}

/// The charge is declined for good, which counts.
Transition decline_of(const ChargeRow& row, std::vector<Velocity> velocities, WallTime now = noon) {
    Transition decline = end_of(row, Answer{402, "declined"}, now);
    decline.status = ChargeStatus::declined;
    decline.live = false;
    decline.velocities = std::move(velocities);
    return decline;
}

}  // namespace

TEST_CASE("a charge that is begun counts itself and those before it") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    CHECK(counts(bench, "a", {charges_a_minute}, noon + std::chrono::seconds(50)) == Counts{1});
    CHECK(counts(bench, "b", {charges_a_minute}, noon + std::chrono::seconds(100)) == Counts{2});
    CHECK(counts(bench, "c", {charges_a_minute}, noon + seconds(30)) == Counts{3});
    CHECK(counts(bench, "d", {}).empty());
}

TEST_CASE("an event counts until its window is over and not a moment longer") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    Velocity watched = charges_a_minute;
    (void)counts(bench, "a", {watched});
    watched.counts_begin = false;
    CHECK(counts(bench, "b", {watched}, noon + minutes(1) - Milliseconds(1)) == Counts{1});
    CHECK(counts(bench, "c", {watched}, noon + minutes(1)) == Counts{0});
}

TEST_CASE("events leave the window one by one") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    (void)counts(bench, "a", {charges_a_minute});
    (void)counts(bench, "b", {charges_a_minute}, noon + seconds(20));
    CHECK(counts(bench, "c", {charges_a_minute}, noon + seconds(70)) == Counts{2});
}

TEST_CASE("nobody counts further than one beyond the most that is allowed") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    for (int i = 1; i <= 7; ++i) {
        CHECK(counts(bench, std::to_string(i), {charges_a_minute}, noon + seconds(i)) == Counts{std::min(i, 4)});
    }
    // The newest are those that go on counting.
    CHECK(counts(bench, "later", {charges_a_minute}, noon + seconds(66)) == Counts{2});
}

TEST_CASE("of an allowance of none the first charge is one too many") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    const Velocity none{.key = "shop/none/ann", .window = minutes(1), .max = 0};
    CHECK(counts(bench, "a", {none}) == Counts{1});
    CHECK(counts(bench, "b", {none}) == Counts{1});
}

TEST_CASE("each key counts for itself, and the counts come in the order they were asked for") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    Velocity bob = charges_a_minute;
    bob.key = "shop/charges/bob";
    Velocity all{.key = "shop/all", .window = minutes(1), .max = 100};
    CHECK(counts(bench, "a", {charges_a_minute, all}) == Counts{1, 1});
    CHECK(counts(bench, "b", {charges_a_minute, all}) == Counts{2, 2});
    CHECK(counts(bench, "c", {bob, all}) == Counts{1, 3});
    CHECK(counts(bench, "d", {all, bob, charges_a_minute}) == Counts{4, 2, 3});
}

TEST_CASE("what only failures count is told to a begin and not added by it") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    CHECK(counts(bench, "a", {failures_a_minute}) == Counts{0});
    CHECK(counts(bench, "b", {failures_a_minute}) == Counts{0});
    REQUIRE(bench.advance(decline_of(row_of(bench, "a"), {failures_a_minute}, noon + seconds(10))));
    CHECK(counts(bench, "c", {failures_a_minute}, noon + seconds(10)) == Counts{1});
    CHECK(counts(bench, "d", {failures_a_minute}, noon + seconds(70) - Milliseconds(1)) == Counts{1});
    CHECK(counts(bench, "e", {failures_a_minute}, noon + seconds(70)) == Counts{0});
}

TEST_CASE("failures are counted no further than one beyond the most that is allowed") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    for (int i = 1; i <= 7; ++i) {
        const std::string key = std::to_string(i);
        const Begun begun = bench.begin(begin_of(key)).value();
        REQUIRE(bench.advance(decline_of(begun.row, {failures_a_minute}, noon + seconds(i))));
    }
    CHECK(counts(bench, "a", {failures_a_minute}, noon + seconds(7)) == Counts{4});
    CHECK(counts(bench, "b", {failures_a_minute}, noon + seconds(66)) == Counts{1});
}

TEST_CASE("a transition counts beside the begin of its own charge") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    (void)counts(bench, "a", {charges_a_minute});
    REQUIRE(bench.advance(decline_of(row_of(bench, "a"), {charges_a_minute})));
    CHECK(counts(bench, "b", {charges_a_minute}) == Counts{3});
}

TEST_CASE("the same transition twice counts once") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    const Begun begun = bench.begin(begin_of("a")).value();
    const Transition decline = decline_of(begun.row, {failures_a_minute}, noon + seconds(1));
    REQUIRE(bench.advance(decline));
    REQUIRE(bench.advance(decline));  // as after an answer that got lost
    CHECK(counts(bench, "b", {failures_a_minute}, noon + seconds(2)) == Counts{1});
}

TEST_CASE("two failures of one owner at different times are two") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    const Begun begun = bench.begin(begin_of("a")).value();
    Transition failed = step_of(begun.row, "declined once", noon + seconds(1));
    failed.velocities = {failures_a_minute};
    REQUIRE(bench.advance(failed));
    REQUIRE(bench.advance(decline_of(begun.row, {failures_a_minute}, noon + seconds(2))));
    CHECK(counts(bench, "b", {failures_a_minute}, noon + seconds(2)) == Counts{2});
}

TEST_CASE("a transition under another's fence counts nothing") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    const Begun begun = bench.begin(begin_of("a")).value();
    Transition late = decline_of(begun.row, {failures_a_minute});
    late.fence += 1;
    REQUIRE_FALSE(bench.advance(late));
    CHECK(counts(bench, "b", {failures_a_minute}) == Counts{0});
}

TEST_CASE("a freed key that is begun again counts once, at the time of its last beginning") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    (void)counts(bench, "a", {charges_a_minute});
    Transition end = decline_of(row_of(bench, "a"), {});
    end.answer.reset();
    end.frees_key = true;
    REQUIRE(bench.advance(end));
    CHECK(counts(bench, "a", {charges_a_minute}) == Counts{1});
    CHECK(counts(bench, "b", {charges_a_minute}) == Counts{2});
}

TEST_CASE("a begin that begins nothing counts nothing and is told no counts") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    (void)counts(bench, "a", {charges_a_minute});
    const auto answered = [&bench](BeginCharge begin) {
        const Begun begun = bench.begin(std::move(begin)).value();
        CHECK(begun.velocities.empty());
        return begun.kind;
    };
    BeginCharge refused = counted("b", {charges_a_minute});
    refused.admission.refusal = PaymentError(Code::circuit_open, "the gateway rests");
    CHECK(answered(refused) == Kind::refused);

    BeginCharge limited = counted("b", {charges_a_minute});
    limited.admission.limit_key = "shop/ann";
    limited.admission.limit = GcraPolicy{.requests = 1, .per = minutes(1), .burst = 1};
    BeginCharge first = begin_of("first");
    first.admission.limit_key = limited.admission.limit_key;
    first.admission.limit = limited.admission.limit;
    REQUIRE(bench.begin(first).value().kind == Kind::fresh);
    CHECK(answered(limited) == Kind::refused);

    BeginCharge second = counted("b", {charges_a_minute});
    second.row.order_id = "order of a";
    CHECK(answered(second) == Kind::duplicate);

    CHECK(answered(counted("a", {charges_a_minute})) == Kind::in_flight);
    BeginCharge other = counted("a", {charges_a_minute});
    other.row.fingerprint = "another payload";
    CHECK(answered(other) == Kind::reused);
    CHECK(answered(counted("a", {charges_a_minute}, noon + seconds(30))) == Kind::taken_over);
    REQUIRE(bench.advance(end_of(row_of(bench, "a"), Answer{201, "done"}, noon + seconds(30))));
    CHECK(answered(counted("a", {charges_a_minute}, noon + seconds(30))) == Kind::replay);
    CHECK(answered(counted("a", {charges_a_minute}, noon + std::chrono::hours(25))) == Kind::settled);

    CHECK(counts(bench, "z", {charges_a_minute}, noon + seconds(31)) == Counts{2});
}
