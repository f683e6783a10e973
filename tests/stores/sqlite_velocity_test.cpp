#include <catch2/catch.hpp>

#include "sqlite_under_test.hpp"
#include "stores/sqlite/charge_writes.hpp"
#include "stores/sqlite/housekeeping.hpp"
#include "stores/sqlite/schema.hpp"

using namespace tollgate;
using namespace tollgate::test;
using namespace tollgate::sqlite;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

Database empty_store() {
    Database database = Database::open(":memory:", Database::Access::read_write, "").value();
    REQUIRE(migrate(database, ":memory:", migrations()));
    return database;
}

BeginCharge counted(int number, const Velocity& velocity, WallTime now) {
    BeginCharge begin = begin_of(std::to_string(number), now);
    begin.admission.velocities = {velocity};
    return begin;
}

}  // namespace

TEST_CASE("a busy key keeps no more events than are ever counted") {
    Database database = empty_store();
    ChargeWrites writes(database);
    const Velocity busy{.key = "shop/charges/ann", .window = minutes(60), .max = 5};
    for (int i = 0; i < 50; ++i) {
        BeginCharge begin = counted(i, busy, noon + seconds(i));
        REQUIRE(writes.begin(begin));
        Transition step = step_of(begin.row, "declined", noon + seconds(i));
        step.velocities = {{.key = "shop/failures/ann", .window = minutes(60), .max = 5}};
        REQUIRE(writes.advance(step));
    }
    CHECK(database.number("SELECT count(*) FROM velocities WHERE key = 'shop/charges/ann'") == 6);
    CHECK(database.number("SELECT count(*) FROM velocities WHERE key = 'shop/failures/ann'") == 6);
}

TEST_CASE("events past their window are cleared, and only those") {
    Database database = empty_store();
    ChargeWrites writes(database);
    Housekeeping housekeeping(database);
    for (int i = 0; i < 1200; ++i) {
        const Velocity velocity{.key = "shop/" + std::to_string(i % 400), .window = minutes(i < 600 ? 10 : 60), .max = 9};
        BeginCharge begin = counted(i, velocity, noon);
        REQUIRE(writes.begin(begin).value().kind == Begun::Kind::fresh);
    }
    const auto sweep = [&](WallTime now) {
        housekeeping.saw(now);
        int steps = 0;
        for (; housekeeping.due() && steps < 100; ++steps) housekeeping.step();
        CHECK(steps < 100);
        return database.number("SELECT count(*) FROM velocities");
    };
    const auto margin = minutes(1);  // for clocks that step back
    CHECK(sweep(noon + minutes(10) + margin - Milliseconds(1)) == 1200);
    CHECK(sweep(noon + minutes(11) + margin) == 600);
    CHECK(sweep(noon + minutes(60) + margin) == 0);
    CHECK_FALSE(database.failed());
}

TEST_CASE("a store file from before velocities opens and counts") {
    Loop loop;
    TemporaryFolder folder;
    const SqliteOptions options{.path = folder.file("store.db")};
    {
        Database older = Database::open(options.path, Database::Access::read_write, "").value();
        REQUIRE(migrate(older, options.path, migrations().first(1)));
        const std::string charge =
            "INSERT INTO charges (id, tenant, idempotency_key, fingerprint, order_id, amount, currency, status, live,"
            " created_at, begun_at, attempt, fence, lease_until, key_free, state) VALUES ('" +
            id_of("old") + "', 'shop', 'old', 'payload', 'order', 4999, 'USD', 'processing', 1, 0, 0, 1, 1, 0, 0, x'')";
        REQUIRE(older.run(charge.c_str()));
    }
    CHECK_FALSE(SqliteStore::open_read_only(options));
    const auto store = SqliteStore::open(options).value();
    CHECK(loop.run(store->find(id_of("old"))).value());
    const Velocity velocity{.key = "shop/charges/ann", .window = minutes(1), .max = 5};
    CHECK(loop.run(store->begin(counted(1, velocity, noon))).value().velocities == std::vector<std::int64_t>{1});
    CHECK(loop.run(store->begin(counted(2, velocity, noon))).value().velocities == std::vector<std::int64_t>{2});
    CHECK(SqliteStore::open_read_only(options));
}
