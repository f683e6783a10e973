#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "service/config.hpp"
#include "simulation/instance.hpp"

namespace tollgate::simulation {

/// The processes of the service, and what befalls them. Alone, a process has the store for itself and takes it along when it
/// dies; several share one that lives on.
class Fleet {
public:
    Fleet(Scheduler& scheduler, Faults& faults, History& history, DurableStore& store, World& world, Pager& pager,
          ShopListener& shop);

    /// Lets the processes suffer, until the faults stop.
    Task<void> suffer();

    /// Any that runs; nothing when none does.
    [[nodiscard]] Instance* any();
    /// Wakes up whoever stands still, starts whoever is away, and sets the clocks.
    void heal();
    /// Ends all of them at once.
    void end();

    /// It has lasted long enough for every fault to have had its turn.
    [[nodiscard]] bool has_suffered() const noexcept { return scheduler_.now() > trouble_ends_; }

    [[nodiscard]] std::size_t crashes() const noexcept { return crashes_; }
    [[nodiscard]] const Settings& settings() const noexcept { return settings_; }

private:
    /// A place for a process: one after the other runs there.
    struct Place {
        std::unique_ptr<Instance> instance;
        Milliseconds clock_wrong_by{0};
        SteadyTime away_until{};
    };

    void start(Place& place);
    void kill(Place& place);
    Task<void> retry_by_hand();
    void afflict(Place& place);
    void stand_still(Place& place, Milliseconds how_long);
    void kill_for(Place& place, Milliseconds away);

    Scheduler& scheduler_;
    Faults& faults_;
    History& history_;
    DurableStore& store_;
    World& world_;
    Pager& pager_;
    ShopListener& shop_;
    Settings settings_;
    Milliseconds look_every_{500};
    std::vector<Place> places_;
    SteadyTime trouble_ends_{};
    std::size_t crashes_ = 0;
};

}  // namespace tollgate::simulation
