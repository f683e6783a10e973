#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

#include "async/runtime.hpp"
#include "core/error.hpp"
#include "core/time.hpp"
#include "stores/events.hpp"

/// The seam for whoever watches: how much of what is in the store is not done yet.
namespace tollgate {

struct Census {
    /// Charges that run are told apart by how long ago they were first asked for.
    static constexpr std::array<Milliseconds, 3> ages{std::chrono::minutes(1), std::chrono::minutes(10), std::chrono::hours(1)};

    std::array<std::int64_t, ages.size() + 1>
        processing{};  // each at least as old as the age before, and younger than the next
    std::int64_t requires_action = 0;
    std::int64_t authorized = 0;
    std::int64_t refunding = 0;  // succeeded, with a refund that is not made yet
    std::int64_t needs_attention = 0;

    struct Queue {
        std::int64_t waiting = 0;            // held or not; without those behind another event of their charge
        std::optional<WallTime> oldest_due;  // since when the one that waits longest is due; none: nothing is due

        friend bool operator==(const Queue&, const Queue&) = default;
    };
    Queue incoming;
    Queue outgoing;
    std::int64_t dead_letters = 0;

    friend bool operator==(const Census&, const Census&) = default;
};

class CensusStore {
public:
    virtual ~CensusStore() = default;

    /// Of all tenants. Cheap enough to be asked every few seconds: its cost follows from what is unfinished, never from what is
    /// kept. Ages go by the order in which charges arrived, and what is due by a short look, so both are as right as the
    /// clocks of those who wrote. Safe from any thread; completes on the caller's executor.
    virtual Task<Result<Census>> census(WallTime now) = 0;
};

}  // namespace tollgate
