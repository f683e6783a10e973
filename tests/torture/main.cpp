// Kills real processes of the service under load and at every system call that matters, and checks the promise against the
// world outside. See --help; 0 when the promise was kept, 1 with all evidence when it was not.
#include <CLI/CLI.hpp>
#include <iostream>
#include <map>

#include "torture/phases.hpp"

using namespace tollgate::test;

namespace {

using Phase = Outcome (*)(const Plan&);

bool run(const Plan& plan, Phase phase) {
    const Outcome outcome = phase(plan);
    std::cout << outcome.figures << std::endl;
    std::cerr << outcome.evidence;
    return outcome.evidence.empty();
}

}  // namespace

int main(int argc, char** argv) {
    const std::map<std::string, Phase> phases{{"storm", storm}, {"calls", every_call}, {"disk", failing_disk}, {"load", load}};
    const std::map<std::string, Store> stores{{"sqlite", Store::sqlite}, {"redis", Store::redis}};

    CLI::App app("Kills the service again and again and checks that every charge happened once or not at all.", "torture");
    Plan plan;
    std::string phase;
    std::string store;
    long seconds = plan.longest.count();
    app.add_option("--phase", phase,
                   "storm: random kills; calls: a kill at each system call; disk: failing writes; load: no kills")
        ->required()
        ->check(CLI::IsMember(phases));
    app.add_option("--store", store, "sqlite or redis (two processes)")->required()->check(CLI::IsMember(stores));
    app.add_option("--program", plan.binary, "the tollgate to torture; else the one built beside this program");
    app.add_option("--seed", plan.seed, "of what the customers buy and of the moments of the kills");
    app.add_option("--kills", plan.kills, "storm: ends after so many")->check(CLI::Range(1, 1'000'000));
    app.add_option("--customers", plan.customers, "storm, load: who buy at the same time")->check(CLI::Range(1, 48));
    app.add_option("--first", plan.first, "calls, disk: the first call that is hit")->check(CLI::Range(1, 5000));
    app.add_option("--stride", plan.stride, "calls, disk: from there every n-th is hit")->check(CLI::Range(1, 1000));
    app.add_option("--threads", plan.threads, "of the service")->check(CLI::Range(1, 16));
    app.add_option("--seconds-max", seconds, "a phase ends early after so long; load: its length")
        ->check(CLI::Range(1, 86'400));
    CLI11_PARSE(app, argc, argv);
    plan.longest = std::chrono::seconds(seconds);
    plan.store = stores.at(store);
    if (phase == "disk" && plan.store == Store::redis) {
        std::cerr << "torture: the disk phase is about SQLite's own files; choose --store sqlite\n";
        return 2;
    }
    try {
        return run(plan, phases.at(phase)) ? 0 : 1;
    } catch (const std::exception& error) {
        std::cerr << "torture: " << error.what() << '\n';
        return 1;
    }
}
