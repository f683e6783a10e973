#include "service/reconciler.hpp"

#include <catch2/catch.hpp>

#include "support/memory_store.hpp"
#include "support/noted_audit.hpp"
#include "support/virtual_time.hpp"

using namespace tollgate;
using namespace tollgate::test;
using namespace tollgate::reconciliation;
using namespace std::chrono_literals;

namespace {

using Report = Result<std::optional<std::string>>;

class NoFindings final : public Findings {
public:
    Result<std::vector<Discrepancy>> next(std::size_t) override { return std::vector<Discrepancy>(); }
};

Discrepancy unknown_to_gateway() {
    return {.kind = Kind::missing_gateway,
            .reference = "ch_1",
            .charge_id = "ch_1",
            .type = "capture",
            .internal = Entry{"cap_1", 4999, "USD", "captured", {}},
            .gateway = {}};
}

Discrepancy missed() {
    return {.kind = Kind::missing_internal,
            .reference = "ch_2",
            .charge_id = "ch_2",
            .type = "capture",
            .internal = {},
            .gateway = Entry{"cap_2", 4999, "USD", "captured", {}},
            .action = Action::left};
}

/// What processes have in common: time, the store, and what a comparison finds.
struct Fleet {
    VirtualTime time;
    MemoryStore store;
    NotedAudit audit;
    std::vector<std::string> compared;  // "a 2026-11-22", in the order in which they began
    std::vector<Discrepancy> found;
    std::optional<PaymentError> error;  // that every comparison fails with
    Milliseconds takes{10'000};
    int pages = 0;
    bool hears = true;

    /// Today is one day that the clock stands on when a test begins.
    [[nodiscard]] std::chrono::sys_days today() const { return std::chrono::floor<std::chrono::days>(time.wall()); }
    void be_at(Milliseconds of_day) { time.jump_wall(today() + of_day - time.wall()); }
};

/// One of them.
class Process {
public:
    Process(Fleet& fleet, std::string name, std::optional<Milliseconds> daily = std::nullopt)
        : fleet_(fleet), name_(std::move(name)), reconciler_(fleet.time.runtime(), parts(daily)) {
        fleet.time.start(reconciler_.run());
    }

    /// Asks, and waits; the answer is there once it came.
    std::shared_ptr<std::optional<Report>> ask(std::chrono::sys_days day, Milliseconds patience = 60s) {
        auto answer = std::make_shared<std::optional<Report>>();
        fleet_.time.start([](Process& self, std::chrono::sys_days asked, Milliseconds waits, auto to) -> Task<void> {
            AuditRecord asker{.who = "ops", .origin = "10.0.0.1", .request_id = "req_1"};
            to->emplace(co_await self.reconciler_.compare(asked, std::move(asker), waits));
        }(*this, day, patience, answer));
        fleet_.time.settle();
        return answer;
    }
    void stop() { reconciler_.stop(); }
    [[nodiscard]] bool ends() { return fleet_.time.run(reconciler_.ended(fleet_.time.steady() + 10min)); }

    /// It stands still in the middle of its comparisons from now on.
    bool hangs = false;

private:
    ReconcilerParts parts(std::optional<Milliseconds> daily) {
        const auto no_books = [](std::chrono::sys_days, std::string) -> Task<Result<TransactionPage>> {
            co_return TransactionPage{};
        };
        return {.books = {fleet_.store.reconciliation_store(), fleet_.store, no_books},
                .events = fleet_.store.event_store(),
                .audit = fleet_.audit,
                .metrics = metrics_,
                .look_up = [](std::string) -> Task<Result<bool>> { co_return false; },
                .page = [this](Page, std::string) -> Task<bool> {
                    if (fleet_.hears) ++fleet_.pages;
                    co_return fleet_.hears;
                },
                .lease = 30s,
                .daily = daily,
                .compare = [this](const Runtime& runtime, Books, std::chrono::sys_days day, Handle handle,
                                  Watch) { return compare(runtime, day, std::move(handle)); }};
    }
    Task<Result<Outcome>> compare(const Runtime& runtime, std::chrono::sys_days day, Handle handle) {
        fleet_.compared.push_back(name_ + " " + to_rfc3339(day).substr(0, 10));
        co_await sleep_for(runtime, fleet_.takes);
        while (hangs) co_await sleep_for(runtime, 1h);
        if (fleet_.error) co_return fail(*fleet_.error);
        auto found = fleet_.found;
        if (auto handled = co_await handle(found); !handled) co_return fail(handled.error());
        Outcome outcome{.tally = {.day = day}, .findings = std::make_unique<NoFindings>()};
        outcome.tally.total = found.size();
        co_return outcome;
    }

