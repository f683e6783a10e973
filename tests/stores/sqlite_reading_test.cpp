#include <sqlite3.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "sqlite_under_test.hpp"

using namespace tollgate;
using namespace tollgate::test;
using std::chrono::seconds;

namespace {

Result<void> capture(Loop& loop, SqliteStore& store, const std::string& key) {
    Transition end = end_of(loop.run(store.begin(begin_of(key))).value().row, Answer{201, "done"});
    end.ledger = {{"capture", "cap_" + key, 4999, "USD"}};
    return loop.run(store.advance(end));
}

/// A run that is done, a note, a charge and its capture.
void write_day(Loop& loop, SqliteStore& store) {
    ReconciliationStore& books = store.reconciliation();
    REQUIRE(loop.run(books.claim_run(today, noon, noon + seconds(30), WallTime::max())).value() == 1);
    REQUIRE(loop.run(books.note_action(today, "page:1")));
    REQUIRE(loop.run(books.finish_run(today, 1, "report", noon)));
    REQUIRE(capture(loop, store, "a"));
}

void check_day(Loop& loop, SqliteStore& store) {
    ReconciliationStore& books = store.reconciliation();
    CHECK(loop.run(books.find_run(today)).value()->report == "report");
    CHECK(loop.run(books.is_noted(today, "page:1")).value());
    CHECK_FALSE(loop.run(books.is_noted(today, "page:2")).value());
    const std::vector<BookedEntry> day = read_day(loop, books, {.day = today, .cursor = ""});
    CHECK(day == std::vector<BookedEntry>{{id_of("a"), {"capture", "cap_a", 4999, "USD"}, noon}});
    CHECK(loop.run(store.ledger(id_of("a"))).value().size() == 1);
    CHECK(loop.run(store.charge_of("cap_a")).value() == id_of("a"));
}

std::string bytes_of(const std::string& path) {
    std::ostringstream bytes;
    bytes << std::ifstream(path, std::ios::binary).rdbuf();
    return bytes.str();
}

}  // namespace

TEST_CASE("a command reads a file that nobody serves, leaves it as it is and nothing beside it") {
    Loop loop;
    SqliteUnderTest sqlite(false);
    write_day(loop, *sqlite.store);
    sqlite.store.reset();
    const auto before = files_beside(sqlite);
    const std::string bytes = bytes_of(sqlite.options.path);
    {
        const auto reader = SqliteStore::open_read_only(sqlite.options).value();
        check_day(loop, *reader);
        CHECK(files_beside(sqlite) == before);
    }
    CHECK(files_beside(sqlite) == before);
    CHECK(bytes_of(sqlite.options.path) == bytes);
}

TEST_CASE("a command reads the days of a running service and can write none") {
    Loop loop;
    SqliteUnderTest sqlite(false);
    write_day(loop, *sqlite.store);
    const auto reader = SqliteStore::open_read_only(sqlite.options).value();
    check_day(loop, *reader);
    ReconciliationStore& books = reader->reconciliation();
    CHECK(loop.run(books.claim_run(today, noon, noon, WallTime::max())).error().code == Code::store_unavailable);
    CHECK(loop.run(books.extend_run(today, 1, noon)).error().code == Code::store_unavailable);
    CHECK(loop.run(books.finish_run(today, 1, "", noon)).error().code == Code::store_unavailable);
    CHECK(loop.run(books.note_action(today, "page:2")).error().code == Code::store_unavailable);
    check_day(loop, *reader);
}

TEST_CASE("a service that starts beside a command is seen by it, while it runs and when it has ended") {
    Loop loop;
    SqliteUnderTest sqlite(false);
    write_day(loop, *sqlite.store);
    sqlite.store.reset();
    const auto reader = SqliteStore::open_read_only(sqlite.options).value();
    const auto size = [&] { return read_day(loop, reader->reconciliation(), {.day = today, .limit = 1, .cursor = ""}).size(); };
    REQUIRE(size() == 1);
    sqlite.reopen();
    REQUIRE(capture(loop, *sqlite.store, "b"));
    CHECK(size() == 2);
    for (int i = 0; i < 40; ++i) REQUIRE(capture(loop, *sqlite.store, "more" + std::to_string(i)));
    CHECK(size() == 42);
    sqlite.store.reset();
    CHECK(size() == 42);
    CHECK(size() == 42);
}

TEST_CASE("a service that came and went between two looks of a command is seen by it") {
    Loop loop;
    SqliteUnderTest sqlite(false);
    write_day(loop, *sqlite.store);
    sqlite.store.reset();
    const auto reader = SqliteStore::open_read_only(sqlite.options).value();
    const auto size = [&] { return read_day(loop, reader->reconciliation(), {.day = today, .cursor = ""}).size(); };
    REQUIRE(size() == 1);
    sqlite.reopen();
    for (int i = 0; i < 40; ++i) REQUIRE(capture(loop, *sqlite.store, "more" + std::to_string(i)));
    sqlite.store.reset();
    CHECK(size() == 41);
    CHECK(size() == 41);  // by whichever of its connections
}
