#include <sqlite3.h>

#include <catch2/catch.hpp>

#include "child.hpp"
#include "fault_vfs.hpp"
#include "sqlite_under_test.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

struct OnFaultyDisk {
    OnFaultyDisk() {
        faulty_disk();
        options.path = folder.file("store.db");
        options.vfs = fault_vfs_name;
        store = SqliteStore::open(options).value();
    }
    Result<Begun> begin(const std::string& key) { return loop.run(store->begin(begin_of(key))); }
    Result<void> check() { return loop.run(store->check()); }

    TemporaryFolder folder;
    SqliteOptions options;
    Loop loop;
    std::unique_ptr<SqliteStore> store;
};

}  // namespace

TEST_CASE("a full disk refuses writes, answers reads, and is forgotten once there is room") {
    OnFaultyDisk world;
    REQUIRE(world.begin("a"));
    CHECK(world.check());

    faulty_disk().write = GENERATE(SQLITE_FULL, SQLITE_IOERR_WRITE);
    const Result<Begun> refused = world.begin("b");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::store_unavailable);
    CHECK(refused.error().execution == Execution::not_executed);
    CHECK(refused.error().detail.find("store.db") != std::string::npos);
    CHECK_FALSE(world.check());
    CHECK_FALSE(world.check());
    CHECK(world.loop.run(world.store->find(id_of("a"))).value());
    CHECK_FALSE(world.loop.run(world.store->find(id_of("b"))).value());

    faulty_disk().write = SQLITE_OK;
    CHECK(world.check());
    const Result<Begun> begun = world.begin("b");
    REQUIRE(begun);
    CHECK(begun->kind == Begun::Kind::fresh);
}

TEST_CASE("what was written is counted when it is durable, and only then") {
    OnFaultyDisk world;
    const Begun begun = world.begin("a").value();
    REQUIRE(world.loop.run(world.store->advance(step_of(begun.row, "authorize intended"))));
    (void)world.begin("a");  // in flight: nothing is written
    faulty_disk().write = SQLITE_FULL;
    CHECK_FALSE(world.begin("b"));
    faulty_disk().write = SQLITE_OK;
    CHECK(world.store->written().transitions == 2);
    CHECK(world.store->written().commits == 2);
}

TEST_CASE("audit records outlast a full disk") {
    OnFaultyDisk world;
    faulty_disk().write = SQLITE_FULL;
    world.store->append({.at = noon,
                         .who = "key_1",
                         .what = "charge.create",
                         .outcome = "attempt",
                         .origin = "127.0.0.1",
                         .charge_id = id_of("a"),
                         .request_id = "r"});
    CHECK_FALSE(world.begin("a"));
    faulty_disk().write = SQLITE_OK;
    REQUIRE(world.begin("a"));
    const AuditVerdict verdict = verify_audit(world.options).value();
    CHECK(verdict.records == 1);
    CHECK_FALSE(verdict.bad_seq);
}

TEST_CASE("a failed fsync ends the process before anybody is told of success") {
    Child child([](int out) {
        OnFaultyDisk world;
        faulty_disk().sync = SQLITE_IOERR_FSYNC;
        (void)world.begin("a");
        tell(out, "answered");
        return 0;
    });
    const std::string said = child.line();
    CHECK(said.find("did not confirm a write") != std::string::npos);
    CHECK(said.find("store.db") != std::string::npos);
    CHECK(child.wait() == 70);
}

TEST_CASE("a file found damaged while running is written no more") {
    OnFaultyDisk world;
    REQUIRE(world.begin("a"));
    faulty_disk().write = SQLITE_CORRUPT;
    CHECK_FALSE(world.begin("b"));
    faulty_disk().write = SQLITE_OK;
    const Result<Begun> refused = world.begin("b");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::store_unavailable);
    CHECK(refused.error().detail.find(".recover") != std::string::npos);
    CHECK_FALSE(world.check());
}

TEST_CASE("a read that fails says so and hurts no later one") {
    OnFaultyDisk world;
    faulty_disk().read = SQLITE_IOERR_READ;
    const auto failed = world.loop.run(world.store->find(id_of("a")));
    faulty_disk().read = SQLITE_OK;
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == Code::store_unavailable);
    CHECK(world.loop.run(world.store->find(id_of("a"))));
}

TEST_CASE("an operation that breaks a rule of the tables fails alone") {
    asio::io_context io;
    OnFaultyDisk world;
    REQUIRE(world.begin("a"));
    BeginCharge clash = begin_of("x");
    clash.row.id.clear();  // a bug of the caller
    std::vector<std::future<Result<Begun>>> asked;
    asked.push_back(asio::co_spawn(io, world.store->begin(begin_of("b")), asio::use_future));
    asked.push_back(asio::co_spawn(io, world.store->begin(clash), asio::use_future));
    asked.push_back(asio::co_spawn(io, world.store->begin(begin_of("c")), asio::use_future));
    io.run();
    CHECK(asked[0].get().value().kind == Begun::Kind::fresh);
    CHECK(asked[1].get().error().code == Code::internal);
    CHECK(asked[2].get().value().kind == Begun::Kind::fresh);
    CHECK(world.check());
    CHECK(world.loop.run(world.store->find(id_of("c"))).value());
}

TEST_CASE("more operations than may wait are refused at once, the others done") {
    asio::io_context io;
    OnFaultyDisk world;
    world.store.reset();
    world.options.queue_max = 8;
    world.store = SqliteStore::open(world.options).value();
    std::vector<std::future<Result<Begun>>> asked;
    for (int i = 0; i < 2000; ++i) {
        asked.push_back(asio::co_spawn(io, world.store->begin(begin_of(std::to_string(i))), asio::use_future));
    }
    io.run();
    int done = 0;
    int refused = 0;
    for (auto& one : asked) {
        const Result<Begun> begun = one.get();
        if (begun) {
            ++done;
        } else {
            ++refused;
            REQUIRE(begun.error().code == Code::store_unavailable);
        }
    }
    CHECK(done >= 8);
    CHECK(refused > 0);
    const ChargePage page =
        world.loop.run(world.store->page({.tenant = "shop", .order_id = "", .status = {}, .limit = 100, .cursor = ""})).value();
    CHECK(page.rows.size() == std::min<std::size_t>(100, static_cast<std::size_t>(done)));
}
