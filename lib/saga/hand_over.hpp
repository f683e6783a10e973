#pragma once

#include <list>

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
        Entry(std::list<Timer*>& list, Timer* timer) : list_(list), place_(list.insert(list.end(), timer)) {}
        ~Entry() { list_.erase(place_); }
        Entry(const Entry&) = delete;
        Entry& operator=(const Entry&) = delete;
        std::list<Timer*>& list_;
        std::list<Timer*>::iterator place_;
    };

    bool requested_ = false;
    std::list<Timer*> sleepers_;  // woken in the order of their coming
};

}  // namespace tollgate
