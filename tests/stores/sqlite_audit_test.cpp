#include <sqlite3.h>

#include <catch2/catch.hpp>

#include "sqlite_under_test.hpp"
#include "stores/sqlite/audit_chain.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

AuditRecord record_of(const std::string& outcome) {
    return {.at = noon,
            .who = "key_1",
            .what = "charge.create",
            .outcome = outcome,
            .origin = "127.0.0.1",
            .charge_id = id_of("a"),
            .request_id = "req_1"};
}

/// Three records, two with a transition and one with the closing, in a closed file.
void write_three(SqliteUnderTest& sqlite) {
    Loop loop;
    sqlite.store->append(record_of("attempt"));
    sqlite.store->append(record_of("line\r\nbreak"));
    (void)loop.run(sqlite.store->begin(begin_of("a")));
    sqlite.store->append(record_of("201"));
    sqlite.store.reset();
}

void run_sql(const std::string& path, const std::string& sql) {
    sqlite3* handle = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &handle) == SQLITE_OK);
    REQUIRE(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(handle);
}

}  // namespace

TEST_CASE("the audit chain is whole across restarts, and an empty one too") {
    SqliteUnderTest sqlite(false);
    CHECK(verify_audit(sqlite.options).value().records == 0);
    write_three(sqlite);
    sqlite.reopen();
    sqlite.store->append(record_of("replay"));
    sqlite.store.reset();
    const AuditVerdict verdict = verify_audit(sqlite.options).value();
    CHECK(verdict.records == 4);
    CHECK_FALSE(verdict.bad_seq);
}

TEST_CASE("a record that was changed, removed, added or cut off breaks the chain where it stands") {
    SqliteUnderTest sqlite(false);
    write_three(sqlite);
    const auto [sql, bad] = GENERATE(table<std::string, std::int64_t>({
        {"UPDATE audit SET outcome = '201' WHERE seq = 2", 2},
        {"UPDATE audit SET at = at + 1 WHERE seq = 1", 1},
        {"UPDATE audit SET who = 'key_', what = '1charge.create' WHERE seq = 2", 2},
        {"DELETE FROM audit WHERE seq = 2", 2},
        {"DELETE FROM audit WHERE seq = 3", 3},
        {"DELETE FROM audit", 1},
        {"UPDATE audit SET hash = x'00' WHERE seq = 3", 3},
        {"INSERT INTO audit SELECT 4, at, who, what, outcome, origin, charge_id, request_id, hash FROM audit WHERE seq = 3", 4},
    }));
    INFO(sql);
    run_sql(sqlite.options.path, sql);
    const AuditVerdict verdict = verify_audit(sqlite.options).value();
    REQUIRE(verdict.bad_seq == bad);
    CHECK(verdict.records == bad - 1);
    CHECK_FALSE(verdict.why.empty());
}

TEST_CASE("a record added by another hand is found, and the service goes on") {
    Loop loop;
    SqliteUnderTest sqlite(false);
    write_three(sqlite);
    run_sql(sqlite.options.path,
            "INSERT INTO audit SELECT 4, at, who, what, outcome, origin, charge_id, request_id, hash FROM audit WHERE seq = 3");
    sqlite.reopen();
    sqlite.store->append(record_of("attempt"));
    CHECK(loop.run(sqlite.store->begin(begin_of("b"))));
    CHECK(verify_audit(sqlite.options).value().bad_seq == 4);
}

TEST_CASE("records that share their bytes but not their fields have different hashes") {
    AuditHasher hasher;
    AuditRecord one = record_of("201");
    AuditRecord other = one;
    one.who = "ab";
    one.what = "c";
    other.who = "a";
    other.what = "bc";
    CHECK(hasher.next({}, 1, one) != hasher.next({}, 1, other));
    CHECK(hasher.next({}, 1, one) == hasher.next({}, 1, one));
    CHECK(hasher.next({}, 1, one) != hasher.next({}, 2, one));
}

TEST_CASE("a transition is never durable before the audit records appended ahead of it") {
    Loop loop;
    SqliteUnderTest sqlite(false);
    for (int i = 1; i <= 20; ++i) {
        sqlite.store->append(record_of("attempt"));
        (void)loop.run(sqlite.store->begin(begin_of(std::to_string(i))));
        REQUIRE(verify_audit(sqlite.options).value().records == i);
    }
}

TEST_CASE("audit records are committed soon though nothing else is written") {
    SqliteUnderTest sqlite(false);
    sqlite.store->append(record_of("attempt"));
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (verify_audit(sqlite.options).value().records == 0) REQUIRE(std::chrono::steady_clock::now() < deadline);
    CHECK_FALSE(verify_audit(sqlite.options).value().bad_seq);
}

TEST_CASE("audit records beyond what may wait are counted in the chain itself") {
    SqliteUnderTest sqlite(false);
    sqlite.options.audit_max = 10;
    sqlite.options.audit_delay = std::chrono::hours(1);
    sqlite.reopen();
    for (int i = 0; i < 25; ++i) sqlite.store->append(record_of("attempt"));
    sqlite.store.reset();
    CHECK(verify_audit(sqlite.options).value().records == 11);
    run_sql(sqlite.options.path,
            "CREATE TEMP TABLE must (x CHECK (x)); INSERT INTO must SELECT what = 'audit.lost' AND outcome = '15' FROM audit "
            "WHERE seq = 11");
}
