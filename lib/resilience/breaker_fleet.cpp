#include <algorithm>

#include "resilience/breaker.hpp"

// A breaker's part in a fleet. News is the difference between how it stands and how the fleet believes it does, so nothing
// has to be queued while the store is away, and what was learned is never told back.
namespace tollgate {
namespace {

// Whoever may probe says so again while a probe is under way: so a process that is gone is not waited for long.
constexpr Milliseconds grant_max{5000};

// The fleet is asked once a second: some answers may be missing.
constexpr Milliseconds silence_min{3000};

}  // namespace

Milliseconds Breaker::grant_wanted() const noexcept {
    return std::min(grant_max, policy_.recovery_timeout);
}

bool Breaker::in_fleet(SteadyTime now) const noexcept {
    return fleet_.heard && now - *fleet_.heard < std::max(policy_.recovery_timeout, silence_min);
}

bool Breaker::waits_for_grant(SteadyTime now) const noexcept {
    if (state_ == BreakerState::closed || !in_fleet(now)) return false;
    if (state_ == BreakerState::open && left(open_until_, now) > Milliseconds(0)) return false;
    return !fleet_.may_probe_until || left(*fleet_.may_probe_until, now) == Milliseconds(0);
}

bool Breaker::opened_here(SteadyTime now) const noexcept {
    return state_ == BreakerState::open && left(open_until_, now) > Milliseconds(0) && fleet_.until != open_until_;
}

void Breaker::note_refused(SteadyTime now) noexcept {
    if (waits_for_grant(now) && !fleet_.wished) fleet_.wished = now;
}

std::optional<BreakerNews> Breaker::news(SteadyTime now) const {
    using enum BreakerNews::Kind;
    const bool still_open = state_ == BreakerState::open && left(open_until_, now) > Milliseconds(0);
    if (opened_here(now) || (fleet_.forgotten && still_open))
        return BreakerNews{{}, opened, left(open_until_, now), fleet_.era};
    if (state_ == BreakerState::closed) {
        if (fleet_.open) return BreakerNews{{}, closed, Milliseconds(0), fleet_.era};
        return std::nullopt;
    }
    const auto right = fleet_.may_probe_until ? left(*fleet_.may_probe_until, now) : Milliseconds(0);
    const bool renew = right > Milliseconds(0) && right < grant_wanted() / 2 && probes_running(now) > 0;
    if (renew || (fleet_.wished && waits_for_grant(now))) return BreakerNews{{}, wants_probes, grant_wanted(), fleet_.era};
    return std::nullopt;
}

void Breaker::hear(const BreakerStanding& standing, SteadyTime asked, SteadyTime now) {
    const bool has_opened = opened_here(now);
    fleet_.heard = now;
    if (fleet_.wished && *fleet_.wished <= asked) fleet_.wished.reset();
    if (standing.era == fleet_.era) return;
    fleet_.era = standing.era;
    fleet_.open = standing.state != BreakerStanding::State::closed;
    fleet_.forgotten = standing.era == 0;
    if (fleet_.forgotten) return;  // everybody knows better
    fleet_.until.reset();
    switch (standing.state) {
        case BreakerStanding::State::closed:
            // A failure since then is told next.
            if (state_ != BreakerState::closed && !has_opened) enter(BreakerState::closed);
            break;
        case BreakerStanding::State::open:
            stay_away(standing.left, now);
            successes_ = 0;
            fleet_.until = open_until_;
            break;
        case BreakerStanding::State::probes_elsewhere:
            stay_away(standing.left, now);
            fleet_.probes_elsewhere = true;
            fleet_.until = open_until_;
            break;
        case BreakerStanding::State::probes_here:
            if (state_ == BreakerState::closed || has_opened) break;
            if (state_ == BreakerState::open) enter(BreakerState::half_open);
            // Counted from when it was asked for, so that it never outlasts the store's own count.
            fleet_.may_probe_until = asked + std::min(standing.left, policy_.recovery_timeout);
            break;
    }
}

}  // namespace tollgate
