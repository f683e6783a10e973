#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "async/one_shot.hpp"
#include "simulation/faults.hpp"
#include "simulation/history.hpp"
#include "simulation/scheduler.hpp"
#include "stores/ports.hpp"
#include "support/memory_charges.hpp"

namespace tollgate::simulation {

/// One store for all processes, or that of a single one: its writes are carried out in the order they came, those that wait
/// together in one sync, and only then answered. What was not synced when it goes is lost.
///
/// The transitions are those of the model that tests/stores compares the real stores with.
class DurableStore {
public:
    DurableStore(Scheduler& scheduler, Faults& faults, History& history)
        : scheduler_(scheduler), faults_(faults), history_(history) {}

    /// What a process sees of it.
    [[nodiscard]] std::unique_ptr<ChargeStore> open(Process& process);

    /// Loses what is not synced, and is away for so long.
    void crash(Milliseconds away);
    /// A process that has the store for itself knows that all earlier owners are dead.
    void end_leases() { charges_.end_leases(); }

    [[nodiscard]] const test::MemoryCharges& charges() const noexcept { return charges_; }

    /// Told of every fence that a write was accepted under.
    bool ignores_fences = false;

private:
    friend class OpenedStore;

    /// A write; tells its caller how it went, unless the caller is not to know.
    using Write = std::function<std::function<void()>(test::MemoryCharges&)>;
    struct Waiting {
        Write write;
        std::function<void(PaymentError)> fail;
    };

    void submit(Write write, std::function<void(PaymentError)> fail);
    void sync();
    [[nodiscard]] Milliseconds a_moment() {
        return Milliseconds(static_cast<std::int64_t>(scheduler_.nature().runtime().random.below(5)));
    }

    Scheduler& scheduler_;
    Faults& faults_;
    History& history_;
    test::MemoryCharges charges_;
    std::vector<Waiting> waiting_;
    std::uint64_t life_ = 0;  // rises with every crash
    bool syncing_ = false;
    SteadyTime back_at_{};
};

}  // namespace tollgate::simulation
