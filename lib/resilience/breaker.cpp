#include "resilience/breaker.hpp"

#include <algorithm>

namespace tollgate {
namespace {

// When every probe's place is taken: the answer is near, and how near is not known.
constexpr Milliseconds probe_wait{1000};

// A year, so that it can be added to any time.
constexpr Milliseconds recovery_timeout_max = std::chrono::years(1);

}  // namespace

std::string_view name(BreakerState state) noexcept {
    switch (state) {
        case BreakerState::closed:
            return "closed";
        case BreakerState::open:
            return "open";
        case BreakerState::half_open:
            return "half_open";
    }
    __builtin_unreachable();
}

Breaker::Breaker(BreakerPolicy policy) noexcept : policy_(policy) {
    policy_.failure_threshold = std::max(policy_.failure_threshold, 1);
    policy_.success_threshold = std::max(policy_.success_threshold, 1);
    policy_.recovery_timeout = std::clamp<Milliseconds>(policy_.recovery_timeout, Milliseconds(1), recovery_timeout_max);
}

// Nothing set here lies further ahead than the recovery timeout: what seems to is over, and the clock went back.
Milliseconds Breaker::left(SteadyTime until, SteadyTime now) const noexcept {
    const bool ahead = now < until && until - now <= policy_.recovery_timeout;
    return ahead ? std::chrono::ceil<Milliseconds>(until - now) : Milliseconds(0);
}

Milliseconds Breaker::short_wait() const noexcept {
    return std::min(probe_wait, policy_.recovery_timeout);
}

std::size_t Breaker::probes_running(SteadyTime now) const noexcept {
    return static_cast<std::size_t>(
        std::ranges::count_if(probes_, [&](const Probe& probe) { return left(probe.until, now) > Milliseconds(0); }));
}

Milliseconds Breaker::refusal(SteadyTime now) const noexcept {
    if (state_ == BreakerState::closed) return Milliseconds(0);
    const Milliseconds closed_for = state_ == BreakerState::open ? left(open_until_, now) : Milliseconds(0);
    if (closed_for > Milliseconds(0)) return fleet_.probes_elsewhere ? std::min(closed_for, short_wait()) : closed_for;
    if (waits_for_grant(now)) return short_wait();
    const auto places = static_cast<std::size_t>(policy_.success_threshold - successes_);
    return state_ == BreakerState::open || probes_running(now) < places ? Milliseconds(0) : short_wait();
}

std::expected<Breaker::Permit, Milliseconds> Breaker::admit(SteadyTime now) {
    if (const auto wait = refusal(now); wait > Milliseconds(0)) {
        note_refused(now);
        return std::unexpected(wait);
    }
    if (state_ == BreakerState::closed) return Permit{era_, 0};
    if (state_ == BreakerState::open) enter(BreakerState::half_open);
    std::erase_if(probes_, [&](const Probe& probe) { return left(probe.until, now) == Milliseconds(0); });
    probes_.push_back({++last_probe_, now + policy_.recovery_timeout});
    return Permit{era_, last_probe_};
}

void Breaker::record(Permit permit, CallVerdict verdict, SteadyTime now) {
    if (permit.era != era_) return;
    if (state_ == BreakerState::half_open) return record_probe(permit.probe, verdict, now);
    if (verdict == CallVerdict::success) failures_ = 0;
    if (verdict == CallVerdict::failure && ++failures_ >= policy_.failure_threshold) open(now);
}

void Breaker::record_probe(std::uint64_t id, CallVerdict verdict, SteadyTime now) {
    const auto probe = std::ranges::find(probes_, id, &Probe::id);
    if (probe == probes_.end() || left(probe->until, now) == Milliseconds(0)) return;
    probes_.erase(probe);
    if (verdict == CallVerdict::failure) return open(now);
    if (verdict == CallVerdict::success && ++successes_ >= policy_.success_threshold) enter(BreakerState::closed);
}

void Breaker::open(SteadyTime now) noexcept {
    stay_away(policy_.recovery_timeout, now);
    successes_ = 0;
}

void Breaker::stay_away(Milliseconds span, SteadyTime now) noexcept {
    if (state_ != BreakerState::open) enter(BreakerState::open);
    open_until_ = now + std::min(span, policy_.recovery_timeout);
    fleet_.probes_elsewhere = false;
    fleet_.may_probe_until.reset();
}

void Breaker::enter(BreakerState state) noexcept {
    state_ = state;
    ++era_;
    failures_ = 0;
    if (state == BreakerState::closed) successes_ = 0;
    probes_.clear();
}

}  // namespace tollgate
