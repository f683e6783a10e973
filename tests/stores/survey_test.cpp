#include <catch2/catch.hpp>
#include <set>

#include "async/all_of.hpp"
#include "store_under_test.hpp"
#include "walk.hpp"

using namespace tollgate;
using namespace tollgate::test;
using std::chrono::seconds;

namespace {

BeginCharge begin_for(const std::string& tenant, const std::string& key, WallTime now) {
    BeginCharge begin = begin_of(key, now);
    begin.row.id = id_of(key, tenant);
    begin.row.tenant = tenant;
    return begin;
}

void decline(Bench& bench, const std::string& id) {
    Transition declined = end_of(bench.find(id).value(), Answer{402, "no"});
    declined.status = ChargeStatus::declined;
    REQUIRE(bench.advance(declined));
}

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("an operator sees the charges of every tenant by status, the newest first") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    CHECK(walk(bench, {.statuses = {ChargeStatus::processing}}).empty());
    const Ids tenants{"anna", "bert", "carl", "anna", "bert", "carl"};
    Ids ids;
    for (std::size_t i = 0; i < tenants.size(); ++i) {
        const std::string key = std::to_string(i);
        REQUIRE(bench.begin(begin_for(tenants[i], key, noon + seconds(static_cast<int>(i)))));
        ids.push_back(id_of(key, tenants[i]));
    }
    REQUIRE(bench.advance(end_of(bench.find(ids[1]).value(), Answer{201, "done"})));
    REQUIRE(bench.advance(end_of(bench.find(ids[3]).value(), Answer{201, "done"})));
    decline(bench, ids[2]);

    const std::size_t limit = GENERATE(1, 2, 3, 20);
    const auto listed = [&](std::vector<ChargeStatus> statuses) {
        return walk(bench, {.statuses = std::move(statuses), .limit = limit, .cursor = ""});
    };
    CHECK(listed({ChargeStatus::processing}) == Ids{ids[5], ids[4], ids[0]});
    CHECK(listed({ChargeStatus::succeeded}) == Ids{ids[3], ids[1]});
    CHECK(listed({ChargeStatus::declined, ChargeStatus::processing}) == Ids{ids[5], ids[4], ids[2], ids[0]});
    CHECK(listed({ChargeStatus::declined, ChargeStatus::succeeded}) == Ids{ids[3], ids[2], ids[1]});
    CHECK(listed({ChargeStatus::reversed}).empty());
    CHECK(listed({}).empty());
    const ChargePage page = bench.survey({.statuses = {ChargeStatus::declined}, .limit = 1, .cursor = ""}).value();
    REQUIRE(page.rows.size() == 1);
    CHECK(page.rows[0].tenant == "carl");
    CHECK(page.rows[0].state == "completed");
    CHECK(page.next_cursor.empty());  // exactly full, and nothing is left
}

TEST_CASE("a walk over all tenants gives each charge once while others arrive and clocks disagree") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    std::set<std::string> there;
    const auto begin = [&bench](int i, int jump) {
        const std::string tenant = "tenant " + std::to_string(i % 7);
        const std::string key = std::to_string(i);
        REQUIRE(bench.begin(begin_for(tenant, key, noon + seconds(jump))));
        return id_of(key, tenant);
    };
    for (int i = 0; i < 300; ++i) there.insert(begin(i, i % 5));
    SurveyQuery query{.statuses = {ChargeStatus::processing}, .limit = 20, .cursor = ""};
    std::multiset<std::string> seen;
    int arrived = 300;
    do {
        const ChargePage page = bench.survey(query).value();
        for (const ChargeRow& row : page.rows) seen.insert(row.id);
        REQUIRE(seen.size() < 1000);
        query.cursor = page.next_cursor;
        (void)begin(arrived++, 10);
    } while (!query.cursor.empty());
    for (const std::string& id : there) {
        INFO(id);
        CHECK(seen.count(id) == 1);
    }
    CHECK(std::set<std::string>(seen.begin(), seen.end()).size() == seen.size());
}

TEST_CASE("charges of a status are found behind thousands of others, a bounded look at a time") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    const Begun oldest = bench.begin(begin_of("oldest")).value();
    REQUIRE(bench.advance(end_of(oldest.row, Answer{201, "done"})));
    REQUIRE(bench.begin(begin_of("declined", noon + seconds(1))));
    decline(bench, id_of("declined"));
    std::vector<Task<Result<Begun>>> others;
    for (int i = 0; i < 1'100; ++i) others.push_back(bench.charges().begin(begin_of(std::to_string(i))));
    for (const Result<Begun>& other : bench.loop.run(all_of(bench.loop.runtime(), std::move(others)))) REQUIRE(other);
    CHECK(walk(bench, {.statuses = {ChargeStatus::succeeded}}) == Ids{id_of("oldest")});
    CHECK(walk(bench, {.statuses = {ChargeStatus::succeeded, ChargeStatus::declined}}) ==
          Ids{id_of("declined"), id_of("oldest")});
    const ChargePage first = bench.survey({.statuses = {ChargeStatus::succeeded}}).value();
    CHECK(first.rows.empty());
    CHECK_FALSE(first.next_cursor.empty());
}

TEST_CASE("a cursor over all tenants that was never given out is refused") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    for (int i = 0; i < 3; ++i) REQUIRE(bench.begin(begin_of(std::to_string(i))));
    SurveyQuery query{.statuses = {ChargeStatus::processing}, .limit = 1, .cursor = ""};
    const std::string given = bench.survey(query).value().next_cursor;
    REQUIRE_FALSE(given.empty());
    for (const std::string& cursor : {std::string("nonsense"), given + "0x", given + std::string("0\0", 2), given + ".",
                                      given + "." + given, std::string("rs"), std::string("rs991"), std::string("rs-15"),
                                      std::string("rs00-1"), std::string("rs0"), std::string("rs000"), std::string("sq0"),
                                      std::string("-1"), std::string("' OR 1 --"), std::string("."), std::string("r")}) {
        INFO(cursor);
        query.cursor = cursor;
        const Result<ChargePage> page = bench.survey(query);
        REQUIRE_FALSE(page);
        CHECK(page.error().code == Code::bad_request);
    }
}
