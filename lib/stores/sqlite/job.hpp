#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>
#include <functional>
#include <optional>
#include <utility>

#include "async/runtime.hpp"
#include "core/error.hpp"
#include "stores/sqlite/census_reads.hpp"
#include "stores/sqlite/charge_reads.hpp"
#include "stores/sqlite/charge_writes.hpp"
#include "stores/sqlite/event_reads.hpp"
#include "stores/sqlite/event_writes.hpp"
#include "stores/sqlite/housekeeping.hpp"
#include "stores/sqlite/reconciliation_reads.hpp"
#include "stores/sqlite/reconciliation_writes.hpp"
#include "stores/sqlite/session_table.hpp"

/// How a coroutine has something done on a store's own thread.
namespace tollgate::sqlite {

/// One connection and what is prepared on it.
struct Session {
    explicit Session(Database opened)
        : database(std::move(opened)),
          reads(database),
          writes(database),
          event_reads(database),
          event_writes(database),
          reconciliation_reads(database),
          reconciliation_writes(database),
          census_reads(database),
          sessions(database),
          housekeeping(database) {}

    Database database;
    ChargeReads reads;
    ChargeWrites writes;
    EventReads event_reads;
    EventWrites event_writes;
    ReconciliationReads reconciliation_reads;
    ReconciliationWrites reconciliation_writes;
    CensusReads census_reads;
    SessionTable sessions;
    Housekeeping housekeeping;
};

/// A piece of work and the coroutine that waits for it. It lives in that coroutine's frame, which is kept alive by
/// `handler`; once the handler is posted the job may be gone.
class Job {
public:
    Job() = default;
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;

    virtual void run(Session& session) = 0;  // may be called again after a rollback
    virtual void refuse(const PaymentError& error) = 0;

    Job* next = nullptr;
    Executor executor;
    std::optional<asio::any_completion_handler<void()>> handler;  // only ever move-constructed: see floors.md, traps

protected:
    ~Job() = default;
};

/// Jobs in a row, without allocation. Owns nothing.
class JobList {
public:
    [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] Job* first() const noexcept { return first_; }

    void push(Job& job) noexcept;
    [[nodiscard]] Job* pop() noexcept;
    /// Up to `most` jobs from the front.
    [[nodiscard]] JobList take(std::size_t most) noexcept;

private:
    Job* first_ = nullptr;
    Job* last_ = nullptr;
    std::size_t size_ = 0;
};

/// Resumes the waiting coroutines on their own executors, one post an executor; the list is empty afterwards.
void complete(JobList& jobs);

template <class T, class Work>
class Asked final : public Job {
public:
    explicit Asked(Work& work) : work_(work) {}
    void run(Session& session) override { result_.emplace(work_(session)); }
    void refuse(const PaymentError& error) override { result_.emplace(fail(error)); }
    [[nodiscard]] Result<T> take() { return std::move(*result_); }

private:
    Work& work_;
    std::optional<Result<T>> result_;
};

/// Hands `work` to `worker.submit(Job&)` and waits for it. `work(Session&)` returns Result<T>. There is no way to call it
/// back: a cancelled coroutine still waits for its answer. (The coroutine's own spawn keeps its executor busy meanwhile.)
template <class T, class Worker, class Work>
Task<Result<T>> ask(Worker& worker, Work work) {
    Asked<T, Work> job(work);
    job.executor = co_await asio::this_coro::executor;
    auto submit = [&worker, &job](auto handler) {
        job.handler.emplace(std::move(handler));
        worker.submit(job);
    };
    co_await asio::async_initiate<const asio::deferred_t&, void()>(std::move(submit), asio::deferred);
    co_return job.take();
}

}  // namespace tollgate::sqlite
