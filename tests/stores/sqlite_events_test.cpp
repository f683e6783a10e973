#include <catch2/catch.hpp>
#include <sstream>

#include "child.hpp"
#include "events_under_test.hpp"
#include "fault_vfs.hpp"
#include "sqlite_under_test.hpp"
#include "stores/sqlite/event_reads.hpp"
#include "stores/sqlite/event_writes.hpp"
#include "stores/sqlite/housekeeping.hpp"
#include "stores/sqlite/schema.hpp"

using namespace tollgate;
using namespace tollgate::test;
using std::chrono::days;
using std::chrono::minutes;

namespace {

/// A file whose disk fails on demand, asked for its events.
struct EventsOnFaultyDisk {
    EventsOnFaultyDisk() {
        faulty_disk();
        store = SqliteStore::open({.path = folder.file("store.db"), .vfs = fault_vfs_name}).value();
    }
    Result<Accepted> accept(const Event& event) { return loop.run(store->events().accept(event, event_lease)); }
    std::optional<StoredEvent> find(const std::string& id) { return loop.run(store->events().find(id)).value(); }

    TemporaryFolder folder;
    Loop loop;
    std::unique_ptr<SqliteStore> store;
};

/// Event after event, telling each write once it was acknowledged, until the process is killed.
Task<void> take_in_for_ever(EventStore& store, int worker, int out) {
    for (int i = 0;; ++i) {
        const std::string name = std::to_string(worker) + "." + std::to_string(i);
        const Result<Accepted> accepted = co_await store.accept(incoming(name), event_lease);
        if (!accepted || *accepted != Accepted::fresh) ::_exit(98);
        tell(out, "accepted " + name);
        std::vector<Settlement> done{
            {.id = incoming_id(name), .claim = 1, .kind = Settlement::Kind::done, .due_at = {}, .note = "applied"}};
        const Result<void> settled = co_await store.settle(std::move(done), noon);
        if (!settled) ::_exit(97);
        tell(out, "settled " + name);
    }
}

int take_in_until_killed(const std::string& path, int out) {
    asio::io_context io;
    const std::unique_ptr<SqliteStore> store = SqliteStore::open({.path = path}).value();
    for (int worker = 0; worker < 16; ++worker) {
        spawn(io.get_executor(), take_in_for_ever(store->events(), worker, out));
    }
    io.run();
    return 0;
}

}  // namespace

TEST_CASE("an event that was acknowledged is there after a kill -9, and so is what it came to") {
    TemporaryFolder folder;
    Child child([&](int out) { return take_in_until_killed(folder.file("store.db"), out); });
    std::vector<std::pair<std::string, std::string>> told;
    for (int i = 0; i < 400; ++i) {
        std::istringstream words(child.line());
        std::string what;
        std::string name;
        words >> what >> name;
        told.emplace_back(what, name);
    }
    REQUIRE(child.kill() == 128 + SIGKILL);

    Loop loop;
    const auto store = SqliteStore::open({.path = folder.file("store.db")}).value();
    for (const auto& [what, name] : told) {
        INFO(what << " " << name);
        const std::optional<StoredEvent> stored = loop.run(store->events().find(incoming_id(name))).value();
        REQUIRE(stored);
        REQUIRE(stored->event == incoming(name));
        if (what == "settled") REQUIRE(stored->state == StoredEvent::State::done);
        REQUIRE(loop.run(store->events().accept(incoming(name), event_lease)).value() == Accepted::duplicate);
    }
}

TEST_CASE("after a restart nobody waits for the event leases of the dead, and their owners settle nothing") {
    Loop loop;
    SqliteUnderTest sqlite(false);
    REQUIRE(loop.run(sqlite.events().accept(incoming("a"), event_lease)).value() == Accepted::fresh);
    sqlite.reopen();
    const Settlement late{.id = incoming_id("a"), .claim = 1, .kind = Settlement::Kind::done, .due_at = {}, .note = "late"};
    REQUIRE(loop.run(sqlite.events().settle({late}, noon)));
    const auto claimed = loop.run(sqlite.events().claim(EventQueue::incoming, noon, event_lease, 10)).value();
    REQUIRE(ids_of(claimed) == std::vector{incoming_id("a")});
    CHECK(claimed[0].claims == 2);
    CHECK(claimed[0].event == incoming("a"));
}

