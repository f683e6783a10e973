#include <sstream>
#include <thread>

#include "torture/customers.hpp"
#include "torture/phases.hpp"
#include "torture/world.hpp"

namespace tollgate::test {

Outcome load(const Plan& plan) {
    Violations violations;
    World world(plan);
    world.start_all();
    Crowd crowd({.ports = world.ports(), .customers = plan.customers, .seed = plan.seed}, violations);
    std::this_thread::sleep_for(plan.longest);  // the load's length, nothing is waited for
    const auto purchases = crowd.stop(std::chrono::seconds(180));
    const Checked checked = check_after_restart(world, purchases, violations);
    for (const auto& one : world.instances) {
        if (const int code = one->stop(); code != 0)
            violations.add("after the load a process exited " + std::to_string(code) + ": " + one->logs().back());
    }
    for (const std::string& log : world.logs()) {
        if (log.find("Sanitizer") != log.npos || log.find("runtime error") != log.npos)
            violations.add("a sanitizer spoke: " + log);
    }
    std::ostringstream figures;
    figures << name(plan.store) << " load, seed " << plan.seed << ": " << plan.longest.count() << " s on " << plan.threads
            << " threads a process, " << checked.charges << " charges, " << crowd.twins() << " keys asked for twice at once, "
            << checked.replays << " replays checked, " << violations.count() << " violations";
    return {figures.str(), evidence(violations, outside_ledger(world.sandbox->port()), world.logs())};
}

}  // namespace tollgate::test
