#pragma once

#include <stdlib.h>

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

#include "stores/ports.hpp"

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

/// What an implementation of the store ports brings along to be held to their promises.
class StoreUnderTest {
public:
    virtual ~StoreUnderTest() = default;
    virtual ChargeStore& charges() = 0;
    virtual AuditLog& audit() = 0;
    virtual StoreHealth& health() = 0;
};

/// An implementation: another one adds itself to `store_kinds`, and every promise is asked of it too.
struct StoreKind {
    std::string name;
    std::function<std::unique_ptr<StoreUnderTest>()> make;  // a fresh, empty one
};

[[nodiscard]] const std::vector<StoreKind>& store_kinds();

/// Runs one coroutine to its end on an event loop of this thread. Made before the store it asks: a store is destroyed
/// before the executors of its callers.
class Loop {
public:
    template <class T>
    T run(Task<T> task) {
        std::future<T> result = asio::co_spawn(io_, std::move(task), asio::use_future);
        io_.restart();
        io_.run();
        return result.get();
    }

    [[nodiscard]] asio::io_context& io() noexcept { return io_; }

private:
    asio::io_context io_;
};

inline constexpr WallTime noon{Milliseconds(1'795'341'600'000)};  // 2026-11-22T10:00:00Z

/// A begin of charge "ch_`key`" of an order of its own, leased for thirty seconds.
[[nodiscard]] inline BeginCharge begin_of(const std::string& key, WallTime now = noon) {
    BeginCharge begin;
    begin.row.id = "ch_" + key;
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

/// A store and a loop to ask it on.
struct Bench {
    explicit Bench(const StoreKind& kind) : store(kind.make()) {}

    Result<Begun> begin(BeginCharge begin) { return loop.run(charges().begin(std::move(begin))); }
    Result<void> advance(Transition step) { return loop.run(charges().advance(std::move(step))); }
    std::vector<ChargeRow> claim(WallTime now, std::size_t limit = 10) {
        return loop.run(charges().claim(now, now + std::chrono::seconds(30), limit)).value();
    }
    std::optional<ChargeRow> find(const std::string& id) { return loop.run(charges().find(id)).value(); }
    Result<ChargePage> page(ChargeQuery query) { return loop.run(charges().page(std::move(query))); }
    std::vector<LedgerEntry> ledger(const std::string& id) { return loop.run(charges().ledger(id)).value(); }
    ChargeStore& charges() { return store->charges(); }

    Loop loop;
    std::array<asio::io_context, 2> side_loops;  // for what comes from several threads at once
    std::unique_ptr<StoreUnderTest> store;
};

}  // namespace tollgate::test
