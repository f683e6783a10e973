#include <sqlite3.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "audit_records.hpp"
#include "sqlite_under_test.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

/// Three records, two with a transition and one with the closing, in a closed file.
void write_three(SqliteUnderTest& sqlite) {
    Loop loop;
    sqlite.store->append(audit_record("attempt"));
    sqlite.store->append(audit_record("line\r\nbreak"));
    (void)loop.run(sqlite.store->begin(begin_of("a")));
    sqlite.store->append(audit_record("201"));
    sqlite.store.reset();
}

/// Opens it with these keys, appends one record, and closes it.
void write_one(SqliteUnderTest& sqlite, std::vector<std::string> keys) {
    sqlite.store.reset();
    SqliteOptions options{.path = sqlite.options.path, .audit_keys = std::move(keys)};
    const auto store = SqliteStore::open(options).value();
    store->append(audit_record("201"));
}

AuditVerdict verify_with(const SqliteUnderTest& sqlite, std::vector<std::string> keys) {
    return verify_audit({.path = sqlite.options.path, .audit_keys = std::move(keys)}).value();
}

void run_sql(const std::string& path, const std::string& sql) {
    sqlite3* handle = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &handle) == SQLITE_OK);
    REQUIRE(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(handle);
}

std::string blob(const AuditHash& hash) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string text = "x'";
    for (const unsigned char byte : hash) text.append({digits[byte >> 4], digits[byte & 15]});
    return text + "'";
}

/// What somebody without the key would do who knows how the chain is made: it ends with this record, by its looks.
void forge(const SqliteUnderTest& sqlite, std::int64_t seq, const AuditHash& previous, const std::string& outcome) {
    const AuditRecord record = audit_record(outcome);
    const std::string hash = blob(AuditHasher("").next(previous, seq, record));
    const std::string number = std::to_string(seq);
    run_sql(sqlite.options.path, "DELETE FROM audit WHERE seq >= " + number + "; INSERT INTO audit VALUES (" + number + ", " +
                                     std::to_string(record.at.time_since_epoch().count()) + ", '" + record.who + "', '" +
                                     record.what + "', '" + record.outcome + "', '" + record.origin + "', '" +
                                     record.charge_id + "', '" + record.request_id + "', " + hash +
                                     "); UPDATE meta SET value = " + number +
                                     " WHERE key = 'audit_seq'; UPDATE meta SET value = " + hash + " WHERE key = 'audit_hash'");
}

AuditHash hash_of(const SqliteUnderTest& sqlite, std::int64_t seq) {
    AuditHash found{};
    (void)export_audit(sqlite.options, the_day, [&](const AuditEntry& entry) {
        if (entry.seq == seq) found = entry.hash;
        return Result<void>();
    });
    return found;
}

}  // namespace

TEST_CASE("the audit chain is whole across restarts, and an empty one too") {
    SqliteUnderTest sqlite(false);
    CHECK(verify_audit(sqlite.options).value().records == 0);
    write_three(sqlite);
    sqlite.reopen();
    sqlite.store->append(audit_record("replay"));
    sqlite.store.reset();
    const AuditVerdict verdict = verify_audit(sqlite.options).value();
    CHECK(verdict.records == 4);
    CHECK_FALSE(verdict.bad_seq);
}

