#pragma once

#include <chrono>
#include <cstdint>

namespace tollgate {

/// So many requests per so long, and how many may come at once on top of a quiet spell.
struct GcraPolicy {
    std::int64_t requests;          // 1 or more
    std::chrono::milliseconds per;  // longer than zero
    std::int64_t burst;             // 1 or more: how many may come at the same instant

    friend bool operator==(const GcraPolicy&, const GcraPolicy&) = default;
};

/// Microseconds since the epoch of whichever clock the caller uses throughout.
using GcraTime = std::chrono::microseconds;

struct GcraDecision {
    bool allowed;
    GcraTime next_tat;                      // what to keep for the key; unchanged when refused
    std::int64_t remaining;                 // how many more would be allowed at this instant
    std::chrono::milliseconds retry_after;  // when refused: how long until one is allowed, rounded up
    std::chrono::milliseconds reset_after;  // until the whole burst is there again, rounded up
};

/// The generic cell rate algorithm (ITU-T I.371 annex A, virtual scheduling): one number a key, the theoretical arrival
/// time. `tat` is what was kept for the key, or 0 for one never seen. A clock that jumped back cannot lock a key out for
/// longer than its burst takes to come back.
/// All integer: per/requests need not be a whole number of microseconds, and the allowance is within two microseconds of the
/// exact one however long a key stays busy. More than one request a microsecond counts as one, and no `per` exceeds a century.
[[nodiscard]] GcraDecision gcra(const GcraPolicy& policy, GcraTime tat, GcraTime now) noexcept;

/// The first moment, `now` or later, at which `gcra` allows a request: for those who would rather wait than be refused.
[[nodiscard]] GcraTime gcra_allowed_at(const GcraPolicy& policy, GcraTime tat, GcraTime now) noexcept;

}  // namespace tollgate
