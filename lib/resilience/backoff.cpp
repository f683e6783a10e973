#include "resilience/backoff.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace tollgate {

using std::chrono::milliseconds;

milliseconds exponential(const Backoff& backoff, int retry) noexcept {
    const auto cap = std::max(backoff.max_delay, milliseconds(0));
    const double grown = static_cast<double>(backoff.base_delay.count()) * std::pow(backoff.multiplier, std::max(retry, 0));
    if (grown < 0) return milliseconds(0);
    // Asked this way round, infinity and NaN end at the cap too, and only what is small enough is converted.
    if (!(grown < static_cast<double>(cap.count()))) return cap;
    return milliseconds(static_cast<std::int64_t>(grown));
}

milliseconds full_jitter(const Backoff& backoff, int retry, Random& random) noexcept {
    const auto ceiling = static_cast<std::uint64_t>(exponential(backoff, retry).count());
    return milliseconds(static_cast<std::int64_t>(random.below(ceiling + 1)));
}

milliseconds linear(milliseconds step, int retry, milliseconds max) noexcept {
    if (step <= milliseconds(0) || max <= milliseconds(0)) return milliseconds(0);
    const auto times = std::int64_t{std::max(retry, 0)} + 1;
    return max / step < times ? max : step * times;
}

milliseconds look_up_delay(int retry, milliseconds max) noexcept {
    return exponential({.base_delay = milliseconds(1000), .max_delay = max, .multiplier = 2.0}, retry);
}

}  // namespace tollgate
