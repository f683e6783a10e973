#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <mutex>
#include <thread>

#include "simulation/simulation.hpp"

using namespace tollgate::simulation;

namespace {

void print_faults(const char* title, const FaultSet& faults) {
    std::printf("%s", title);
    for (std::size_t i = 0; i < fault_count; ++i) {
        if (faults.test(i)) std::printf(" %s", std::string(name(static_cast<Fault>(i))).c_str());
    }
    std::printf("\n");
}

/// Switches one fault off after the other, and leaves off whatever the failure does not need.
FaultSet shrink(std::uint64_t seed) {
    FaultSet off;
    for (std::size_t i = 0; i < fault_count; ++i) {
        off.set(i);
        if (simulate({.seed = seed, .switched_off = off}).violations.empty()) off.reset(i);
    }
    return off;
}

void report(std::uint64_t seed, const Outcome& outcome) {
    std::printf("seed %" PRIu64 " of commit %s breaks the promise:\n", seed, TOLLGATE_COMMIT);
    for (const std::string& violation : outcome.violations) std::printf("  %s\n", violation.c_str());
    const FaultSet off = shrink(seed);
    print_faults("faults that it needs:", simulate({.seed = seed, .switched_off = off}).faults);
    std::printf("its history: tests/simulation/run --seed %" PRIu64 " --print", seed);
    for (std::size_t i = 0; i < fault_count; ++i) {
        if (off.test(i)) std::printf(" --without %s", std::string(name(static_cast<Fault>(i))).c_str());
    }
    std::printf("\n");
}

FaultSet named(const std::vector<std::string>& names) {
    FaultSet faults;
    for (std::size_t i = 0; i < fault_count; ++i) {
        if (std::ranges::find(names, name(static_cast<Fault>(i))) != names.end()) faults.set(i);
    }
    return faults;
}

int run_one(const Options& options) {
    const Outcome outcome = simulate(options);
    print_faults("faults:", outcome.faults);
    std::printf("seed %" PRIu64 ": %zu sagas, %zu crashes, %" PRIu64 " steps, history %016" PRIx64 "\n", options.seed,
                outcome.sagas, outcome.crashes, outcome.steps, outcome.history);
    for (const std::string& violation : outcome.violations) std::printf("  %s\n", violation.c_str());
    return outcome.violations.empty() ? 0 : 1;
}

struct Tally {
    std::atomic<std::uint64_t> next, sagas, crashes, broken;
    std::mutex printing;
};

void run_some(std::uint64_t end, Tally& tally) {
    for (std::uint64_t seed = tally.next++; seed < end && tally.broken < 3; seed = tally.next++) {
        const Outcome outcome = simulate({.seed = seed, .switched_off = {}});
        tally.sagas += outcome.sagas;
        tally.crashes += outcome.crashes;
        if (outcome.violations.empty()) continue;
        ++tally.broken;
        const std::lock_guard one_at_a_time(tally.printing);
        report(seed, outcome);
    }
}

int run_many(std::uint64_t first, std::uint64_t seeds, unsigned threads) {
    const auto begun = std::chrono::steady_clock::now();
    Tally tally{first, 0, 0, 0, {}};
    {
        std::vector<std::jthread> workers;
        for (unsigned i = 0; i < threads; ++i) workers.emplace_back([&] { run_some(first + seeds, tally); });
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    const std::uint64_t sagas = tally.sagas;
    std::printf("%" PRIu64 " seeds from %" PRIu64 ": %" PRIu64 " sagas, %" PRIu64 " processes died, %" PRIu64
                " broken; %.1f s on %u threads, %.0f sagas/s\n",
                seeds, first, sagas, tally.crashes.load(), tally.broken.load(), took.count(), threads,
                static_cast<double>(sagas) / took.count());
    return tally.broken == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("Runs the service's own code in a simulated world in which everything goes wrong, and checks the promise.");
    Options options;
    std::uint64_t seeds = 0;
    std::uint64_t first = 1;
    unsigned threads = 1;
    std::vector<std::string> without;
    auto* const one = app.add_option("--seed", options.seed, "run one seed and print the hash of its history");
    app.add_flag("--print", options.prints, "print the whole history of that seed")->needs(one);
    app.add_option("--without", without, "switch these faults off")->needs(one);
    app.add_option("--seeds", seeds, "run so many seeds")->excludes(one);
    app.add_option("--first", first, "from this one on");
    app.add_option("--threads", threads, "side by side")->check(CLI::Range(1, 64));
    CLI11_PARSE(app, argc, argv);
    options.switched_off = named(without);
    return seeds > 0 ? run_many(first, seeds, threads) : run_one(options);
}
