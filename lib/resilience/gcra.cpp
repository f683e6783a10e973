#include "resilience/gcra.hpp"

#include <algorithm>
#include <limits>

namespace tollgate {
namespace {

__extension__ using Wide = __int128;  // products of two 64-bit numbers

// The emission interval per/requests is seldom a whole number of microseconds. Its multiples, rounded down, make a grid that
// never drifts; a time is a place on it: so many whole intervals, and the microseconds after the last of them. Adding an
// interval to a place is then exact, and so is comparing two places.
struct Place {
    Wide interval;
    Wide offset;

    friend bool operator<=(const Place& a, const Place& b) noexcept {
        return a.interval != b.interval ? a.interval < b.interval : a.offset <= b.offset;
    }
};

Wide floor_div(Wide a, Wide b) noexcept {
    return a / b - (a % b < 0 ? 1 : 0);
}

class Grid {
public:
    explicit Grid(const GcraPolicy& policy) noexcept
        : per_(std::clamp<Wide>(Wide{policy.per.count()} * 1000, 1, per_max)),
          requests_(std::clamp<Wide>(policy.requests, 1, per_)) {}

    // The last microsecond of an interval that is one longer than the shortest has no counterpart in every other interval: it
    // counts as the next one's first.
    [[nodiscard]] Place place(GcraTime time) const noexcept {
        const Wide t = time.count();
        const Wide interval = floor_div((t + 1) * requests_ - 1, per_);
        const Wide offset = t - start_of(interval);
        return offset < per_ / requests_ ? Place{interval, offset} : Place{interval + 1, 0};
    }

    [[nodiscard]] GcraTime time(Place place) const noexcept {
        using Limits = std::numeric_limits<GcraTime::rep>;
        const Wide t = start_of(place.interval) + place.offset;
        return GcraTime(static_cast<GcraTime::rep>(std::clamp<Wide>(t, Limits::min(), Limits::max())));
    }

private:
    static constexpr Wide per_max = Wide{1'000'000} * 86'400 * 36'525;  // a century

    [[nodiscard]] Wide start_of(Wide interval) const noexcept { return floor_div(interval * per_, requests_); }

    Wide per_;
    Wide requests_;
};

Place later(Place place, Wide intervals) noexcept {
    return {place.interval + intervals, place.offset};
}

std::chrono::milliseconds until(GcraTime time, GcraTime now) noexcept {
    if (time <= now) return std::chrono::milliseconds(0);
    const Wide ms = (Wide{time.count()} - now.count() + 999) / 1000;
    return std::chrono::milliseconds(static_cast<std::int64_t>(ms));
}

/// What a key's kept time means at this moment.
struct Standing {
    Grid grid;
    Place here;
    Place arrival;       // when the next request would be due at an even pace; never before now
    Place last_allowed;  // an arrival up to here still fits into the burst
    std::int64_t burst;

    Standing(const GcraPolicy& policy, GcraTime tat, GcraTime now) noexcept
        : grid(policy),
          here(grid.place(now)),
          arrival(grid.place(tat)),
          last_allowed(later(here, Wide{std::max<std::int64_t>(policy.burst, 1)} - 1)),
          burst(std::max<std::int64_t>(policy.burst, 1)) {
        if (arrival <= here) arrival = here;
        // So far ahead that the wait would be longer than a burst takes to come back: the clock has jumped back.
        if (!(arrival <= later(last_allowed, burst))) arrival = last_allowed;
    }

    [[nodiscard]] bool allowed() const noexcept { return arrival <= last_allowed; }
    [[nodiscard]] GcraTime allowed_at() const noexcept { return grid.time(later(arrival, 1 - Wide{burst})); }
};

}  // namespace

GcraDecision gcra(const GcraPolicy& policy, GcraTime tat, GcraTime now) noexcept {
    const Standing key(policy, tat, now);
    if (!key.allowed()) return {false, tat, 0, until(key.allowed_at(), now), until(tat, now)};

    const Place next = later(key.arrival, 1);
    const Wide remaining = key.here.interval + key.burst - next.interval - (next.offset > key.here.offset ? 1 : 0);
    const GcraTime next_tat = key.grid.time(next);
    return {true, next_tat, static_cast<std::int64_t>(std::max<Wide>(remaining, 0)), std::chrono::milliseconds(0),
            until(next_tat, now)};
}

GcraTime gcra_allowed_at(const GcraPolicy& policy, GcraTime tat, GcraTime now) noexcept {
    const Standing key(policy, tat, now);
    return key.allowed() ? now : key.allowed_at();
}

}  // namespace tollgate
