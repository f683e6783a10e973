#pragma once

#include <memory>
#include <optional>

#include "async/runtime.hpp"

namespace tollgate {

/// One value, from one producer to one waiter, both on the same thread. Shared by both, so either may leave first.
template <class T>
class OneShot {
public:
    explicit OneShot(const Runtime& runtime) : timer_(runtime.timers.make()) {}

    /// Hands the value over; a second one is ignored.
    void set(T value) {
        if (value_) return;
        value_.emplace(std::move(value));
        timer_->wake();
    }

    /// The value, or nothing when it did not come by then. The caller keeps the object alive while it waits.
    Task<std::optional<T>> wait_until(SteadyTime deadline) {
        if (!value_) co_await timer_->wait_until(deadline);
        co_return std::move(value_);
    }

private:
    std::unique_ptr<Timer> timer_;
    std::optional<T> value_;
};

}  // namespace tollgate
