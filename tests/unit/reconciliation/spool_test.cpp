#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "reconciliation/spool.hpp"
#include "shop.hpp"
#include "stores/sqlite/sqlite_store.hpp"
#include "support/event_loop.hpp"
#include "support/folder.hpp"

using namespace tollgate;
using namespace tollgate::reconciliation;
using namespace tollgate::reconciliation::test;
using namespace std::chrono_literals;

namespace {

TransactionPage page_of(std::size_t from, std::size_t count) {
    TransactionPage page;
    for (std::size_t i = from; i < from + count; ++i) {
        const std::string n = std::to_string(i * 7919 % 1'000'003);
        page.data.push_back(
            {"capture_with_a_long_id_" + n, "ch_with_a_long_reference_" + n, "capture", 1, "USD", "captured", noon});
    }
    page.next_cursor = std::to_string(from + count);
    return page;
}

std::ptrdiff_t threads() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
}

/// No file of this process grows beyond it, as on a disk that is full.
class FilesAtMost {
public:
    explicit FilesAtMost(rlim_t bytes) {
        std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FilesAtMost() { ::setrlimit(RLIMIT_FSIZE, &before_); }

private:
    rlimit before_{};
};

}  // namespace

TEST_CASE("Movements come back from the spool as they went in, in order, with any bytes and numbers in them") {
    auto spool = Spool::open().value();
    std::vector<Movement> all;
    for (const char* reference : {"b", "", "ab", "a"}) {
        for (const std::int64_t amount :
             {std::numeric_limits<std::int64_t>::min(), std::int64_t{-1}, std::int64_t{0}, std::int64_t{1} << 40}) {
            for (const auto at : {noon, WallTime(-1ms), WallTime(0ms)}) {
                for (const auto& id : {std::string("id"), std::string("i"), std::string("\xff\x01", 2), std::string()}) {
                    Movement one =
                        of(Side::theirs, {Type::refund, id, amount, amount == 0 ? "failed" : "refunded", at, "KWD"}, reference);
                    one.unnamed = amount < 0;
                    all.push_back(one);
                }
            }
        }
    }
    REQUIRE(spool->add(Spool::Sheet::day, all));
    std::ranges::sort(all, [](const Movement& a, const Movement& b) { return order(a, b) < 0; });
    CHECK(spool->next(Spool::Sheet::day, all.size() + 1).value() == all);
    CHECK(spool->next(Spool::Sheet::day, 1).value().empty());
}

TEST_CASE("Where the temporary files find no room the run fails with the folder and the mend, and nothing is done") {
    const Folder folder;
    ::setenv("SQLITE_TMPDIR", folder.path.c_str(), 1);
    const FilesAtMost limit(1'000'000);
    Shop shop;
    shop.gateway = [](std::chrono::sys_days, std::string cursor) -> Task<Result<TransactionPage>> {
        const std::size_t from = cursor.empty() ? 0 : std::stoul(cursor);
        TransactionPage page = page_of(from, 5000);
        if (from > 300'000) page.next_cursor.clear();
        co_return page;
    };
    const Compared compared = shop.compare();
    REQUIRE(compared.error);
    CHECK(compared.error->detail.find(folder.path.string()) != std::string::npos);
    CHECK(compared.error->detail.find("SQLITE_TMPDIR") != std::string::npos);
    CHECK(compared.handled.empty());
}

TEST_CASE("A day of a real store is compared while the event loop goes on") {
    const Folder folder;
    tollgate::test::EventLoop loop;
    auto store = SqliteStore::open({.path = folder.at("store.db")}).value();
    const auto book = [](SqliteStore& to, std::string id, LedgerEntry entry) -> Task<bool> {
        const auto begun = co_await to.begin({.row = {.id = id, .idempotency_key = id, .state = "{}"}, .now = noon});
        co_return begun&& co_await to.advance({.id = id, .fence = 1, .state = "{}", .ledger = {std::move(entry)}, .now = noon});
    };
    REQUIRE(loop.run(book(*store, "ch_1", {"capture", "c1", 1000, "USD", noon})));
    REQUIRE(loop.run(book(*store, "ch_2", {"capture", "c2", 1000, "USD", noon})));
    REQUIRE(loop.run(book(*store, "ch_3", {"capture", "c3", 1000, "USD", noon + 24h})));
    const Books books{.ledger = store->reconciliation(),
                      .charges = *store,
                      .gateway = [](std::chrono::sys_days day, std::string) -> Task<Result<TransactionPage>> {
                          if (day != today) co_return TransactionPage();
                          co_return TransactionPage{.data = {{"c1", "ch_1", "capture", 1000, "USD", "captured", noon},
                                                             {"c3", "", "capture", 1000, "USD", "captured", noon}}};
                      }};
    auto outcome = loop.run(reconcile(loop.runtime(), books, today, {}));
    REQUIRE(outcome);
    CHECK(summary(outcome->tally) == "1/3 matched, 2 discrepancies: 1 missing_gateway, 1 late");
    CHECK(outcome->findings->next(10).value().size() == 2);
    CHECK(outcome->findings->next(10).value().empty());
}

TEST_CASE("A comparison whose loop goes in the middle of it ends with it, and leaves neither a thread nor anything done") {
    const auto before = threads();
    const std::size_t pages = GENERATE(1U, 3U, 60U, 120U);
    bool handled = false;
    bool ended = false;
    tollgate::test::MemoryStore store;
    {
        tollgate::test::EventLoop loop;
        std::size_t asked = 0;
        const Books books{.ledger = store.reconciliation_store(),
                          .charges = store,
                          .gateway = [&asked](std::chrono::sys_days, std::string cursor) -> Task<Result<TransactionPage>> {
                              ++asked;
                              TransactionPage page = page_of(cursor.empty() ? 0 : std::stoul(cursor), 1000);
                              if (asked == 100) page.next_cursor.clear();
                              co_return page;
                          }};
        const Handle handle = [&handled](std::vector<Discrepancy>&) -> Task<Result<void>> {
            handled = true;
            co_return Result<void>();
        };
        loop.start([](const Runtime& runtime, Books books_of, Handle doing, bool& end) -> Task<void> {
            (void)co_await reconcile(runtime, std::move(books_of), today, std::move(doing));
            end = true;
        }(loop.runtime(), books, handle, ended));
        while (asked < std::min<std::size_t>(pages, 100)) loop.context().run_one();
        for (int i = 0; i < 3; ++i) loop.context().poll_one();
    }
    CHECK_FALSE(handled);
    CHECK_FALSE(ended);
    CHECK(threads() == before);
}
