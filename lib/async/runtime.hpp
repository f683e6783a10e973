#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <memory>

#include "core/random.hpp"
#include "core/time.hpp"

namespace tollgate {

namespace asio = boost::asio;

/// Every asynchronous function of the library returns one of these.
template <class T>
using Task = asio::awaitable<T>;

using Executor = asio::any_io_executor;

/// A sleep that somebody else may end. One waiter at a time; used on its executor's thread only.
class Timer {
public:
    virtual ~Timer() = default;
    /// Returns at that time, or at the first `wake` after the call began.
    virtual Task<void> wait_until(SteadyTime time) = 0;
    virtual void wake() noexcept = 0;
};

class Timers {
public:
    virtual ~Timers() = default;
    [[nodiscard]] virtual std::unique_ptr<Timer> make() = 0;
};

/// What a part needs to exist in time: one a thread, owned by the composition root (or by a test), and outliving
/// everything that borrows it. The simulation passes a virtual one.
struct Runtime {
    Executor executor;
    const Clock& clock;
    Random& random;
    Timers& timers;
};

/// Timers of an Asio executor.
class AsioTimers final : public Timers {
public:
    explicit AsioTimers(Executor executor) : executor_(std::move(executor)) {}
    [[nodiscard]] std::unique_ptr<Timer> make() override;

private:
    Executor executor_;
};

/// Sleeps; cancelling the coroutine ends it early without an exception.
Task<void> sleep_for(const Runtime& runtime, std::chrono::steady_clock::duration duration);

/// Runs `task` on its own. What it throws is a bug: it is reported to standard error and the process ends.
void spawn(const Executor& executor, Task<void> task);

}  // namespace tollgate
