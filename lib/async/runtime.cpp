#include "async/runtime.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "redaction/redact.hpp"

namespace tollgate {
namespace {

class AsioTimer final : public Timer {
public:
    explicit AsioTimer(const Executor& executor) : timer_(executor) {}

    Task<void> wait_until(SteadyTime time) override {
        boost::system::error_code ended_early;
        timer_.expires_at(time);
        co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ended_early));
    }

    void wake() noexcept override { timer_.cancel(); }

private:
    asio::steady_timer timer_;
};

}  // namespace

std::unique_ptr<Timer> AsioTimers::make() {
    return std::make_unique<AsioTimer>(executor_);
}

Task<void> sleep_for(const Runtime& runtime, std::chrono::steady_clock::duration duration) {
    const auto timer = runtime.timers.make();
    co_await timer->wait_until(runtime.clock.steady() + duration);
}

void spawn(const Executor& executor, Task<void> task) {
    asio::co_spawn(executor, std::move(task), [](const std::exception_ptr& thrown) {
        if (!thrown) return;
        try {
            std::rethrow_exception(thrown);
        } catch (const std::exception& bug) {
            std::fprintf(stderr, "tollgate: a background task threw: %s\n", redact(bug.what()).c_str());
        }
        std::abort();
    });
}

}  // namespace tollgate
