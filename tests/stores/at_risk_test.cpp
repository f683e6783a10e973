#include <catch2/catch.hpp>

#include "store_under_test.hpp"

using namespace tollgate;
using namespace tollgate::test;
using std::chrono::seconds;

namespace {

/// A charge of its own tenant, so that several partitions have some.
BeginCharge begin_in(const std::string& key, const std::string& currency) {
    const std::string tenant = "shop " + key;
    BeginCharge begin = begin_of(key);
    begin.row.id = id_of(key, tenant);
    begin.row.tenant = tenant;
    begin.row.currency = currency;
    return begin;
}

Transition risking(const ChargeRow& row, AtRisk risk) {
    Transition step = step_of(row, "on its way");
    step.at_risk = risk;
    return step;
}

using Sums = std::vector<CurrencyAtRisk>;
using Ids = std::vector<std::string>;

/// A succeeded charge of "shop", begun so many seconds after noon, of which so much is to be given back.
std::string refunding(Bench& bench, int second, std::int64_t pending) {
    const Begun begun = bench.begin(begin_of(std::to_string(second), noon + seconds(second))).value();
    Transition end = end_of(begun.row, Answer{201, "done"});
    end.at_risk.pending_refund = pending;
    REQUIRE(bench.advance(end));
    return begun.row.id;
}

Ids walk(Bench& bench, SurveyQuery query) {
    Ids ids;
    do {
        const ChargePage page = bench.survey(query).value();
        REQUIRE(page.rows.size() <= query.limit);
        for (const ChargeRow& row : page.rows) ids.push_back(row.id);
        REQUIRE(ids.size() < 100);  // else it goes round
        query.cursor = page.next_cursor;
    } while (!query.cursor.empty());
    return ids;
}

}  // namespace

TEST_CASE("money at risk is the sum over all charges of every tenant, by currency") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    CHECK(bench.money_at_risk().empty());
    std::vector<ChargeRow> rows;
    for (const char* currency : {"USD", "JPY", "USD", "EUR", "USD"}) {
        rows.push_back(bench.begin(begin_in(std::to_string(rows.size()), currency)).value().row);
    }
    CHECK(bench.money_at_risk().empty());
    REQUIRE(bench.advance(risking(rows[0], {.unknown = 4999})));
    REQUIRE(bench.advance(risking(rows[1], {.uncaptured = 999'999'999'999})));
    REQUIRE(bench.advance(risking(rows[2], {.uncaptured = 20, .pending_refund = 7})));
    REQUIRE(bench.advance(risking(rows[3], {})));
    REQUIRE(bench.advance(risking(rows[4], {.unknown = 1, .uncaptured = 1, .pending_refund = 1})));
    CHECK(bench.money_at_risk() == Sums{{"JPY", {0, 999'999'999'999, 0}}, {"USD", {5000, 21, 8}}});

    REQUIRE(bench.advance(risking(rows[0], {.uncaptured = 4999})));
    REQUIRE(bench.advance(risking(rows[1], {})));
    REQUIRE(bench.advance(risking(rows[2], {.uncaptured = 20, .pending_refund = 5})));
    CHECK(bench.money_at_risk() == Sums{{"USD", {1, 5020, 6}}});
    for (const ChargeRow& row : rows) REQUIRE(bench.advance(end_of(row, Answer{201, "done"})));
    CHECK(bench.money_at_risk().empty());
}

TEST_CASE("a step counts once towards the money at risk however often it is written, and never under another's fence") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    const Begun begun = bench.begin(begin_of("a")).value();
    const Transition step = risking(begun.row, {.unknown = 40, .pending_refund = 2});
    for (int i = 0; i < 3; ++i) REQUIRE(bench.advance(step));
    Transition foreign = risking(begun.row, {.unknown = 1});
    foreign.fence = 2;
    CHECK_FALSE(bench.advance(foreign));
    CHECK(bench.money_at_risk() == Sums{{"USD", {40, 0, 2}}});
    Transition next = step;
    next.state = "further on";
    next.at_risk.unknown = 0;
    for (int i = 0; i < 2; ++i) REQUIRE(bench.advance(next));
    CHECK(bench.money_at_risk() == Sums{{"USD", {0, 0, 2}}});
}

TEST_CASE("a key that is begun anew has no money at risk, though its last attempt had") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    const Begun begun = bench.begin(begin_of("a")).value();
    Transition freeing = risking(begun.row, {.unknown = 4999, .pending_refund = 3});
    freeing.status = ChargeStatus::succeeded;
    freeing.live = false;
    freeing.frees_key = true;
    freeing.due_at.reset();
    REQUIRE(bench.advance(freeing));
    CHECK(bench.money_at_risk() == Sums{{"USD", {4999, 0, 3}}});
    BeginCharge again = begin_of("a");
    again.row.currency = "JPY";
    const Begun anew = bench.begin(again).value();
    REQUIRE(anew.kind == Begun::Kind::fresh);
    CHECK(bench.money_at_risk().empty());
    CHECK(walk(bench, {.statuses = {}, .refunding = true}).empty());
    REQUIRE(bench.advance(risking(anew.row, {.uncaptured = 5})));
    CHECK(bench.money_at_risk() == Sums{{"JPY", {0, 5, 0}}});
}

TEST_CASE("an operator sees charges with a pending refund among the statuses he asks for, the newest first") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    const std::string done = refunding(bench, 0, 0);
    const std::string oldest = refunding(bench, 1, 5);
    REQUIRE(bench.begin(begin_of("processing", noon + seconds(2))));
    const std::string elsewhere = id_of("elsewhere", "another shop");
    BeginCharge other = begin_of("elsewhere", noon + seconds(3));
    other.row.tenant = "another shop";
    other.row.id = elsewhere;
    REQUIRE(bench.begin(other));
    Transition end = end_of(bench.find(elsewhere).value(), Answer{201, "done"});
    end.at_risk.pending_refund = 1;
    REQUIRE(bench.advance(end));
    const std::string newest = refunding(bench, 4, 4999);
    Transition undone = step_of(bench.begin(begin_of("reversed", noon + seconds(5))).value().row, "undoing");
    undone.status = ChargeStatus::needs_attention;
    undone.at_risk.pending_refund = 9;
    REQUIRE(bench.advance(undone));

    const std::size_t limit = GENERATE(1, 2, 20);
    const auto listed = [&](std::vector<ChargeStatus> statuses) {
        return walk(bench, {.statuses = std::move(statuses), .refunding = true, .limit = limit});
    };
    using enum ChargeStatus;
    CHECK(listed({}) == Ids{newest, elsewhere, oldest});
    CHECK(listed({processing}) == Ids{newest, elsewhere, id_of("processing"), oldest});
    CHECK(listed({needs_attention}) == Ids{id_of("reversed"), newest, elsewhere, oldest});
    CHECK(listed({succeeded}) == Ids{newest, elsewhere, oldest, done});
    CHECK(walk(bench, {.statuses = {processing}, .limit = limit}) == Ids{id_of("processing")});

    REQUIRE(bench.advance(risking(bench.find(oldest).value(), {.pending_refund = 3})));  // no longer succeeded
    CHECK(listed({}) == Ids{newest, elsewhere});
    Transition back = end_of(bench.find(oldest).value(), Answer{201, "done"});
    back.at_risk.pending_refund = 3;
    REQUIRE(bench.advance(back));
    CHECK(listed({}) == Ids{newest, elsewhere, oldest});
    REQUIRE(bench.advance(end_of(bench.find(oldest).value(), Answer{201, "done"})));  // given back
    CHECK(listed({}) == Ids{newest, elsewhere});
}
