#include "resilience/breakers.hpp"

#include <algorithm>
#include <utility>

namespace tollgate {

SharedBreaker::SharedBreaker(std::string name, BreakerPolicy policy, const BreakerHook& hook, const NewsHook& news_hook)
    : name_(std::move(name)), hook_(hook), news_hook_(news_hook), breaker_(policy) {}

// Applies a change and tells the hooks of it, once the lock is free again: a hook may well ask for a snapshot.
template <class Make>
void SharedBreaker::change(SteadyTime now, bool from_fleet, Make make) {
    BreakerState from;
    BreakerState to;
    bool has_news = false;
    {
        const std::lock_guard lock(mutex_);
        from = breaker_.state();
        const bool had_news = news_hook_ && breaker_.news(now);
        make(breaker_);
        to = breaker_.state();
        has_news = news_hook_ && !had_news && breaker_.news(now);
    }
    if (from != to && hook_) hook_({name_, from, to, from_fleet});
    if (has_news) news_hook_();
}

std::expected<Breaker::Permit, Milliseconds> SharedBreaker::admit(SteadyTime now) {
    std::expected<Breaker::Permit, Milliseconds> permit;
    change(now, false, [&](Breaker& breaker) { permit = breaker.admit(now); });
    return permit;
}

Milliseconds SharedBreaker::refusal(SteadyTime now) {
    Milliseconds wait{0};
    change(now, false, [&](Breaker& breaker) {
        wait = breaker.refusal(now);
        if (wait > Milliseconds(0)) breaker.note_refused(now);
    });
    return wait;
}

void SharedBreaker::record(Breaker::Permit permit, CallVerdict verdict, SteadyTime now) {
    change(now, false, [&](Breaker& breaker) { breaker.record(permit, verdict, now); });
}

void SharedBreaker::hear(const BreakerStanding& standing, SteadyTime asked, SteadyTime now) {
    change(now, true, [&](Breaker& breaker) { breaker.hear(standing, asked, now); });
}

std::optional<BreakerNews> SharedBreaker::news(SteadyTime now) const {
    const std::lock_guard lock(mutex_);
    auto news = breaker_.news(now);
    if (news) news->name = name_;
    return news;
}

BreakerView SharedBreaker::view(SteadyTime now) const {
    const std::lock_guard lock(mutex_);
    return {name_, breaker_.state(), breaker_.refusal(now)};
}

BreakerState SharedBreaker::state() const {
    const std::lock_guard lock(mutex_);
    return breaker_.state();
}

SharedBreaker& Breakers::at(std::string_view name) {
    const std::lock_guard lock(mutex_);
    auto found = breakers_.find(name);
    if (found == breakers_.end()) {
        found = breakers_.emplace(name, std::make_unique<SharedBreaker>(std::string(name), policy_, hook_, news_hook_)).first;
    }
    return *found->second;
}

std::vector<BreakerView> Breakers::snapshot(SteadyTime now) const {
    const std::lock_guard lock(mutex_);
    std::vector<BreakerView> views;
    views.reserve(breakers_.size());
    for (const auto& [name, breaker] : breakers_) views.push_back(breaker->view(now));
    return views;
}

std::vector<BreakerNews> Breakers::news(SteadyTime now) const {
    const std::lock_guard lock(mutex_);
    std::vector<BreakerNews> all;
    for (const auto& [name, breaker] : breakers_) {
        if (auto news = breaker->news(now)) all.push_back(std::move(*news));
    }
    return all;
}

// Hooks are called on the way, so not under the lock: a breaker lives as long as this object.
void Breakers::hear(const std::vector<BreakerStanding>& standings, SteadyTime asked, SteadyTime now) {
    std::vector<SharedBreaker*> all;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [name, breaker] : breakers_) all.push_back(breaker.get());
    }
    for (SharedBreaker* const breaker : all) {
        const auto told = std::ranges::find(standings, breaker->name(), &BreakerStanding::name);
        breaker->hear(told == standings.end() ? BreakerStanding{} : *told, asked, now);
    }
}

}  // namespace tollgate
