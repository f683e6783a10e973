#pragma once

#include <expected>
#include <mutex>

#include "core/time.hpp"
#include "resilience/gcra.hpp"

namespace tollgate {

/// A pace that all threads keep together towards one dependency. Places are given out first come, first served, and a place
/// may lie in the future: so nobody asks twice, and nobody is overtaken for ever. Thread safe.
class OutboundLimit {
public:
    explicit OutboundLimit(GcraPolicy policy) noexcept : policy_(policy) {}

    /// The moment to go, `now` or later; or, when that would be after `latest`, how long until there is a place, and none is
    /// used up.
    [[nodiscard]] std::expected<SteadyTime, Milliseconds> reserve(SteadyTime now, SteadyTime latest);

private:
    const GcraPolicy policy_;
    std::mutex mutex_;
    GcraTime arrival_{0};
    GcraTime last_place_{0};  // the next place is never before it, however many wait
};

}  // namespace tollgate
