#include <csignal>
#include <random>
#include <sstream>
#include <thread>

#include "torture/customers.hpp"
#include "torture/phases.hpp"
#include "torture/world.hpp"

namespace tollgate::test {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr int killed = 128 + SIGKILL;
constexpr auto patience = 180s;  // for the last charges to settle, on a machine that does much else

struct Kills {
    std::atomic<int> serving{0};
    std::atomic<int> starting{0};
    std::atomic<int> both{0};  // of these, together with the other one
    std::atomic<int> redis{0};
    std::atomic<int> refused_starts{0};  // while Redis was away

    [[nodiscard]] int all() const { return serving + starting + redis; }
};

/// A quarter dies while it starts, most soon after, some live long enough to get something done.
milliseconds draw_span(std::mt19937_64& chance) {
    const auto kind = chance() % 100;
    if (kind < 25) return milliseconds(chance() % 80);
    if (kind < 80) return milliseconds(80 + chance() % 500);
    return milliseconds(600 + chance() % 1900);
}

class Storm {
public:
    Storm(const Plan& plan, World& world, Violations& violations) : plan_(plan), world_(world), violations_(violations) {}

    void rage() {
        const auto begin = std::chrono::steady_clock::now();
        end_ = begin + plan_.longest;
        std::vector<std::thread> reapers;
        for (std::size_t i = 0; i < world_.instances.size(); ++i) reapers.emplace_back([this, i] { reap(i); });
        if (world_.redis) reap_redis();
        for (std::thread& one : reapers) one.join();
        seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    }

    [[nodiscard]] const Kills& kills() const { return kills_; }
    [[nodiscard]] double seconds() const { return seconds_; }

private:
    [[nodiscard]] bool goes_on() const {
        return kills_.all() < plan_.kills && violations_.count() == 0 && std::chrono::steady_clock::now() < end_;
    }

    void reap(std::size_t number) {
        std::mt19937_64 chance(plan_.seed * 7919 + number);
        Instance& instance = *world_.instances[number];
        while (goes_on()) {
            const bool together = world_.instances.size() > 1 && chance() % 8 == 0;
            const int redis_life = redis_life_;
            const auto death = instance.live(draw_span(chance), [&] {
                if (together) world_.instances[1 - number]->kill_now();
            });
            if (death.code == killed) {
                ++(death.listened ? kills_.serving : kills_.starting);
                if (together) ++kills_.both;
            } else if (!death.listened && (redis_life % 2 == 1 || redis_life_ != redis_life)) {
                ++kills_.refused_starts;
            } else {
                violations_.add("a process ended by itself with " + std::to_string(death.code) + ": " + instance.logs().back());
            }
        }
    }

    void reap_redis() {
        std::mt19937_64 chance(plan_.seed * 7919 + 100);
        while (goes_on()) {
            std::this_thread::sleep_for(milliseconds(300 + chance() % 2200));  // its life
            redis_life_ += 1;
            world_.redis->kill_hard();
            world_.redis->restart();
            redis_life_ += 1;
            ++kills_.redis;
        }
    }

    const Plan& plan_;
    World& world_;
    Violations& violations_;
    Kills kills_;
    std::atomic<int> redis_life_{0};  // odd: it is away
    std::chrono::steady_clock::time_point end_;
    double seconds_ = 0;
};

}  // namespace

Outcome storm(const Plan& plan) {
    Violations violations;
    World world(plan);
    Crowd crowd({.ports = world.ports(), .customers = plan.customers, .seed = plan.seed}, violations);
    Storm raging(plan, world, violations);
    raging.rage();
    world.start_all();
    const auto purchases = crowd.stop(violations.count() == 0 ? patience : 20s);
    const Kills& kills = raging.kills();
    const Checked checked = check_after_restart(world, purchases, violations, kills.redis > 0);

    std::ostringstream figures;
    figures << name(plan.store) << " storm, seed " << plan.seed << ": " << kills.all() << " kills (" << kills.serving
            << " of a serving process, " << kills.starting << " of a starting one";
    if (world.redis) {
        figures << ", " << kills.redis << " of redis-server; " << kills.both << " took the other process along; "
                << kills.refused_starts << " starts refused while Redis was away";
    }
    figures << "), " << checked.charges << " charges, " << crowd.asked_again() << " tries asked again, " << crowd.twins()
            << " keys asked for twice at once, " << crowd.refused() << " other bodies refused, " << checked.undone_attempts
            << " attempts undone and begun afresh, " << checked.replays << " replays checked, " << violations.count()
            << " violations, " << static_cast<int>(raging.seconds()) << " s of killing";
    return {figures.str(), evidence(violations, outside_ledger(world.sandbox->port()), world.logs())};
}

}  // namespace tollgate::test
