#include <sqlite3.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "child.hpp"
#include "sqlite_under_test.hpp"
#include "stores/sqlite/schema.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

/// Changes a store file by hand.
void run_sql(const std::string& path, const std::string& sql) {
    sqlite3* handle = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &handle) == SQLITE_OK);
    REQUIRE(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(handle);
}

/// The sentence with which opening is refused.
std::string refusal(const SqliteOptions& options) {
    const auto opened = SqliteStore::open(options);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == Code::store_unavailable);
    CHECK(opened.error().detail.find('\n') == std::string::npos);
    return opened.error().detail;
}

using Catch::Matchers::Contains;

}  // namespace

TEST_CASE("a second process is kept out and told who is serving the file") {
    TemporaryFolder folder;
    const SqliteOptions options{.path = folder.file("store.db")};
    Child first([&](int out) {
        const auto store = SqliteStore::open(options).value();
        tell(out, "serving");
        return ::pause();
    });
    REQUIRE(first.line() == "serving");
    CHECK_THAT(refusal(options), Contains("process " + std::to_string(first.pid()) + " is serving") && Contains("store.db"));
    first.kill();
    CHECK(SqliteStore::open(options));
}

TEST_CASE("the same file under another name is the same file") {
    TemporaryFolder folder;
    const auto store = SqliteStore::open({.path = folder.file("store.db")}).value();
    std::filesystem::create_symlink(folder.file("store.db"), folder.file("alias.db"));
    CHECK_THAT(refusal({.path = folder.file("alias.db")}), Contains("is serving"));
}

TEST_CASE("a new store file is its owner's only") {
    SqliteUnderTest sqlite(false);
    for (const char* suffix : {"", "-wal", "-lock"}) {
        struct stat about{};
        REQUIRE(::stat((sqlite.options.path + suffix).c_str(), &about) == 0);
        CHECK((about.st_mode & 0777) == 0600);
    }
}

TEST_CASE("a file that is no database is refused with the way out") {
    TemporaryFolder folder;
    std::ofstream(folder.file("store.db")) << std::string(8192, 'x');
    CHECK_THAT(refusal({.path = folder.file("store.db")}),
               Contains("store.db") && Contains("restore a backup") && Contains(".recover"));
}

