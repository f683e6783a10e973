#pragma once

#include <unordered_set>

#include "async/runtime.hpp"

namespace tollgate {

/// A thread's word to its sagas to leave what they own to others, at their next step or out of their sleep.
/// Used on its thread only; outlives the sagas that borrow it.
class HandOver {
public:
    [[nodiscard]] bool requested() const noexcept { return requested_; }

    void request() noexcept {
        requested_ = true;
        for (Timer* sleeper : sleepers_) sleeper->wake();
    }

    /// Sleeps until then, or until the word is given.
    Task<void> sleep_until(const Runtime& runtime, SteadyTime time) {
        if (requested_) co_return;
        const auto timer = runtime.timers.make();
        const Entry entry(sleepers_, timer.get());
        co_await timer->wait_until(time);
    }

private:
    struct Entry {
        Entry(std::unordered_set<Timer*>& set, Timer* timer) : set_(set), timer_(timer) { set_.insert(timer_); }
        ~Entry() { set_.erase(timer_); }
        Entry(const Entry&) = delete;
        Entry& operator=(const Entry&) = delete;
        std::unordered_set<Timer*>& set_;
        Timer* timer_;
    };

    bool requested_ = false;
    std::unordered_set<Timer*> sleepers_;
};

}  // namespace tollgate
