#include "resilience/breakers.hpp"

#include <utility>

namespace tollgate {

SharedBreaker::SharedBreaker(std::string name, BreakerPolicy policy, const BreakerHook& hook)
    : name_(std::move(name)), hook_(hook), breaker_(policy) {}

// Applies a change and tells the hook of it, once the lock is free again: a hook may well ask for a snapshot.
template <class Make>
void SharedBreaker::change(Make make) {
    BreakerState from;
    BreakerState to;
    {
        const std::lock_guard lock(mutex_);
        from = breaker_.state();
        make(breaker_);
        to = breaker_.state();
    }
    if (from != to && hook_) hook_({name_, from, to});
}

std::expected<Breaker::Permit, Milliseconds> SharedBreaker::admit(SteadyTime now) {
    std::expected<Breaker::Permit, Milliseconds> permit;
    change([&](Breaker& breaker) { permit = breaker.admit(now); });
    return permit;
}

void SharedBreaker::record(Breaker::Permit permit, CallVerdict verdict, SteadyTime now) {
    change([&](Breaker& breaker) { breaker.record(permit, verdict, now); });
}

Milliseconds SharedBreaker::refusal(SteadyTime now) const {
    const std::lock_guard lock(mutex_);
    return breaker_.refusal(now);
}

BreakerState SharedBreaker::state() const {
    const std::lock_guard lock(mutex_);
    return breaker_.state();
}

SharedBreaker& Breakers::at(std::string_view name) {
    const std::lock_guard lock(mutex_);
    auto found = breakers_.find(name);
    if (found == breakers_.end()) {
        found = breakers_.emplace(name, std::make_unique<SharedBreaker>(std::string(name), policy_, hook_)).first;
    }
    return *found->second;
}

std::vector<BreakerView> Breakers::snapshot(SteadyTime now) const {
    const std::lock_guard lock(mutex_);
    std::vector<BreakerView> views;
    views.reserve(breakers_.size());
    for (const auto& [name, breaker] : breakers_) views.push_back({name, breaker->state(), breaker->refusal(now)});
    return views;
}

}  // namespace tollgate