TEST_CASE("a damaged store file is refused with the way out") {
    Loop loop;
    SqliteUnderTest sqlite(false);
    for (int i = 0; i < 200; ++i) (void)loop.run(sqlite.store->begin(begin_of(std::to_string(i))));
    sqlite.store.reset();
    const auto size = std::filesystem::file_size(sqlite.options.path);
    REQUIRE(size > 80'000);
    std::fstream file(sqlite.options.path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(size / 2 / 4096 * 4096));
    file << std::string(4096, '\x5a');
    file.close();
    CHECK_THAT(refusal(sqlite.options), Contains("restore a backup") && Contains(".recover"));
}

TEST_CASE("a store file of a newer Tollgate is refused and left alone") {
    SqliteUnderTest sqlite(false);
    sqlite.store.reset();
    run_sql(sqlite.options.path, "PRAGMA user_version = 99");
    CHECK_THAT(refusal(sqlite.options), Contains("newer Tollgate") && Contains("99"));
    CHECK_FALSE(verify_audit(sqlite.options));
}

TEST_CASE("a SQLite file of another program is refused and left alone") {
    TemporaryFolder folder;
    run_sql(folder.file("bookmarks.db"), "CREATE TABLE bookmarks (url TEXT)");
    CHECK_THAT(refusal({.path = folder.file("bookmarks.db")}), Contains("another program"));
}

TEST_CASE("a place that cannot hold a store is named") {
    TemporaryFolder folder;
    CHECK_THAT(refusal({.path = folder.file("missing/store.db")}), Contains("missing") && Contains("does not exist"));
    std::filesystem::create_directory(folder.file("folder"));
    CHECK_THAT(refusal({.path = folder.file("folder")}), Contains("is a folder"));
    CHECK_THAT(refusal({.path = ""}), Contains("store.url"));
    std::ofstream(folder.file("file")) << "x";
    CHECK_THAT(refusal({.path = folder.file("file/store.db")}), Contains("does not exist"));
}

TEST_CASE("an empty file becomes a store, an older one is brought up to date step by step") {
    using namespace tollgate::sqlite;
    TemporaryFolder folder;
    const std::string path = folder.file("store.db");
    std::ofstream(path).close();
    Database database = Database::open(path, Database::Access::read_write, "").value();
    const std::vector<const char*> one{"CREATE TABLE a (x); INSERT INTO a VALUES (1)"};
    const std::vector<const char*> two{one[0], "ALTER TABLE a ADD COLUMN y DEFAULT 7"};
    const std::vector<const char*> broken{two[0], two[1], "CREATE TABLE b (x); SELECT nothing FROM nowhere"};

    REQUIRE(migrate(database, path, one));
    CHECK(database.number("PRAGMA user_version") == 1);
    REQUIRE(migrate(database, path, two));
    CHECK(database.number("PRAGMA user_version") == 2);
    CHECK(database.number("SELECT sum(x + y) FROM a") == 8);
    REQUIRE(migrate(database, path, two));
    CHECK(database.number("SELECT count(*) FROM a") == 1);

    CHECK_FALSE(migrate(database, path, broken));  // the failed step leaves no half of itself
    CHECK(database.number("PRAGMA user_version") == 2);
    CHECK(database.number("SELECT count(*) FROM sqlite_schema WHERE name = 'b'") == 0);
    CHECK_FALSE(database.failed());
}

TEST_CASE("a store file from before operations is brought up to date with the charges in it") {
    using namespace tollgate::sqlite;
    TemporaryFolder folder;
    const std::string path = folder.file("store.db");
    {
        Database database = Database::open(path, Database::Access::read_write, "").value();
        REQUIRE(migrate(database, path, migrations().first(3)));
    }
    run_sql(path, "INSERT INTO charges VALUES (1, '" + id_of("a") +
                      "', 'shop', 'a', 'payload of a', 'order of a', 4999, 'USD', 'succeeded', 1, " +
                      "1000, 1000, 1, 3, 0, NULL, 0, 201, 2000, x'00ff', x'646f6e65');"
                      "INSERT INTO ledger VALUES (1, 1, 'capture', 'cap_1', 4999, 'USD', 2000)");
    Loop loop;
    const auto store = SqliteStore::open({.path = path}).value();
    const ChargeRow row = loop.run(store->find(id_of("a"))).value().value();
    CHECK(row.fence == 3);
    CHECK(row.state == std::string("\0\xff", 2));
    CHECK(row.answer == Answer{201, "done"});
    CHECK(loop.run(store->charge_of("cap_1")).value() == id_of("a"));
    CHECK(loop.run(store->money_at_risk()).value().empty());
    Transition step = end_of(row, Answer{201, "done"});
    step.operations = {{"op_1", "payload", {}}};
    step.at_risk.pending_refund = 5;
    REQUIRE(loop.run(store->advance(step)));
    CHECK(loop.run(store->money_at_risk()).value() == std::vector<CurrencyAtRisk>{{"USD", {0, 0, 5}}});
    CHECK(loop.run(store->take_for(id_of("a"), "op_1", noon, noon)).value().kind == Taken::Kind::known);
    CHECK(loop.run(store->survey({.statuses = {}, .refunding = true})).value().rows.size() == 1);
}

TEST_CASE("a store file from before reconciliation tells the days that it has the ledger of") {
    using namespace tollgate::sqlite;
    TemporaryFolder folder;
    const std::string path = folder.file("store.db");
    {
        Database database = Database::open(path, Database::Access::read_write, "").value();
        REQUIRE(migrate(database, path, migrations().first(4)));
    }
    run_sql(path,
            "INSERT INTO charges (id, tenant, idempotency_key, fingerprint, order_id, amount, currency, status, live,"
            " created_at, begun_at, attempt, fence, lease_until, key_free, state) VALUES ('" +
                id_of("a") +
                "', 'shop', 'a', 'payload', 'order', 4999, 'USD', 'succeeded', 1, 1000, 1000, 1, 1, 0, 0, x'00');"
                "INSERT INTO ledger VALUES (1, 1, 'capture', 'cap_1', 4999, 'USD', " +
                std::to_string(noon.time_since_epoch().count()) + ")");
    Loop loop;
    const auto store = SqliteStore::open({.path = path}).value();
    CHECK(read_day(loop, store->reconciliation(), {.day = today, .cursor = ""}) ==
          std::vector<BookedEntry>{{id_of("a"), {"capture", "cap_1", 4999, "USD"}, noon}});
    CHECK(loop.run(store->reconciliation().claim_run(today, noon, noon, WallTime::min())).value() == 1);
}

TEST_CASE("a store file from before the search keeps its charges and finds them by customer and by what runs out") {
    using namespace tollgate::sqlite;
    TemporaryFolder folder;
    const std::string path = folder.file("store.db");
    {
        Database database = Database::open(path, Database::Access::read_write, "").value();
        REQUIRE(migrate(database, path, migrations().first(5)));
    }
    const auto insert = [&](const std::string& key, const std::string& state) {
        run_sql(path,
                "INSERT INTO charges (id, tenant, idempotency_key, fingerprint, order_id, amount, currency, status, live,"
                " created_at, begun_at, attempt, fence, lease_until, due_at, key_free, state) VALUES ('" +
                    id_of(key) + "', 'shop', '" + key +
                    "', 'payload', 'order', 4999, 'USD', 'authorized', 1, 1000, 1000, 1, 3, 0, 5000, 0, " + state + ")");
    };
    insert("a", R"(CAST('{"req":{"pm":"tok","cus":["cus \u00fc \"1\"","a@b.example","DE"]}}' AS BLOB))");
    const std::vector<std::string> unreadable{"x'00ff'",
                                              "x''",
                                              "CAST('{\"req\":{\"cus\":[]}}' AS BLOB)",
                                              "CAST('{\"req\":{\"cus\":[7]}}' AS BLOB)",
                                              "CAST('{\"req\":{\"cus\":[null]}}' AS BLOB)",
                                              "CAST('{\"req\":{\"cus\":[[\"a\"]]}}' AS BLOB)",
                                              "CAST('[]' AS BLOB)",
                                              "CAST('{\"req\":' AS BLOB)"};
    for (const std::string& state : unreadable) insert("u" + std::to_string(&state - unreadable.data()), state);

    Loop loop;
    const auto store = SqliteStore::open({.path = path}).value();
    const ChargeRow row = loop.run(store->find(id_of("a"))).value().value();
    CHECK(row.customer_id == "cus \xc3\xbc \"1\"");
    CHECK(row.fence == 3);
    CHECK(row.state == R"({"req":{"pm":"tok","cus":["cus \u00fc \"1\"","a@b.example","DE"]}})");
    const ChargePage found =
        loop.run(store->survey({.statuses = {}, .order_id = "", .customer_id = row.customer_id, .cursor = ""})).value();
    REQUIRE(found.rows.size() == 1);
    CHECK(found.rows[0].id == row.id);
    for (std::size_t i = 0; i < unreadable.size(); ++i) {
        INFO(unreadable[i]);
        CHECK(loop.run(store->find(id_of("u" + std::to_string(i)))).value()->customer_id.empty());
    }
    const std::size_t all = unreadable.size() + 1;
    CHECK(loop.run(store->survey({.statuses = {}, .order_id = "order", .customer_id = "", .cursor = ""})).value().rows.size() ==
          all);
    CHECK(loop.run(store->expiring(noon, 100)).value().size() == all);
    REQUIRE(loop.run(store->sessions().open_session({.id = "s", .owner = "ops", .expires_at = noon}, noon)));
}

TEST_CASE("a command beside a running service reads what is committed and writes nothing") {
    Loop loop;
    SqliteUnderTest sqlite(false);
    const auto reader = SqliteStore::open_read_only(sqlite.options).value();
    (void)loop.run(sqlite.store->begin(begin_of("a")));
    CHECK(loop.run(reader->find(id_of("a"))).value());
    const Result<Begun> refused = loop.run(reader->begin(begin_of("b")));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::store_unavailable);
    CHECK(loop.run(reader->check()));

    CHECK_FALSE(SqliteStore::open_read_only({.path = sqlite.folder.file("nothing.db")}));
    CHECK_FALSE(std::filesystem::exists(sqlite.folder.file("nothing.db")));
}
