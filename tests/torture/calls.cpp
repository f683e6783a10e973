#include <csignal>
#include <sstream>

#include "torture/series.hpp"

namespace tollgate::test {
namespace {

constexpr int killed = 128 + SIGKILL;

/// Kills one process after the other, each at a later call of the same name, and checks what the next one makes of it.
class Killer {
public:
    explicit Killer(const Plan& plan) : plan_(plan), end_(std::chrono::steady_clock::now() + plan.longest) {
        plan_.threads = 1;  // the calls of one thread are always the same
    }

    /// The kills.
    int series(const std::string& call, bool on_new_file) {
        const int kills = for_every_call(plan_, end_, violations_, [&](int n) {
            World world(plan_);
            Violations found;
            const bool hit = life(world, call, n, on_new_file, found);
            if (found.count() > 0) {
                violations_.add("killed at " + call + " " + std::to_string(n) + (on_new_file ? " on a new file" : ""));
                const std::lock_guard lock(mutex_);
                evidence_ += "killed at " + call + " " + std::to_string(n) + ":\n" +
                             evidence(found, outside_ledger(world.sandbox->port()), world.logs());
            }
            return hit;
        });
        kills_ += kills;
        return kills;
    }

    Outcome outcome(const std::string& by_call) const {
        std::ostringstream figures;
        figures << name(plan_.store) << " calls: " << kills_ << " kills (" << by_call << "), " << checked_.charges
                << " charges, " << checked_.replays << " replays checked, " << violations_.count() << " violations";
        return {figures.str(), evidence(violations_, {}, {}) + evidence_};
    }

private:
    /// Whether it was killed.
    bool life(World& world, const std::string& call, int n, bool on_new_file, Violations& found) {
        Instance& victim = *world.instances.front();
        auto purchases = purchases_of_script(call + "-" + std::to_string(n));
        if (world.redis) {
            world.instances.back()->start();
        } else if (!on_new_file) {
            victim.start();
            victim.stop();
        }
        const bool listens = victim.start_behind(injecting(call, "signal=KILL", std::to_string(n), "/dev/null"));
        if (on_new_file && listens) return false;
        if (listens) play(purchases, victim.port());
        const int code = victim.stop();
        if (code != killed && code != 0) found.add("it was not killed but exited " + std::to_string(code));

        if (world.redis) settle(purchases, world.instances.back()->port());  // by the one that lived on
        victim.start();
        settle(purchases, victim.port());
        const Checked checked = check_after_restart(world, purchases, found);
        const std::lock_guard lock(mutex_);
        checked_ += checked;
        return code == killed;
    }

    Plan plan_;
    std::chrono::steady_clock::time_point end_;
    Violations violations_;
    std::mutex mutex_;
    std::string evidence_;
    Checked checked_;
    int kills_ = 0;
};

}  // namespace

Outcome every_call(const Plan& plan) {
    // What a process of the service writes or sends with: SQLite's files, the sockets, the log and the wake-ups.
    const bool sqlite = plan.store == Store::sqlite;
    Killer killer(plan);
    std::ostringstream by_call;
    const auto hit = [&](const std::string& call, bool on_new_file) {
        const int kills = killer.series(call, on_new_file);
        if (kills == 0) return;
        by_call << (by_call.tellp() > 0 ? ", " : "") << kills << " at " << call << (on_new_file ? " on a new file" : "");
    };
    for (const std::string call : {"sendto", "sendmsg", "write"}) hit(call, false);
    if (sqlite) {
        for (const std::string call : {"pwrite64", "fdatasync", "fsync", "ftruncate", "unlink"}) {
            hit(call, true);
            hit(call, false);
        }
    }
    return killer.outcome(by_call.str());
}

}  // namespace tollgate::test