TEST_CASE("a record that was changed, removed, added or cut off breaks the chain where it stands, with a key and without") {
    const std::string key = GENERATE(as<std::string>(), "", "the old key of the audit log");
    const auto [sql, bad] = GENERATE(table<std::string, std::int64_t>({
        {"UPDATE audit SET at = at + 1 WHERE seq = 1", 1},
        {"UPDATE audit SET who = 'key_2' WHERE seq = 2", 2},
        {"UPDATE audit SET what = 'charge.read' WHERE seq = 2", 2},
        {"UPDATE audit SET outcome = '201' WHERE seq = 2", 2},
        {"UPDATE audit SET origin = '127.0.0.2' WHERE seq = 2", 2},
        {"UPDATE audit SET charge_id = '' WHERE seq = 3", 3},
        {"UPDATE audit SET request_id = 'req_2' WHERE seq = 2", 2},
        {"UPDATE audit SET who = 'key_', what = '1charge.create' WHERE seq = 2", 2},
        {"UPDATE audit SET hash = x'00' WHERE seq = 3", 3},
        {"UPDATE audit SET seq = 9 - seq WHERE seq > 1; UPDATE audit SET seq = seq - 4 WHERE seq > 1", 2},
        {"UPDATE audit SET seq = 4 WHERE seq = 2", 2},
        {"DELETE FROM audit WHERE seq = 1", 1},
        {"DELETE FROM audit WHERE seq = 2", 2},
        {"DELETE FROM audit WHERE seq = 3", 3},
        {"DELETE FROM audit", 1},
        {"DROP TABLE audit", 1},
        {"DELETE FROM meta WHERE key = 'audit_hash'", 4},
        {"UPDATE meta SET value = 2 WHERE key = 'audit_seq'", 4},
        {"INSERT INTO audit SELECT 4, at, who, what, outcome, origin, charge_id, request_id, hash FROM audit WHERE seq = 3", 4},
        {"INSERT INTO audit SELECT -1, at, who, what, outcome, origin, charge_id, request_id, hash FROM audit WHERE seq = 3",
         1},
    }));
    INFO(sql);
    SqliteUnderTest sqlite(false);
    sqlite.store.reset();
    SqliteOptions options{.path = sqlite.options.path};
    if (!key.empty()) options = {.path = sqlite.options.path, .audit_keys = std::vector{key}};
    {
        const auto store = SqliteStore::open(options).value();
        for (const char* outcome : {"attempt", "line\r\nbreak", "201"}) store->append(audit_record(outcome));
    }
    run_sql(sqlite.options.path, sql);
    const AuditVerdict verdict = verify_audit(options).value();
    REQUIRE(verdict.bad_seq == bad);
    CHECK(verdict.records == bad - 1);
    CHECK_FALSE(verdict.why.empty());
}

TEST_CASE("the first bad record is named with what it tells") {
    SqliteUnderTest sqlite(false);
    write_three(sqlite);
    run_sql(sqlite.options.path, "UPDATE audit SET outcome = 'mine' WHERE seq = 3");
    const AuditVerdict verdict = verify_audit(sqlite.options).value();
    REQUIRE(verdict.record);
    CHECK(verdict.record->outcome == "mine");
    CHECK(verdict.record->charge_id == id_of("a"));

    run_sql(sqlite.options.path, "DELETE FROM audit WHERE seq = 2");
    CHECK(verify_audit(sqlite.options).value().why == "the record is missing");
    run_sql(sqlite.options.path, "UPDATE audit SET seq = -2 WHERE seq = 3");
    CHECK(verify_audit(sqlite.options).value().why == "a record is out of its place");
}

TEST_CASE("a record added by another hand is found, and the service goes on") {
    Loop loop;
    SqliteUnderTest sqlite(false);
    write_three(sqlite);
    run_sql(sqlite.options.path,
            "INSERT INTO audit SELECT 4, at, who, what, outcome, origin, charge_id, request_id, hash FROM audit WHERE seq = 3");
    sqlite.reopen();
    sqlite.store->append(audit_record("attempt"));
    CHECK(loop.run(sqlite.store->begin(begin_of("b"))));
    CHECK(verify_audit(sqlite.options).value().bad_seq == 4);
}

TEST_CASE("whoever has no key can forge no record of a chain that has one") {
    SqliteUnderTest sqlite(false);
    for (int i = 0; i < 3; ++i) write_one(sqlite, {old_key});
    REQUIRE(verify_with(sqlite, {old_key}).records == 3);
    SECTION("a forged one at the end") {
        forge(sqlite, 3, hash_of(sqlite, 2), "402");
        CHECK(verify_with(sqlite, {old_key}).bad_seq == 3);
        CHECK(verify_with(sqlite, {old_key, ""}).bad_seq == 3);
    }
    SECTION("all of them anew") {
        forge(sqlite, 1, {}, "402");
        CHECK(verify_with(sqlite, {old_key}).bad_seq == 1);
    }
    SECTION("the last removed, with the note of where the chain ends") {
        run_sql(sqlite.options.path,
                "DELETE FROM audit WHERE seq = 3; UPDATE meta SET value = 2 WHERE key = 'audit_seq';"
                "UPDATE meta SET value = (SELECT hash FROM audit WHERE seq = 2) WHERE key = 'audit_hash'");
        CHECK(verify_with(sqlite, {old_key}).bad_seq == 3);
    }
    SECTION("the note of who ended it removed") {
        run_sql(sqlite.options.path, "DELETE FROM meta WHERE key = 'audit_seal'");
        CHECK(verify_with(sqlite, {old_key}).bad_seq == 4);
    }
}

