#include "saga/recovery.hpp"

#include <utility>

namespace tollgate {

Recovery::Recovery(Runtime runtime, ChargeStore& store, RecoveryPolicy policy, Resume resume)
    : runtime_(std::move(runtime)),
      store_(store),
      policy_(policy),
      resume_(std::move(resume)),
      timer_(runtime_.timers.make()) {}

Task<void> Recovery::run() {
    while (!stopping_) {
        const std::size_t room = policy_.concurrent_max - working_;
        std::size_t claimed = 0;
        if (room > 0) {
            const WallTime now = runtime_.clock.wall();
            auto rows = co_await store_.claim(now, now + policy_.lease, room);
            if (rows) {  // a store that is away is asked again at the next look
                claimed = rows->size();
                for (ChargeRow& row : *rows) {
                    ++working_;
                    spawn(runtime_.executor, work(std::move(row)));
                }
            }
        }
        const bool more_may_wait = claimed == room && claimed > 0 && working_ < policy_.concurrent_max;
        if (!stopping_ && !more_may_wait) co_await timer_->wait_until(runtime_.clock.steady() + policy_.interval);
    }
    while (working_ > 0) co_await timer_->wait_until(SteadyTime::max());
}

void Recovery::stop() noexcept {
    stopping_ = true;
    timer_->wake();
}

Task<void> Recovery::work(ChargeRow row) {
    co_await resume_(std::move(row));
    --working_;
    if (stopping_ || working_ + 1 == policy_.concurrent_max) timer_->wake();
}

}  // namespace tollgate