TEST_CASE("a claim of a file's event ends to the millisecond by the clock of whoever asks") {
    Loop loop;
    SqliteUnderTest sqlite(false);
    REQUIRE(loop.run(sqlite.events().accept(incoming("a"), Milliseconds(0))).value() == Accepted::fresh);
    const auto claim = [&](WallTime now) {
        return loop.run(sqlite.events().claim(EventQueue::incoming, now, event_lease, 10)).value().size();
    };
    CHECK(claim(noon - Milliseconds(1)) == 0);
    CHECK(claim(noon + minutes(1)) == 1);
    CHECK(claim(noon + minutes(1) + event_lease - Milliseconds(1)) == 0);
    CHECK(claim(noon + minutes(1) + event_lease) == 1);
}

TEST_CASE("a full disk takes no event in, and the same event is fresh once there is room") {
    EventsOnFaultyDisk world;
    REQUIRE(world.accept(incoming("a")).value() == Accepted::fresh);
    faulty_disk().write = GENERATE(SQLITE_FULL, SQLITE_IOERR_WRITE);
    const Result<Accepted> refused = world.accept(incoming("b"));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::store_unavailable);
    CHECK(refused.error().execution == Execution::not_executed);
    const Settlement done{.id = incoming_id("a"), .claim = 1, .kind = Settlement::Kind::done, .due_at = {}, .note = ""};
    CHECK(world.loop.run(world.store->events().settle({done}, noon)).error().code == Code::store_unavailable);
    CHECK_FALSE(world.find(incoming_id("b")));
    CHECK(world.find(incoming_id("a"))->state == StoredEvent::State::waiting);

    faulty_disk().write = SQLITE_OK;
    CHECK(world.accept(incoming("b")).value() == Accepted::fresh);
    REQUIRE(world.loop.run(world.store->events().settle({done}, noon)));
    CHECK(world.find(incoming_id("a"))->state == StoredEvent::State::done);
}

TEST_CASE("events that cannot be read say so and hurt no later one") {
    EventsOnFaultyDisk world;
    REQUIRE(world.accept(incoming("a")));
    faulty_disk().read = SQLITE_IOERR_READ;
    const auto failed = world.loop.run(world.store->events().archive({.from = noon, .until = noon + days(1)}));
    faulty_disk().read = SQLITE_OK;
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == Code::store_unavailable);
    CHECK(world.find(incoming_id("a")));
}

TEST_CASE("an event without an id takes neither its step nor anybody else's write with it") {
    asio::io_context io;
    Loop loop;
    SqliteUnderTest sqlite(false);
    const ChargeRow row = loop.run(sqlite.store->begin(begin_of("a"))).value().row;
    Transition step = step_of(row, "told");
    step.events = {outgoing("1"), outgoing("2")};
    step.events[1].id.clear();  // a bug of the caller
    auto refused = asio::co_spawn(io, sqlite.store->advance(step), asio::use_future);
    auto accepted = asio::co_spawn(io, sqlite.events().accept(incoming("b"), event_lease), asio::use_future);
    io.run();
    CHECK(refused.get().error().code == Code::internal);
    CHECK(accepted.get().value() == Accepted::fresh);
    CHECK(loop.run(sqlite.store->find(row.id)).value()->state == "reserve intended");
    CHECK_FALSE(loop.run(sqlite.events().find(outgoing_id("1"))).value());
}

TEST_CASE("a command beside a running service reads its events and writes none") {
    Loop loop;
    SqliteUnderTest sqlite(false);
    REQUIRE(loop.run(sqlite.events().accept(incoming("a"), Milliseconds(0))).value() == Accepted::fresh);
    const auto reader = SqliteStore::open_read_only(sqlite.options).value();
    EventStore& events = reader->events();
    CHECK(loop.run(events.find(incoming_id("a"))).value());
    CHECK(loop.run(events.archive({.from = noon, .until = noon + days(1)}))->events.size() == 1);
    CHECK(loop.run(events.dead_letters({}))->events.empty());
    CHECK(loop.run(events.accept(incoming("b"), Milliseconds(0))).error().code == Code::store_unavailable);
    CHECK(loop.run(events.claim(EventQueue::incoming, noon, event_lease, 1)).error().code == Code::store_unavailable);
    CHECK(loop.run(events.settle({}, noon)).error().code == Code::store_unavailable);
    CHECK(loop.run(events.replay(incoming_id("a"), noon)).error().code == Code::store_unavailable);
}

