#include <catch2/catch.hpp>

#include "store_under_test.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

std::vector<std::string> ids(const ChargePage& page) {
    std::vector<std::string> all;
    for (const ChargeRow& row : page.rows) all.push_back(row.id);
    return all;
}

void begin_numbered(Bench& bench, int first, int last) {
    for (int i = first; i <= last; ++i) REQUIRE(bench.begin(begin_of(std::to_string(i), noon + Milliseconds(i))));
}

}  // namespace

TEST_CASE("pages go from the newest charge to the oldest, each charge once, while new ones arrive") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    begin_numbered(bench, 1, 5);
    ChargeQuery query{.tenant = "shop", .order_id = "", .status = {}, .limit = 2, .cursor = ""};
    const ChargePage first = bench.page(query).value();
    CHECK(ids(first) == std::vector<std::string>{id_of("5"), id_of("4")});

    begin_numbered(bench, 6, 7);
    query.cursor = first.next_cursor;
    const ChargePage second = bench.page(query).value();
    CHECK(ids(second) == std::vector<std::string>{id_of("3"), id_of("2")});
    query.cursor = second.next_cursor;
    const ChargePage third = bench.page(query).value();
    CHECK(ids(third) == std::vector<std::string>{id_of("1")});
    CHECK(third.next_cursor.empty());
}

TEST_CASE("a page that is exactly full is the last one when nothing is left") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    begin_numbered(bench, 1, 2);
    const ChargePage page = bench.page({.tenant = "shop", .order_id = "", .status = {}, .limit = 2, .cursor = ""}).value();
    CHECK(page.rows.size() == 2);
    CHECK(page.next_cursor.empty());
    CHECK(page.rows[0].state == "reserve intended");
}

TEST_CASE("a page shows one tenant's charges, by order and by status") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    begin_numbered(bench, 1, 4);
    BeginCharge foreign = begin_of("x");
    foreign.row.id = id_of("x", "another shop");
    foreign.row.tenant = "another shop";
    REQUIRE(bench.begin(foreign));
    for (const std::string& id : {id_of("2"), id_of("4")}) {
        REQUIRE(bench.advance(end_of(bench.find(id).value(), Answer{201, "done"})));
    }
    Transition declined = end_of(bench.find(id_of("1")).value(), Answer{402, "no"});
    declined.status = ChargeStatus::declined;
    REQUIRE(bench.advance(declined));

    using Ids = std::vector<std::string>;
    const auto listed = [&bench](const std::string& order, std::optional<ChargeStatus> status, std::size_t limit = 20) {
        return ids(bench.page({.tenant = "shop", .order_id = order, .status = status, .limit = limit, .cursor = ""}).value());
    };
    CHECK(listed("", {}) == Ids{id_of("4"), id_of("3"), id_of("2"), id_of("1")});
    CHECK(listed("", ChargeStatus::succeeded) == Ids{id_of("4"), id_of("2")});
    CHECK(listed("", ChargeStatus::succeeded, 1) == Ids{id_of("4")});
    CHECK(listed("", ChargeStatus::declined) == Ids{id_of("1")});
    CHECK(listed("", ChargeStatus::processing) == Ids{id_of("3")});
    CHECK(listed("", ChargeStatus::reversed).empty());
    CHECK(listed("order of 2", {}) == Ids{id_of("2")});
    CHECK(listed("order of 2", ChargeStatus::succeeded) == Ids{id_of("2")});
    CHECK(listed("order of 2", ChargeStatus::declined).empty());
    CHECK(listed("order of 1", ChargeStatus::declined) == Ids{id_of("1")});
    CHECK(listed("order of nobody", {}).empty());
}

TEST_CASE("a cursor that was never given out is refused") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    begin_numbered(bench, 1, 3);
    const std::string given =
        bench.page({.tenant = "shop", .order_id = "", .status = {}, .limit = 1, .cursor = ""}).value().next_cursor;
    const std::string zero = std::string("0\0", 2);
    for (const std::string& cursor :
         {std::string("nonsense"), given + "0x", given + zero, std::string("-1"), std::string("' OR 1 --")}) {
        INFO(cursor);
        const Result<ChargePage> page =
            bench.page({.tenant = "shop", .order_id = "", .status = {}, .limit = 1, .cursor = cursor});
        REQUIRE_FALSE(page);
        CHECK(page.error().code == Code::bad_request);
    }
}
