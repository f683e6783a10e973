#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>

#include "child.hpp"
#include "sqlite_under_test.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

/// Charge after charge, telling each write once it was acknowledged, until the process is killed.
Task<void> charge_for_ever(ChargeStore& store, int worker, int out) {
    for (int i = 0;; ++i) {
        const std::string key = std::to_string(worker) + "." + std::to_string(i);
        const Result<Begun> begun = co_await store.begin(begin_of(key));
        if (!begun || begun->kind != Begun::Kind::fresh) ::_exit(98);
        tell(out, "begun " + key);
        Transition end = end_of(begun->row, Answer{201, "answer to " + key});
        end.ledger = {{"capture", "cap of " + key, 4999, "USD"}};
        end.operations = {{"op of " + key, "payload", Answer{200, "operated " + key}}};
        end.at_risk.pending_refund = 1;
        const Result<void> ended = co_await store.advance(std::move(end));
        if (!ended) ::_exit(97);
        tell(out, "ended " + key);
    }
}

int charge_until_killed(const SqliteOptions& options, int out) {
    asio::io_context io;
    const std::unique_ptr<SqliteStore> store = SqliteStore::open(options).value();
    for (int worker = 0; worker < 16; ++worker) spawn(io.get_executor(), charge_for_ever(*store, worker, out));
    io.run();
    return 0;
}

}  // namespace

TEST_CASE("whatever was acknowledged is there after a kill -9") {
    TemporaryFolder folder;
    SqliteOptions options;
    options.path = folder.file("store.db");
    std::vector<std::pair<std::string, std::string>> told;
    for (int round = 0; round < 3; ++round) {
        Child child([&](int out) { return charge_until_killed({.path = folder.file(std::to_string(round) + ".db")}, out); });
        told.clear();
        for (int i = 0; i < 300; ++i) {
            std::istringstream words(child.line());
            std::string what;
            std::string key;
            words >> what >> key;
            told.emplace_back(what, key);
        }
        REQUIRE(child.kill() == 128 + SIGKILL);

        Loop loop;
        const auto store = SqliteStore::open({.path = folder.file(std::to_string(round) + ".db")}).value();
        for (const auto& [what, key] : told) {
            INFO(what << " " << key);
            const std::optional<ChargeRow> row = loop.run(store->find(id_of(key))).value();
            REQUIRE(row);
            if (what != "ended") continue;
            REQUIRE(row->answer == Answer{201, "answer to " + key});
            REQUIRE(loop.run(store->ledger(row->id)).value().size() == 1);
            const Taken known = loop.run(store->take_for(row->id, "op of " + key, noon, noon)).value();
            REQUIRE(known.operation == OperationRecord{"op of " + key, "payload", Answer{200, "operated " + key}});
        }
        // What is at risk is that of the charges that are there.
        std::int64_t refunding = 0;
        SurveyQuery query{.statuses = {}, .refunding = true, .limit = 100};
        do {
            const ChargePage page = loop.run(store->survey(query)).value();
            refunding += static_cast<std::int64_t>(page.rows.size());
            query.cursor = page.next_cursor;
        } while (!query.cursor.empty());
        REQUIRE(refunding >= std::ranges::count(told, "ended", &std::pair<std::string, std::string>::first));
        REQUIRE(loop.run(store->money_at_risk()).value() == std::vector<CurrencyAtRisk>{{"USD", {0, 0, refunding}}});
    }
}

TEST_CASE("after a restart nobody waits for the leases of the dead") {
    Loop loop;
    SqliteUnderTest sqlite(false);
    (void)loop.run(sqlite.store->begin(begin_of("a")));
    (void)loop.run(sqlite.store->begin(begin_of("b")));
    sqlite.reopen();
    const auto claimed = loop.run(sqlite.store->claim(noon, noon + std::chrono::seconds(30), 1)).value();
    REQUIRE(claimed.size() == 1);
    const std::string other = claimed[0].id == id_of("a") ? "b" : "a";
    CHECK(loop.run(sqlite.store->begin(begin_of(other))).value().kind == Begun::Kind::taken_over);
}

TEST_CASE("a run whose process was killed is begun anew after a restart, and what was noted is still known") {
    TemporaryFolder folder;
    const SqliteOptions options{.path = folder.file("store.db")};
    Child child([&](int out) {
        Loop loop;
        const auto store = SqliteStore::open(options).value();
        ReconciliationStore& books = store->reconciliation();
        if (loop.run(books.claim_run(today, noon, noon + std::chrono::hours(1), WallTime::min())).value() != 1) return 1;
        if (!loop.run(books.note_action(today, "page:1"))) return 2;
        tell(out, "claimed");
        return ::pause();
    });
    REQUIRE(child.line() == "claimed");
    REQUIRE(child.kill() == 128 + SIGKILL);

    Loop loop;
    const auto store = SqliteStore::open(options).value();
    ReconciliationStore& books = store->reconciliation();
    CHECK(loop.run(books.is_noted(today, "page:1")).value());
    CHECK_FALSE(loop.run(books.find_run(today)).value()->finished_at);
    CHECK(loop.run(books.claim_run(today, noon, noon + std::chrono::hours(1), WallTime::min())).value() == 2);
    CHECK(loop.run(books.finish_run(today, 1, "of the dead", noon)).error().code == Code::lease_lost);
}

TEST_CASE("closing finishes what was asked for and leaves one file behind") {
    asio::io_context io;
    Loop loop;
    SqliteUnderTest sqlite(false);
    auto asked = asio::co_spawn(io, sqlite.store->begin(begin_of("a")), asio::use_future);
    sqlite.store->append({.at = noon,
                          .who = "key_1",
                          .what = "charge.create",
                          .outcome = "attempt",
                          .origin = "127.0.0.1",
                          .charge_id = id_of("a"),
                          .request_id = "r"});
    io.poll();  // asked; not yet answered
    sqlite.store.reset();
    io.restart();
    io.run();
    CHECK(asked.get().value().kind == Begun::Kind::fresh);
    CHECK_FALSE(std::filesystem::exists(sqlite.options.path + "-wal"));
    CHECK(verify_audit(sqlite.options).value().records == 1);
    sqlite.reopen();
    CHECK(loop.run(sqlite.store->find(id_of("a"))).value());
}
