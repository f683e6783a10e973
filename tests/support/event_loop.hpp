#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>

#include "async/runtime.hpp"

namespace tollgate::test {

/// A real event loop on the test's own thread, for what talks through real sockets.
class EventLoop {
public:
    [[nodiscard]] const Runtime& runtime() const noexcept { return runtime_; }
    [[nodiscard]] SteadyTime in(Milliseconds span) const { return clock_.steady() + span; }
    [[nodiscard]] asio::io_context& context() noexcept { return context_; }

    /// Runs a coroutine to its end, everything else beside it. A minute without an end is a failure of the test.
    template <class T>
    T run(Task<T> task) {
        std::optional<T> value;
        std::exception_ptr thrown;
        bool ended = false;
        asio::co_spawn(context_, std::move(task), [&](const std::exception_ptr& what, T result) {
            thrown = what;
            value.emplace(std::move(result));
            ended = true;
        });
        run_until([&] { return ended; });
        if (thrown) std::rethrow_exception(thrown);
        return std::move(*value);
    }

    void start(Task<void> task) { spawn(runtime_.executor, std::move(task)); }

    template <class Condition>
    void run_until(Condition condition) {
        const auto limit = clock_.steady() + std::chrono::minutes(1);
        context_.restart();
        while (!condition()) {
            if (clock_.steady() > limit) throw std::logic_error("what was waited for did not happen within a minute");
            context_.run_one_for(std::chrono::milliseconds(100));
            if (context_.stopped()) context_.restart();
        }
    }

private:
    asio::io_context context_{1};
    SystemClock clock_;
    SystemRandom random_;
    AsioTimers timers_{context_.get_executor()};
    Runtime runtime_{context_.get_executor(), clock_, random_, timers_};
};

}  // namespace tollgate::test
