// That the simulation tells the same story twice, that the service keeps its promise in it, and that it would notice if it did
// not: each safeguard is taken out once.
#include "simulation/simulation.hpp"

#include <catch2/catch.hpp>

#include "core/mutant.hpp"

using namespace tollgate;
using namespace tollgate::simulation;

namespace {

constexpr std::uint64_t seeds_max = 5'000;

/// The first seed whose run breaks the promise; 0: none does.
std::uint64_t first_broken_seed(Options options = {}) {
    for (options.seed = 1; options.seed <= seeds_max; ++options.seed) {
        if (!simulate(options).violations.empty()) return options.seed;
    }
    return 0;
}

std::uint64_t first_broken_seed_without(Safeguard safeguard) {
    safeguard_removed = safeguard;
    return first_broken_seed();
}

}  // namespace

TEST_CASE("the same seed tells the same story") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const Outcome once = simulate({.seed = seed, .switched_off = {}});
        const Outcome again = simulate({.seed = seed, .switched_off = {}});
        CHECK(once.history == again.history);
        CHECK(once.steps == again.steps);
        CHECK(once.history != simulate({.seed = seed + 1000, .switched_off = {}}).history);
    }
}

TEST_CASE("whatever goes wrong, every charge is made once or not at all") {
    std::size_t sagas = 0;
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        INFO("seed " << seed);
        const Outcome outcome = simulate({.seed = seed, .switched_off = {}});
        sagas += outcome.sagas;
        for (const std::string& violation : outcome.violations) UNSCOPED_INFO(violation);
        CHECK(outcome.violations.empty());
    }
    CHECK(sagas > 3'000);
}

TEST_CASE("the checker notices when a fence no longer keeps an old owner out") {
    CHECK(first_broken_seed({.switched_off = {}, .ignores_fences = true}) > 0);
}

TEST_CASE("the checker notices when an intent is not durable before its call") {
    CHECK(first_broken_seed_without(Safeguard::durable_intent) > 0);
}

TEST_CASE("the checker notices when the keys of calls are drawn") {
    CHECK(first_broken_seed_without(Safeguard::derived_key) > 0);
}

TEST_CASE("the checker notices when a key that is known runs again") {
    CHECK(first_broken_seed_without(Safeguard::deduplication) > 0);
}

TEST_CASE("the checker notices when undoing does not go backwards") {
    CHECK(first_broken_seed_without(Safeguard::reverse_order) > 0);
}

TEST_CASE("the checker notices when unknown outcomes are not looked up") {
    CHECK(first_broken_seed_without(Safeguard::look_up) > 0);
}