    Fleet& fleet_;
    const std::string name_;
    Metrics metrics_;
    Reconciler reconciler_;
};

std::string day_text(std::chrono::sys_days day) {
    return to_rfc3339(day).substr(0, 10);
}

}  // namespace

TEST_CASE("every day the day before is compared once, as soon as its time has passed") {
    Fleet fleet;
    fleet.be_at(1h);
    const std::string yesterday = day_text(fleet.today() - std::chrono::days(1));
    const std::string today = day_text(fleet.today());
    Process a(fleet, "a", 2h + 30min);
    fleet.time.advance(10s);
    CHECK(fleet.compared == std::vector{"a " + day_text(fleet.today() - std::chrono::days(2))});  // the one due before
    fleet.compared.clear();
    fleet.time.advance(89min);
    CHECK(fleet.compared.empty());
    fleet.time.advance(2min);
    CHECK(fleet.compared == std::vector{"a " + yesterday});
    fleet.time.advance(24h);
    CHECK(fleet.compared == std::vector{"a " + yesterday, "a " + today});
}

TEST_CASE("of the processes of a fleet one compares the day, and one that starts later finds it done") {
    Fleet fleet;
    fleet.be_at(3h);
    Process a(fleet, "a", 2h);
    Process b(fleet, "b", 2h);
    fleet.time.advance(5min);
    CHECK(fleet.compared.size() == 1);
    Process c(fleet, "c", 2h);
    fleet.time.advance(5min);
    CHECK(fleet.compared.size() == 1);
}

TEST_CASE("a comparison that takes longer than its lease keeps it") {
    Fleet fleet;
    fleet.be_at(3h);
    fleet.takes = 10min;
    Process a(fleet, "a", 2h);
    Process b(fleet, "b", 2h);
    fleet.time.advance(15min);
    CHECK(fleet.compared.size() == 1);
}

TEST_CASE("when a process stands still in the middle another one takes over after the lease, and the first does nothing more") {
    Fleet fleet;
    fleet.be_at(3h);
    fleet.found = {unknown_to_gateway()};
    Process a(fleet, "a", 2h);
    fleet.time.advance(1s);
    a.hangs = true;
    a.stop();  // and so renews nothing
    Process b(fleet, "b", 2h);
    fleet.time.advance(28s);
    CHECK(fleet.compared.size() == 1);
    fleet.time.advance(30s);
    REQUIRE(fleet.compared.size() == 2);
    CHECK(fleet.compared.back().starts_with("b "));
    CHECK(fleet.pages == 1);
    a.hangs = false;
    fleet.time.advance(2h);
    CHECK(fleet.pages == 1);
}

TEST_CASE("a day that cannot be compared leaves no report and is tried again at growing intervals") {
    Fleet fleet;
    fleet.be_at(3h);
    fleet.error.emplace(Code::gateway_error, "the gateway is away");
    Process a(fleet, "a", 2h);
    fleet.time.advance(30s);
    CHECK(fleet.compared.size() == 1);
    CHECK_FALSE(fleet.store.reconciliation.find_run(fleet.today() - std::chrono::days(1))->finished_at);
    fleet.time.advance(1min);
    CHECK(fleet.compared.size() == 2);
    fleet.time.advance(1min);
    CHECK(fleet.compared.size() == 2);
    fleet.time.advance(2min);
    CHECK(fleet.compared.size() == 3);
    fleet.error.reset();
    fleet.time.advance(10min);
    CHECK(fleet.compared.size() == 4);
    CHECK(fleet.store.reconciliation.find_run(fleet.today() - std::chrono::days(1))->finished_at);
    fleet.time.advance(5h);
    CHECK(fleet.compared.size() == 4);
}

TEST_CASE("a day in which something was repaired is compared again, until nothing is") {
    Fleet fleet;
    fleet.be_at(3h);
    fleet.found = {missed()};
    Process a(fleet, "a", 2h);
    fleet.time.advance(5h);
    CHECK(fleet.compared.size() == 2);  // what is adopted once is not again
    CHECK(fleet.time.run(fleet.store.event_store().archive({.from = {}, .until = WallTime::max()}))->events.size() == 1);
}

TEST_CASE("a page that nobody took is told at the next comparison, which comes by itself") {
    Fleet fleet;
    fleet.be_at(3h);
    fleet.found = {unknown_to_gateway()};
    fleet.hears = false;
    Process a(fleet, "a", 2h);
    fleet.time.advance(30s);
    CHECK(fleet.compared.size() == 1);
    fleet.hears = true;
    fleet.time.advance(5h);
    CHECK(fleet.compared.size() == 2);
    CHECK(fleet.pages == 1);
}

TEST_CASE("a page that nobody took is told by whoever runs next, when the process that tried is gone") {
    Fleet fleet;
    fleet.be_at(3h);
    fleet.found = {unknown_to_gateway()};
    fleet.hears = false;
    Process a(fleet, "a", 2h);
    fleet.time.advance(30s);
    a.stop();
    fleet.hears = true;
    Process b(fleet, "b", 2h);
    fleet.time.advance(5min);
    CHECK(fleet.pages == 1);
    CHECK(fleet.compared.size() == 2);
}

TEST_CASE("days that passed while nobody could compare are made up for within a week, and no others are") {
    Fleet fleet;
    fleet.be_at(3h);
    Process a(fleet, "a", 2h);
    fleet.time.advance(1min);
    CHECK(fleet.compared.size() == 1);
    a.stop();
    const auto last = fleet.today();
    fleet.time.jump_wall(24h * 3);
    Process b(fleet, "b", 2h);
    fleet.time.advance(1min);
    fleet.compared.erase(fleet.compared.begin());
    CHECK(fleet.compared == std::vector{"b " + day_text(last), "b " + day_text(last + std::chrono::days(1)),
                                        "b " + day_text(last + std::chrono::days(2))});
}

TEST_CASE("who asks for a day is answered with its report, and who asks meanwhile with the same one") {
    Fleet fleet;
    Process a(fleet, "a");
    fleet.time.advance(24h);
    CHECK(fleet.compared.empty());  // nobody asked, and nothing is daily
    const auto first = a.ask(fleet.today());
    fleet.time.advance(1s);
    const auto second = a.ask(fleet.today());
    fleet.time.advance(20s);
    REQUIRE(*first);
    REQUIRE(*second);
    REQUIRE(**first);
    CHECK((**first)->value().find(day_text(fleet.today())) != std::string::npos);
    CHECK(***first == ***second);
    CHECK(fleet.compared.size() == 1);

    const auto third = a.ask(fleet.today());
    fleet.time.advance(20s);
    REQUIRE(*third);
    CHECK(fleet.compared.size() == 2);
    CHECK(fleet.audit.told() == std::vector<std::string>{"ops reconcile.run " + day_text(fleet.today()) + " attempt",
                                                         "ops reconcile.run " + day_text(fleet.today()) + " compared",
                                                         "ops reconcile.run " + day_text(fleet.today()) + " attempt",
                                                         "ops reconcile.run " + day_text(fleet.today()) + " compared"});
}

TEST_CASE("who does not wait long enough is told nothing yet, and finds the report later") {
    Fleet fleet;
    Process a(fleet, "a");
    const auto impatient = a.ask(fleet.today(), 1s);
    fleet.time.advance(2s);
    REQUIRE(*impatient);
    REQUIRE(**impatient);
    CHECK_FALSE((**impatient)->has_value());
    fleet.time.advance(20s);
    CHECK(fleet.store.reconciliation.find_run(fleet.today())->finished_at);
}

TEST_CASE("a day that another process compares is waited for") {
    Fleet fleet;
    Process a(fleet, "a");
    Process b(fleet, "b");
    const auto at_a = a.ask(fleet.today());
    const auto at_b = b.ask(fleet.today());
    fleet.time.advance(30s);
    REQUIRE(*at_b);
    CHECK(***at_a == ***at_b);
    CHECK(fleet.compared.size() == 1);
}

TEST_CASE("a comparison that fails fails for who asked, and leaves the day to be asked for again at once") {
    Fleet fleet;
    Process a(fleet, "a");
    fleet.error.emplace(Code::gateway_error, "the gateway is away");
    const auto failed = a.ask(fleet.today());
    fleet.time.advance(20s);
    REQUIRE(*failed);
    REQUIRE_FALSE(**failed);
    CHECK((**failed).error().code == Code::gateway_error);
    fleet.error.reset();
    const auto again = a.ask(fleet.today());
    fleet.time.advance(11s);
    REQUIRE(*again);
    CHECK(**again);
    CHECK(fleet.audit.told()[1] == "ops reconcile.run " + day_text(fleet.today()) + " gateway_error");
}

TEST_CASE("what is done about a discrepancy is written down on behalf of who asked") {
    Fleet fleet;
    fleet.found = {unknown_to_gateway(), missed()};
    Process a(fleet, "a");
    const auto asked = a.ask(fleet.today());
    fleet.time.advance(20s);
    REQUIRE(*asked);
    CHECK(fleet.audit.told("ch_1") == std::vector<std::string>{"ops reconcile.page missing_gateway"});
    CHECK(fleet.audit.told("ch_2") == std::vector<std::string>{"ops reconcile.adopt missing_internal"});
    for (const AuditRecord& record : fleet.audit.records) CHECK(record.request_id == "req_1");
}

TEST_CASE("more days than may wait are refused, retriable") {
    Fleet fleet;
    Process a(fleet, "a");
    std::vector<std::shared_ptr<std::optional<Report>>> asked;
    for (std::size_t i = 0; i <= Reconciler::asked_max; ++i) asked.push_back(a.ask(fleet.today() - std::chrono::days(i), 1h));
    REQUIRE(*asked.back());
    REQUIRE_FALSE(**asked.back());
    CHECK((**asked.back()).error().code == Code::overloaded);
    CHECK((**asked.back()).error().retriable);
    fleet.time.advance(10min);
    for (std::size_t i = 0; i < Reconciler::asked_max; ++i) {
        REQUIRE(*asked[i]);
        CHECK(**asked[i]);
    }
}

TEST_CASE("a process that is told to stop does nothing more about a day, tells who asked, and ends") {
    Fleet fleet;
    fleet.found = {unknown_to_gateway()};
    Process a(fleet, "a");
    const auto running = a.ask(fleet.today());
    const auto waiting = a.ask(fleet.today() - std::chrono::days(1));
    fleet.time.advance(1s);
    a.stop();
    CHECK(a.ends());
    fleet.time.advance(1s);
    for (const auto& asked : {running, waiting}) {
        REQUIRE(*asked);
        REQUIRE_FALSE(**asked);
        CHECK((**asked).error().code == Code::shutting_down);
    }
    CHECK(fleet.pages == 0);
    const auto late = a.ask(fleet.today());
    REQUIRE(*late);
    CHECK((**late).error().code == Code::shutting_down);
}
