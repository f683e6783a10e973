#include <fstream>
#include <sstream>

#include "torture/series.hpp"

namespace tollgate::test {
namespace {

using namespace std::chrono_literals;

constexpr int ended_by_disk = 70;  // what a process exits with that cannot know what the disk holds

/// One way in which the disk fails.
struct Failing {
    std::string call;
    std::string error;
    bool for_good = false;  // from the n-th call on; else that one alone
    bool ends_process = false;
};

const std::vector<Failing> ways{
    {.call = "pwrite64", .error = "ENOSPC", .for_good = true},
    {.call = "pwrite64", .error = "EIO"},
    {.call = "fdatasync", .error = "EIO", .ends_process = true},
};

bool was_injected(const std::string& trace) {
    std::ostringstream all;
    all << std::ifstream(trace).rdbuf();
    return all.str().find("(INJECTED)") != std::string::npos;
}

bool answers(unsigned short port, const std::string& path, int status) {
    const auto reply = request(port, {.path = path});
    return reply && reply->status == status;
}

class FailingLife {
public:
    FailingLife(const Plan& plan, const Failing& way, int n)
        : world(plan, {{"TOLLGATE_SAGA_LEASE", "500ms"}, {"TOLLGATE_SERVER_CHARGE_TIMEOUT", "1s"}}),
          way_(way),
          n_(n),
          victim_(*world.instances.front()),
          purchases_(purchases_of_script(way.call + "-" + way.error + "-" + std::to_string(n))) {}

    /// Whether the disk failed at all.
    bool run() {
        victim_.start();
        earlier_ = {make_purchase("earlier", script().front())};
        settle(earlier_, victim_.port());
        victim_.stop();

        const std::string trace = world.folder.path() + "/trace";
        const std::string when = std::to_string(n_) + (way_.for_good ? "+" : "");
        const bool listens = victim_.start_behind(injecting(way_.call, "error=" + way_.error, when, trace));
        if (listens) play(purchases_, victim_.port());
        if (listens && !way_.ends_process) look_at_living();
        end(listens, trace);

        victim_.start();
        settle(purchases_, victim_.port());
        purchases_.push_back(earlier_.front());
        checked = check_after_restart(world, purchases_, found);
        return injected_;
    }

    World world;
    Violations found;
    Checked checked;

private:
    /// What cannot be written is refused, and the rest goes on.
    void look_at_living() {
        const unsigned short port = victim_.port();
        const std::string id = earlier_.front().answer->text("id");
        if (!answers(port, "/health/live", 200)) found.add("it does not live on");
        if (!answers(port, "/charge/" + id, 200)) found.add("reads do not go on");
        bool refused = false;
        for (const Purchase& purchase : purchases_) {
            for (const std::string& line : purchase.heard) refused = refused || line.find("store_unavailable") != line.npos;
        }
        if (refused && way_.for_good && !wait_for([&] { return answers(port, "/health/ready", 503); }))
            found.add("charges are refused and yet it stays ready");
        if (way_.for_good) return;
        if (!wait_for([&] { return answers(port, "/health/ready", 200); }))
            found.add("one failed write keeps it from being ready");
        settle(purchases_, port);
    }

    void end(bool listens, const std::string& trace) {
        const bool leaves_by_itself = way_.ends_process || !listens;
        if (!leaves_by_itself) victim_.kill_hard();
        const int code = leaves_by_itself ? victim_.stop() : 0;
        injected_ = was_injected(trace);
        if (!injected_) return;
        const std::string said = victim_.logs().back();
        if (way_.ends_process && listens && (code != ended_by_disk || said.find("did not confirm") == said.npos))
            found.add("after a failed sync it exited " + std::to_string(code));
        if (!listens && code != 1 && code != ended_by_disk) found.add("its refused start exited " + std::to_string(code));
    }

    const Failing& way_;
    int n_;
    Instance& victim_;
    std::vector<Purchase> purchases_;
    std::vector<Purchase> earlier_;
    bool injected_ = false;
};

}  // namespace

Outcome failing_disk(const Plan& asked) {
    Plan plan = asked;
    plan.threads = 1;
    const auto end = std::chrono::steady_clock::now() + plan.longest;
    Violations violations;
    Checked checked;
    std::mutex mutex;
    std::string all_evidence;
    std::ostringstream figures;
    figures << "sqlite disk: ";
    for (const Failing& way : ways) {
        const int hit = for_every_call(plan, end, violations, [&](int n) {
            FailingLife life(plan, way, n);
            const bool injected = life.run();
            const std::lock_guard lock(mutex);
            checked += life.checked;
            if (life.found.count() > 0) {
                const std::string where = way.error + " at " + way.call + " " + std::to_string(n);
                violations.add(where);
                all_evidence +=
                    where + ":\n" + evidence(life.found, outside_ledger(life.world.sandbox->port()), life.world.logs());
            }
            return injected;
        });
        figures << hit << " lives with " << way.error << " at " << way.call << (way.for_good ? " and after it" : "") << ", ";
    }
    figures << checked.charges << " charges, " << checked.replays << " replays checked, " << violations.count()
            << " violations";
    return {figures.str(), evidence(violations, {}, {}) + all_evidence};
}

}  // namespace tollgate::test
