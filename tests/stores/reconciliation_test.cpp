#include <catch2/catch.hpp>
#include <fstream>

#include "store_under_test.hpp"
#include "support/sanitized.hpp"
#include "told.hpp"

using namespace tollgate;
using namespace tollgate::test;
using std::chrono::days;
using std::chrono::seconds;

namespace {

/// How far this process' memory has grown at most since `forget_peak`, in KiB.
std::int64_t peak_kib() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
        std::int64_t kib = 0;
        if (word == "VmHWM:" && status >> kib) return kib;
    }
    FAIL("the system does not tell how much memory was used");
    return 0;
}

void forget_peak() {
    std::ofstream("/proc/self/clear_refs") << "5";  // Linux, proc(5): resets VmHWM
}

}  // namespace

TEST_CASE("money is in the ledger of the day on which it moved, whenever that was written down") {
    Bench bench(GENERATE(from_range(store_kinds())));
    const ChargeRow row = bench.begin(begin_of("a")).value().row;
    Transition step = step_of(row, "captured");
    const WallTime midnight = today;
    step.ledger = {{"authorize", "auth_1", 5000, "USD"},
                   {"capture", "cap 1:x", 4999, "USD", midnight - Milliseconds(1)},
                   {"release", "cap 1:x", 1, "USD", midnight}};
    REQUIRE(bench.advance(step));
    step.ledger[0].moved_at = noon + days(5);  // told again, of another day: written once and never changed
    REQUIRE(bench.advance(step));

    const auto of = [&](std::chrono::sys_days day) { return read_day(bench.loop, bench.books(), {.day = day, .cursor = ""}); };
    std::vector<BookedEntry> entries = of(today);
    std::ranges::sort(entries, {}, &BookedEntry::at);
    CHECK(entries == std::vector<BookedEntry>{{row.id, {"release", "cap 1:x", 1, "USD"}, midnight},
                                              {row.id, {"authorize", "auth_1", 5000, "USD"}, noon}});
    CHECK(of(today - days(1)) ==
          std::vector<BookedEntry>{{row.id, {"capture", "cap 1:x", 4999, "USD"}, midnight - Milliseconds(1)}});
    CHECK(of(today + days(5)).empty());
    const std::vector<LedgerEntry> of_charge = bench.ledger(row.id);
    REQUIRE(of_charge.size() == 3);
    CHECK(of_charge[1] == LedgerEntry{"capture", "cap 1:x", 4999, "USD"});
}

TEST_CASE("a run is one process's at a time, and another takes it over when its lease is over") {
    Bench bench(GENERATE(from_range(store_kinds())));
    const std::unique_ptr<StoreUnderTest> other = bench.store->another_process(bench.loops);
    ReconciliationStore& here = bench.books();
    ReconciliationStore& there = other ? other->reconciliation() : here;
    const auto claim = [&](ReconciliationStore& books, WallTime now, WallTime done_since = WallTime::max()) {
        return bench.loop.run(books.claim_run(today, now, now + seconds(30), done_since)).value();
    };
    CHECK_FALSE(bench.loop.run(there.find_run(today)).value());
    REQUIRE(claim(here, noon) == 1);
    CHECK_FALSE(claim(there, noon + seconds(29)));
    CHECK(bench.loop.run(here.extend_run(today, 1, noon + seconds(45))));
    CHECK_FALSE(claim(there, noon + seconds(44)));
    REQUIRE(claim(there, noon + seconds(45)) == 2);

    CHECK(bench.loop.run(here.extend_run(today, 1, noon + days(1))).error().code == Code::lease_lost);
    CHECK(bench.loop.run(here.finish_run(today, 1, "of one that is not in time", noon)).error().code == Code::lease_lost);
    REQUIRE(bench.loop.run(there.finish_run(today, 2, "report", noon + seconds(50))));
    const ReconciliationRun run = bench.loop.run(here.find_run(today)).value().value();
    CHECK(run.report == "report");
    CHECK(run.finished_at == noon + seconds(50));
    CHECK(bench.loop.run(there.extend_run(today, 2, noon + days(1))).error().code == Code::lease_lost);

    CHECK_FALSE(claim(here, noon + seconds(51), WallTime::min()));
    CHECK_FALSE(claim(here, noon + seconds(51), noon + seconds(50)));  // done just then
    REQUIRE(claim(here, noon + seconds(51)) == 3);
    CHECK(bench.loop.run(there.find_run(today)).value()->report == "report");  // until it is done again
    REQUIRE(bench.loop.run(here.claim_run(today + days(64), noon, noon, WallTime::max())).value() ==
            1);  // another day is another run
}

TEST_CASE("what was done about a discrepancy is noted for its day, once and for all") {
    Bench bench(GENERATE(from_range(store_kinds())));
    const auto is_noted = [&](std::chrono::sys_days day, const std::string& action) {
        return bench.loop.run(bench.books().is_noted(day, action)).value();
    };
    CHECK_FALSE(is_noted(today, "page:1"));
    REQUIRE(bench.loop.run(bench.books().note_action(today, "page:1")));
    REQUIRE(bench.loop.run(bench.books().note_action(today, "page:1")));
    CHECK(is_noted(today, "page:1"));
    CHECK_FALSE(is_noted(today, "page:10"));
    CHECK_FALSE(is_noted(today + days(1), "page:1"));
    CHECK_FALSE(is_noted(today + days(64), "page:1"));
}

TEST_CASE("a page of a day takes no more memory when the day is a hundred times as long") {
    Bench bench(GENERATE(from_range(store_kinds())));
    constexpr int steps = 200;
    constexpr int entries = 500;
    const auto write = [&](const ChargeRow& row, int step, WallTime moved_at) {
        Transition many = step_of(row, "many");
        for (int i = 0; i < entries; ++i) {
            const int number = step * entries + i;
            many.ledger.push_back({"capture", "a gateway's own id, " + std::to_string(number), number, "USD",
                                   moved_at + Milliseconds(number % 1000)});
        }
        REQUIRE(bench.advance(std::move(many)));
    };
    const ChargeRow row = bench.begin(begin_of("a")).value().row;
    for (int step = 0; step < steps; ++step) write(row, step, noon);
    for (int step = 0; step < 2; ++step) write(row, steps + step, noon + days(1));

    const auto read = [&](std::chrono::sys_days day) {
        std::int64_t sum = 0;
        LedgerQuery query{.day = day, .cursor = ""};
        do {
            const LedgerPage page = bench.loop.run(bench.books().ledger_of(query)).value();
            for (const BookedEntry& entry : page.entries) sum += entry.entry.amount;
            query.cursor = page.next_cursor;
        } while (!query.cursor.empty());
        return sum;
    };
    (void)read(today + days(1));
    forget_peak();
    const std::int64_t before = peak_kib();
    constexpr std::int64_t all = steps * entries;
    CHECK(read(today) == all * (all - 1) / 2);
    if (keeps_freed_memory) return;
    CHECK(peak_kib() - before < 8'192);  // of more than twenty megabytes; the readers' caches of pages have two each
}
