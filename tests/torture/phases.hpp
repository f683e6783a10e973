#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "torture/invariants.hpp"

/// The ways of torture. Each prints its figures as it ends and gathers what it finds; each world and store is fresh.
namespace tollgate::test {

enum class Store : bool { sqlite, redis };

struct Plan {
    Store store = Store::sqlite;
    std::string binary;  // empty: the one that was built
    std::uint64_t seed = 1;
    int kills = 100;  // of the storm
    int customers = 12;
    int first = 1;                      // of system calls: the first that is hit
    int stride = 1;                     // and from there every n-th
    int threads = 2;                    // of the service
    std::chrono::seconds longest{600};  // then a phase ends early, with what it has
};

/// One phase's end: the figures as one line, and everything that speaks of a violation.
struct Outcome {
    std::string figures;
    std::string evidence;  // empty: the promise was kept
};

/// Customers, and SIGKILL at random moments: of the service (SQLite), of either of two, both, or Redis itself (Redis).
[[nodiscard]] Outcome storm(const Plan& plan);

/// SIGKILL at every system call that writes or sends, one life for each, over a fixed script of orders.
[[nodiscard]] Outcome every_call(const Plan& plan);

/// ENOSPC and EIO at every write and sync of SQLite (failures 26 and 27).
[[nodiscard]] Outcome failing_disk(const Plan& plan);

/// Customers and nothing else for so long as the plan allows: a program built with a sanitizer must have nothing to say.
[[nodiscard]] Outcome load(const Plan& plan);

}  // namespace tollgate::test
