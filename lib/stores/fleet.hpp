#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "async/runtime.hpp"
#include "core/error.hpp"
#include "resilience/breaker.hpp"
#include "resilience/gcra.hpp"

/// What the processes of a fleet tell each other beside charges: asked in the background, never on a charge's way. Only a
/// store that several processes share has it. Safe to call from any thread; completes on the caller's executor.
namespace tollgate {

/// What one process has to say of a breaker.
struct BreakerNews {
    enum class Kind : std::uint8_t {
        opened,        // the dependency failed here; nobody should call it for `open_for`
        closed,        // probes from here found it well
        wants_probes,  // its time is over and a call waits: may this process probe, for at most `open_for`?
    };
    std::string name;
    Kind kind = Kind::opened;
    Milliseconds open_for{0};
};

/// How a breaker stands in the fleet.
struct BreakerStanding {
    std::string name;
    std::uint64_t era = 0;  // rises with every change, so that old news is known as such
    bool open = false;
    Milliseconds left{0};      // open: until its time is over
    bool probes_here = false;  // the process that asked is the one that may probe; nobody else does meanwhile
};

/// Places of a pace that the fleet keeps together.
struct Places {
    Milliseconds first_in{0};  // from now on until the first of them
    std::int64_t count = 0;    // each `per / requests` after the one before
};

class FleetStore {
public:
    virtual ~FleetStore() = default;

    /// Tells what happened here and learns how all breakers that anybody told of stand. `process` is this process' own name.
    virtual Task<Result<std::vector<BreakerStanding>>> exchange(std::string process, std::vector<BreakerNews> news) = 0;

    /// Takes up to `count` places of the pace `name`, none of which lies more than `patience` ahead; none when there is no
    /// such place: `first_in` then tells how long until there is one.
    virtual Task<Result<Places>> take_places(std::string name, GcraPolicy policy, std::int64_t count,
                                             Milliseconds patience) = 0;
};

}  // namespace tollgate
