#pragma once

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "async/one_shot.hpp"
#include "async/runtime.hpp"

namespace tollgate::reconciliation {

/// A thread for work that blocks, one piece at a time. The destructor waits for the piece that runs and forgets the others, so
/// that a coroutine may go while it waits for one: then work must own what it uses, or borrow what outlives this object.
class SpoolThread {
public:
    /// Without a thread of its own everything is done on the caller's.
    SpoolThread(const Runtime& runtime, bool own) : runtime_(runtime) {
        if (own) pool_.emplace(1);
    }
    SpoolThread(const SpoolThread&) = delete;
    SpoolThread& operator=(const SpoolThread&) = delete;
    ~SpoolThread() {
        if (!pool_) return;
        pool_->stop();
        pool_->join();
    }

    /// What `work()` returns.
    template <class Work>
    Task<std::invoke_result_t<Work&>> run(Work work) {
        using Value = std::invoke_result_t<Work&>;
        if (!pool_) co_return work();
        auto answer = std::make_shared<OneShot<Value>>(runtime_);
        asio::post(*pool_, [work = std::move(work), answer, executor = runtime_.executor]() mutable {
            asio::post(executor, [answer = std::move(answer), value = work()]() mutable { answer->set(std::move(value)); });
        });
        std::optional<Value> value;
        while (!value) value = co_await answer->wait_until(SteadyTime::max());
        co_return std::move(*value);
    }

private:
    const Runtime& runtime_;
    std::optional<asio::thread_pool> pool_;
};

}  // namespace tollgate::reconciliation
