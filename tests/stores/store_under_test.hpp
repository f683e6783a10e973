#pragma once

#include <stdlib.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "stores/census.hpp"
#include "stores/placement.hpp"
#include "stores/ports.hpp"
#include "stores/reconciliation.hpp"
#include "stores/sessions.hpp"

namespace tollgate::test {

/// A folder of its own, gone at the end.
class TemporaryFolder {
public:
    TemporaryFolder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "tollgate-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

struct Loops;

/// What an implementation of the store ports brings along to be held to their promises.
class StoreUnderTest {
public:
    virtual ~StoreUnderTest() = default;
    virtual ChargeStore& charges() = 0;
    virtual EventStore& events() = 0;
    virtual ReconciliationStore& reconciliation() = 0;
    virtual SessionStore& sessions() = 0;
    /// Lets the leases of all events run out, for a store that counts them by another clock than the callers' `now`.
    virtual void expire_event_leases() {}
    /// What a second process would open beside this one, with the same charges; none: the store is one process's own.
    virtual std::unique_ptr<StoreUnderTest> another_process(Loops&) { return nullptr; }
    virtual CensusStore& census() = 0;
    virtual AuditLog& audit() = 0;
    virtual StoreHealth& health() = 0;
};

/// An event loop, run when and as long as the test wants it to: what a store keeps on it meanwhile waits.
class Loop {
public:
    /// Runs one coroutine to its end, on this thread.
    template <class T>
    T run(Task<T> task) {
        std::future<T> result = asio::co_spawn(io_, std::move(task), asio::use_future);
        while (result.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
            if (io_.run_one() == 0) io_.restart();
        }
        return result.get();
    }

    [[nodiscard]] asio::io_context& io() noexcept { return io_; }
    [[nodiscard]] const Runtime& runtime() const noexcept { return runtime_; }

private:
    asio::io_context io_{1};
    SystemClock clock_;
    SystemRandom random_;
    AsioTimers timers_{io_.get_executor()};
    Runtime runtime_{io_.get_executor(), clock_, random_, timers_};
};

/// The loops a store is asked on. Made before it: a store is destroyed before the executors of its callers.
struct Loops {
    Loop main;
    std::array<Loop, 2> sides;  // for what comes from several threads at once

    [[nodiscard]] std::vector<const Runtime*> runtimes() const {
        return {&main.runtime(), &sides[0].runtime(), &sides[1].runtime()};
    }
};

/// An implementation: another one adds itself to `store_kinds`, and every promise is asked of it too.
struct StoreKind {
    std::string name;
    std::function<std::unique_ptr<StoreUnderTest>(Loops&)> make;  // a fresh, empty one
};

[[nodiscard]] const std::vector<StoreKind>& store_kinds();

inline constexpr WallTime noon{Milliseconds(1'795'341'600'000)};  // 2026-11-22T10:00:00Z

/// The UTC day of noon.
inline constexpr std::chrono::sys_days today = std::chrono::floor<std::chrono::days>(noon);

/// The id that a charge of the tenant has here: with the tenant's own two characters, and readable.
[[nodiscard]] inline std::string id_of(const std::string& key, const std::string& tenant = "shop") {
    return "ch_" + place_of(tenant) + "_" + key;
}

/// A begin of charge `id_of(key)` of an order of its own, leased for thirty seconds.
[[nodiscard]] inline BeginCharge begin_of(const std::string& key, WallTime now = noon) {
    BeginCharge begin;
    begin.row.id = id_of(key);
    begin.row.tenant = "shop";
    begin.row.idempotency_key = key;
    begin.row.fingerprint = "payload of " + key;
    begin.row.order_id = "order of " + key;
    begin.row.amount = 4999;
    begin.row.currency = "USD";
    begin.row.state = "reserve intended";
    begin.row.lease_until = now + std::chrono::seconds(30);
    begin.duplicates_window = std::chrono::hours(24);
    begin.answer_ttl = std::chrono::hours(24);
    begin.now = now;
    return begin;
}

/// The owner's next step: still running, the lease renewed.
[[nodiscard]] inline Transition step_of(const ChargeRow& row, const std::string& state, WallTime now = noon) {
    Transition step;
    step.id = row.id;
    step.fence = row.fence;
    step.state = state;
    step.lease_until = now + std::chrono::seconds(30);
    step.due_at = now;
    step.now = now;
    return step;
}

/// The owner's last step: succeeded, with this answer.
[[nodiscard]] inline Transition end_of(const ChargeRow& row, Answer answer, WallTime now = noon) {
    Transition end = step_of(row, "completed", now);
    end.status = ChargeStatus::succeeded;
    end.due_at.reset();
    end.answer = std::move(answer);
    return end;
}

/// All of a day, page by page.
[[nodiscard]] inline std::vector<BookedEntry> read_day(Loop& loop, ReconciliationStore& books, LedgerQuery query) {
    std::vector<BookedEntry> all;
    do {
        LedgerPage page = loop.run(books.ledger_of(query)).value();
        std::ranges::move(page.entries, std::back_inserter(all));
        query.cursor = std::move(page.next_cursor);
    } while (!query.cursor.empty());
    return all;
}

/// A store and a loop to ask it on.
struct Bench {
    explicit Bench(const StoreKind& kind) : store(kind.make(loops)) {}

    Result<Begun> begin(BeginCharge begin) { return loop.run(charges().begin(std::move(begin))); }
    Result<void> advance(Transition step) { return loop.run(charges().advance(std::move(step))); }
    std::vector<ChargeRow> claim(WallTime now, std::size_t limit = 10) {
        return loop.run(charges().claim(now, now + std::chrono::seconds(30), limit)).value();
    }
    Taken take(const std::string& id, WallTime now, Reach reach = Reach::unfinished) {
        return loop.run(charges().take(id, now, now + std::chrono::seconds(30), reach)).value();
    }
    Taken take_for(const std::string& id, const std::string& operation, WallTime now) {
        return loop.run(charges().take_for(id, operation, now, now + std::chrono::seconds(30))).value();
    }
    std::optional<ChargeRow> find(const std::string& id) { return loop.run(charges().find(id)).value(); }
    Result<ChargePage> page(ChargeQuery query) { return loop.run(charges().page(std::move(query))); }
    Result<ChargePage> survey(SurveyQuery query) { return loop.run(charges().survey(std::move(query))); }
    std::vector<CurrencyAtRisk> money_at_risk() { return loop.run(charges().money_at_risk()).value(); }
    std::vector<LedgerEntry> ledger(const std::string& id) { return loop.run(charges().ledger(id)).value(); }
    Census census(WallTime now) { return loop.run(store->census().census(now)).value(); }
    ChargeStore& charges() { return store->charges(); }
    SessionStore& sessions() { return store->sessions(); }
    ReconciliationStore& books() { return store->reconciliation(); }

    Loops loops;
    Loop& loop = loops.main;
    std::unique_ptr<StoreUnderTest> store;
};

}  // namespace tollgate::test
