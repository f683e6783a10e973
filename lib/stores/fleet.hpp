#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "async/runtime.hpp"
#include "core/error.hpp"
#include "resilience/gcra.hpp"
#include "resilience/standing.hpp"

/// What the processes of a fleet tell each other beside charges: asked in the background, never on a charge's way. Only a
/// store that several processes share has it. Safe to call from any thread; completes on the caller's executor.
namespace tollgate {

/// Places of a pace that the fleet keeps together.
struct Places {
    std::chrono::microseconds first_in{0};  // from the moment the store was asked until the first of them
    std::int64_t count = 0;                 // each `per / requests` after the one before
};

class FleetStore {
public:
    virtual ~FleetStore() = default;

    /// Tells what happened here and learns how all breakers that anybody told of stand. `process` is this process' own name.
    /// News is heard when its `seen` is the era of the breaker, all at one instant; to probe is granted when the breaker's time
    /// and everybody else's right to probe are over.
    virtual Task<Result<std::vector<BreakerStanding>>> exchange(std::string process, std::vector<BreakerNews> news) = 0;

    /// Takes up to `count` places of the pace `name`, none of which lies more than `patience` (at most a minute) ahead; none
    /// when there is no such place: `first_in` then tells how long until there is one. No two places of a pace are closer than
    /// `per / requests`, whoever takes them: the policy's burst has no say here. Those not taken in time are gone.
    virtual Task<Result<Places>> take_places(std::string name, GcraPolicy policy, std::int64_t count,
                                             Milliseconds patience) = 0;
};

}  // namespace tollgate
