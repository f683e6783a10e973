#include <catch2/catch.hpp>

#include "sqlite_under_test.hpp"
#include "stores/sqlite/charge_writes.hpp"
#include "stores/sqlite/housekeeping.hpp"
#include "stores/sqlite/schema.hpp"

using namespace tollgate;
using namespace tollgate::test;
using namespace tollgate::sqlite;

TEST_CASE("answers and limits that outlived their time are cleared, and only those") {
    Database database = Database::open(":memory:", Database::Access::read_write, "").value();
    REQUIRE(migrate(database, ":memory:", migrations()));
    ChargeWrites writes(database);
    Housekeeping housekeeping(database);
    for (int i = 0; i < 600; ++i) {
        const WallTime now = noon + std::chrono::minutes(i < 300 ? 0 : 60);
        BeginCharge begin = begin_of(std::to_string(i), now);
        begin.admission.limit_key = begin.row.id;
        begin.admission.limit = GcraPolicy{.requests = 1, .per = std::chrono::hours(24), .burst = 1};
        REQUIRE(writes.begin(begin).value().kind == Begun::Kind::fresh);
        REQUIRE(writes.advance(end_of(begin.row, Answer{201, "done"}, now)));
    }
    const WallTime later = noon + std::chrono::hours(24) + std::chrono::minutes(1);  // one more, for clocks that step back
    housekeeping.saw(later, std::chrono::hours(24));
    int steps = 0;
    for (; housekeeping.due() && steps < 100; ++steps) housekeeping.step();
    CHECK(steps > 1);
    CHECK(steps < 100);
    CHECK_FALSE(database.failed());
    CHECK(database.number("SELECT count(*) FROM charges WHERE answer_body IS NOT NULL") == 300);
    CHECK(database.number("SELECT count(*) FROM limits") == 300);

    BeginCharge old = begin_of("0", later);
    CHECK(writes.begin(old).value().kind == Begun::Kind::settled);
    BeginCharge young = begin_of("599", later);
    CHECK(writes.begin(young).value().kind == Begun::Kind::replay);

    // An outlived answer stays outlived, even when its charge moves on.
    REQUIRE(writes.advance(end_of(writes.begin(old).value().row, Answer{200, "another"}, later)));
    CHECK(writes.begin(old).value().kind == Begun::Kind::settled);
}

TEST_CASE("settled operations that outlived their time are cleared, and never one under way") {
    Database database = Database::open(":memory:", Database::Access::read_write, "").value();
    REQUIRE(migrate(database, ":memory:", migrations()));
    ChargeWrites writes(database);
    Housekeeping housekeeping(database);
    for (int i = 0; i < 300; ++i) {
        BeginCharge begin = begin_of(std::to_string(i));
        REQUIRE(writes.begin(begin).value().kind == Begun::Kind::fresh);
        Transition step = step_of(begin.row, "refund intended");
        step.operations = {{"op_1", "payload", {}}, {"op_2", "payload", Answer{200, "old"}}, {"op_3", "payload", {}}};
        REQUIRE(writes.advance(step));
        step = step_of(begin.row, "refunded", noon + std::chrono::hours(1));
        step.operations = {{"op_3", "payload", Answer{200, "young"}}};
        REQUIRE(writes.advance(step));
    }
    const auto left_at = [&](WallTime now) {
        housekeeping.saw(now, std::chrono::hours(24));
        while (housekeeping.due()) housekeeping.step();
        REQUIRE_FALSE(database.failed());
        return database.number("SELECT count(*) FROM operations");
    };
    const WallTime outlived = noon + std::chrono::hours(24);
    CHECK(left_at(outlived - Milliseconds(1)) == 900);
    CHECK(left_at(outlived + std::chrono::minutes(1)) == 600);
    CHECK(left_at(outlived + std::chrono::hours(1) + std::chrono::minutes(1)) == 300);
    CHECK(left_at(outlived + std::chrono::hours(24 * 400)) == 300);
    const Taken known = writes.take_for(id_of("7"), "op_1", noon, noon).value();
    CHECK(known.kind == Taken::Kind::known);
    CHECK(writes.take_for(id_of("7"), "op_2", outlived, outlived).value().kind == Taken::Kind::taken);
}