TEST_CASE("without a key a chain holds against no forger, and says nothing else") {
    SqliteUnderTest sqlite(false);
    for (int i = 0; i < 3; ++i) write_one(sqlite, {});
    forge(sqlite, 3, hash_of(sqlite, 2), "402");
    CHECK_FALSE(verify_with(sqlite, {}).bad_seq);
}

TEST_CASE("a chain is verified with any of the keys that it was written with, and with no other") {
    SqliteUnderTest sqlite(false);
    write_one(sqlite, {old_key});
    CHECK_FALSE(verify_with(sqlite, {old_key}).bad_seq);
    CHECK(verify_with(sqlite, {new_key}).bad_seq == 1);
    CHECK(verify_with(sqlite, {}).bad_seq == 1);

    write_one(sqlite, {new_key, old_key});
    CHECK_FALSE(verify_with(sqlite, {new_key, old_key}).bad_seq);
    CHECK(verify_with(sqlite, {old_key}).bad_seq == 2);
    CHECK(verify_with(sqlite, {new_key}).bad_seq == 1);

    write_one(sqlite, {old_key, new_key});  // and back again
    CHECK(verify_with(sqlite, {new_key, old_key}).records == 3);
}

TEST_CASE("records from before there was a key are verified with the empty one behind it, and later ones are not") {
    SqliteUnderTest sqlite(false);
    write_one(sqlite, {});
    CHECK_FALSE(verify_with(sqlite, {new_key, ""}).bad_seq);
    write_one(sqlite, {new_key, ""});
    CHECK(verify_with(sqlite, {new_key, ""}).records == 2);
    CHECK(verify_with(sqlite, {new_key}).bad_seq == 1);
    write_one(sqlite, {});
    CHECK(verify_with(sqlite, {new_key, ""}).bad_seq == 3);
}

TEST_CASE("a text of a stranger is kept as it came or cut off, and neither breaks nor forges a record") {
    SqliteUnderTest sqlite(false);
    for (const std::string& text : hostile_texts()) {
        AuditRecord record = audit_record(text);
        record.who = record.origin = record.charge_id = record.request_id = text;
        sqlite.store->append(record);
    }
    sqlite.store.reset();
    CHECK(verify_audit(sqlite.options).value().records == std::ssize(hostile_texts()));
    const std::vector<Shown> shown = exported(sqlite.options);
    REQUIRE(shown.size() == hostile_texts().size());
    for (std::size_t i = 0; i < shown.size(); ++i) {
        INFO(i);
        const AuditRecord& kept = shown[i].record;
        for (const std::string* text : {&kept.who, &kept.outcome, &kept.origin, &kept.charge_id, &kept.request_id})
            CHECK(kept_as_it_came(*text, hostile_texts()[i]));
    }
}

TEST_CASE("an export holds a UTC day's records from its first millisecond to its last, in their order") {
    SqliteUnderTest sqlite(false);
    const WallTime next = the_day + std::chrono::days(1);
    for (const WallTime at : {the_day - Milliseconds(1), WallTime(the_day), next - Milliseconds(1), next, WallTime(noon)})
        sqlite.store->append(audit_record("201", "a", at));
    sqlite.store.reset();
    const std::vector<Shown> shown = exported(sqlite.options);
    REQUIRE(shown.size() == 3);
    CHECK(shown[0].record.at == the_day);
    CHECK(shown[1].record.at == next - Milliseconds(1));
    CHECK(shown[2].seq == 5);
    CHECK(exported(sqlite.options, the_day + std::chrono::days(2)).empty());
}