TEST_CASE("events past their retention are cleared with their bodies, but never one that waits") {
    sqlite::Database database = sqlite::Database::open(":memory:", sqlite::Database::Access::read_write, "").value();
    REQUIRE(migrate(database, ":memory:", sqlite::migrations()));
    sqlite::EventWrites writes(database);
    sqlite::Housekeeping housekeeping(database);
    housekeeping.keep_events(days(35));
    const auto name_of = [](int i) { return std::to_string(i); };
    for (int i = 0; i < 900; ++i) {
        const WallTime at = i < 600 ? noon : noon + days(1);
        const bool tells = i % 2 == 0;
        const Event event = tells ? outgoing(name_of(i), name_of(i), at) : incoming(name_of(i), at);
        if (tells) {
            writes.queue(std::vector{event}, at);
        } else {
            REQUIRE(writes.accept(event, event_lease).value() == Accepted::fresh);
        }
    }
    for (const EventQueue queue : {EventQueue::incoming, EventQueue::outgoing}) {
        for (const StoredEvent& stored : writes.claim(queue, noon + days(2), event_lease, 1000).value()) {
            const bool waits = stored.event.id == incoming_id("1") || stored.event.id == outgoing_id("2");
            if (waits) continue;
            const auto kind = stored.event.at == noon ? Settlement::Kind::dead : Settlement::Kind::done;
            REQUIRE(writes.settle(std::vector{settlement_of(stored, kind)}, stored.event.at));
        }
    }
    const auto sweep_at = [&](WallTime now) {
        housekeeping.saw(now);
        int steps = 0;
        for (; housekeeping.due() && steps < 100; ++steps) housekeeping.step();
        CHECK(steps < 100);
        CHECK_FALSE(database.failed());
        CHECK(database.number("SELECT count(*) FROM event_bodies") == database.number("SELECT count(*) FROM events"));
        return database.number("SELECT count(*) FROM events");
    };
    CHECK(sweep_at(noon + days(35)) == 900);
    CHECK(sweep_at(noon + days(35) + minutes(2)) == 302);
    CHECK(sweep_at(noon + days(90)) == 2);
    CHECK(writes.accept(incoming("1"), event_lease).value() == Accepted::duplicate);
    CHECK(writes.accept(incoming("3"), event_lease).value() == Accepted::fresh);
    CHECK(writes.replay(incoming_id("5"), noon + days(90)).value() == Replayed::unknown);
    CHECK(writes.replay(outgoing_id("2"), noon + days(90)).value() == Replayed::waiting);
    CHECK(sqlite::EventReads(database).dead_letters({})->events.empty());
}

TEST_CASE("a running store clears events past the retention it was given") {
    Loop loop;
    TemporaryFolder folder;
    const auto store = SqliteStore::open({.path = folder.file("store.db"), .event_retention = days(2)}).value();
    for (const char* name : {"settled", "waits"}) {
        REQUIRE(loop.run(store->events().accept(incoming(name), event_lease)).value() == Accepted::fresh);
    }
    const Settlement done{.id = incoming_id("settled"), .claim = 1, .kind = Settlement::Kind::done, .due_at = {}, .note = ""};
    REQUIRE(loop.run(store->events().settle({done}, noon)));
    REQUIRE(loop.run(store->events().accept(incoming("much later", noon + days(3)), event_lease)));
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    const auto is_there = [&] { return loop.run(store->events().find(incoming_id("settled"))).value().has_value(); };
    while (is_there()) REQUIRE(std::chrono::steady_clock::now() < limit);
    CHECK(loop.run(store->events().find(incoming_id("waits"))).value());
}
