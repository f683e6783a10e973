#pragma once

#include <cstdint>
#include <string>

#include "core/time.hpp"

/// What processes that share their breakers say of one, and hear of it.
namespace tollgate {

/// What one process has to say of a breaker.
struct BreakerNews {
    enum class Kind : std::uint8_t {
        opened,        // the dependency failed here; nobody should call it for `lasts`
        closed,        // probes from here found it well
        wants_probes,  // its time is over and a call waits, or a probe is under way: may this process probe, for `lasts`?
    };
    std::string name;
    Kind kind = Kind::opened;
    Milliseconds lasts{0};
    std::uint64_t seen = 0;  // the era of what this process knows: news that rests on older knowledge is not heard
};

/// How a breaker stands in the fleet. Of one that nobody has told of: as made here.
struct BreakerStanding {
    enum class State : std::uint8_t {
        closed,
        open,              // `left`: until its time is over
        probes_here,       // this process may probe, for so long
        probes_elsewhere,  // another one may, for so long; nobody else does meanwhile
    };
    std::string name;
    std::uint64_t era = 0;  // another one with every change; never 0 once somebody told of it
    State state = State::closed;
    Milliseconds left{0};
};

}  // namespace tollgate