TEST_CASE("an export names the record that cannot be read, and ends when nobody takes it any more") {
    SqliteUnderTest sqlite(false);
    write_three(sqlite);
    const AuditVisitor full = [](const AuditEntry&) -> Result<void> { return fail(Code::internal, "full"); };
    CHECK(export_audit(sqlite.options, the_day, full).error().detail == "full");
    run_sql(sqlite.options.path, "UPDATE audit SET hash = x'00' WHERE seq = 2");
    std::vector<std::int64_t> seen;
    const AuditVerdict verdict = export_audit(sqlite.options, the_day, [&](const AuditEntry& entry) {
                                     seen.push_back(entry.seq);
                                     return Result<void>();
                                 }).value();
    CHECK(seen == std::vector<std::int64_t>{1});
    CHECK(verdict.bad_seq == 2);
}

TEST_CASE("to verify and to export leaves a store file alone, and nothing beside it") {
    SqliteUnderTest sqlite(false);
    write_three(sqlite);
    const auto before = files_beside(sqlite);
    CHECK(verify_audit(sqlite.options).value().records == 3);
    CHECK(exported(sqlite.options).size() == 3);
    CHECK(files_beside(sqlite) == before);
    sqlite.options.path = sqlite.folder.file("nothing.db");
    CHECK(verify_audit(sqlite.options).error().code == Code::store_unavailable);
    CHECK_FALSE(export_audit(sqlite.options, the_day, [](const AuditEntry&) { return Result<void>(); }));
    CHECK(files_beside(sqlite) == before);
}

TEST_CASE("a service that starts in the middle of an export neither doubles nor hides a record") {
    SqliteUnderTest sqlite(false);
    for (int i = 0; i < 5'000; ++i) sqlite.store->append(audit_record("201"));
    sqlite.store.reset();
    std::vector<std::int64_t> seen;
    const AuditVerdict verdict = export_audit(sqlite.options, the_day, [&](const AuditEntry& entry) {
                                     seen.push_back(entry.seq);
                                     if (entry.seq == 100) sqlite.reopen();
                                     for (int i = 0; entry.seq == 200 && i < 3'000; ++i)
                                         sqlite.store->append(audit_record("later"));
                                     if (entry.seq == 300) sqlite.store.reset();  // which folds the log into the file
                                     if (entry.seq == 400) sqlite.reopen();
                                     return Result<void>();
                                 }).value();
    REQUIRE(verdict.records == 8'000);
    for (std::size_t i = 0; i < seen.size(); ++i) REQUIRE(seen[i] == static_cast<std::int64_t>(i) + 1);
}

TEST_CASE("a transition is never durable before the audit records appended ahead of it") {
    Loop loop;
    SqliteUnderTest sqlite(false);
    for (int i = 1; i <= 20; ++i) {
        sqlite.store->append(audit_record("attempt"));
        (void)loop.run(sqlite.store->begin(begin_of(std::to_string(i))));
        REQUIRE(verify_audit(sqlite.options).value().records == i);
    }
}

TEST_CASE("audit records are committed soon though nothing else is written") {
    SqliteUnderTest sqlite(false);
    sqlite.store->append(audit_record("attempt"));
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (verify_audit(sqlite.options).value().records == 0) REQUIRE(std::chrono::steady_clock::now() < deadline);
    CHECK_FALSE(verify_audit(sqlite.options).value().bad_seq);
}

TEST_CASE("audit records beyond what may wait are counted in the chain itself") {
    SqliteUnderTest sqlite(false);
    sqlite.options.audit_max = 10;
    sqlite.options.audit_delay = std::chrono::hours(1);
    sqlite.reopen();
    for (int i = 0; i < 25; ++i) sqlite.store->append(audit_record("attempt"));
    sqlite.store.reset();
    CHECK(verify_audit(sqlite.options).value().records == 11);
    run_sql(sqlite.options.path,
            "CREATE TEMP TABLE must (x CHECK (x)); INSERT INTO must SELECT what = 'audit.lost' AND outcome = '15' FROM audit "
            "WHERE seq = 11");
}
