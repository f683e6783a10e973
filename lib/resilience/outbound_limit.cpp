#include "resilience/outbound_limit.hpp"

#include <algorithm>

namespace tollgate {

std::expected<SteadyTime, Milliseconds> OutboundLimit::reserve(SteadyTime now, SteadyTime latest) {
    const auto asked = std::chrono::ceil<GcraTime>(now.time_since_epoch());
    const std::lock_guard lock(mutex_);
    const GcraTime place = gcra_allowed_at(policy_, arrival_, std::max(asked, last_place_));
    const SteadyTime start = place > asked ? SteadyTime(place) : now;
    if (start > latest) return std::unexpected(std::chrono::ceil<Milliseconds>(start - now));
    arrival_ = gcra(policy_, arrival_, place).next_tat;
    last_place_ = place;
    return start;
}

}  // namespace tollgate
