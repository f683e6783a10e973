#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "simulation/faults.hpp"

namespace tollgate::simulation {

struct Options {
    std::uint64_t seed = 1;
    FaultSet switched_off;
    bool prints = false;          // the history, as it happens
    bool ignores_fences = false;  // a store that is broken on purpose
};

/// What came of one seed.
struct Outcome {
    std::vector<std::string> violations;  // none: the promise was kept
    std::uint64_t history = 0;            // the same for the same seed
    std::size_t sagas = 0;                // begun
    std::size_t crashes = 0;
    std::uint64_t steps = 0;
    FaultSet faults;
};

/// Runs a shop, its clients and everything that may go wrong in their world until all is at rest, and looks whether the promise
/// was kept.
[[nodiscard]] Outcome simulate(const Options& options);

}  // namespace tollgate::simulation
