#pragma once

#include <functional>
#include <memory>
#include <set>
#include <vector>

#include "async/one_shot.hpp"
#include "simulation/faults.hpp"
#include "simulation/history.hpp"
#include "simulation/scheduler.hpp"
#include "simulation/truth.hpp"

namespace tollgate::simulation {

/// One store for all processes, or that of a single one: its writes are carried out in the order they came, those that wait
/// together in one sync, and only then answered. What was not synced when it goes is lost.
class DurableStore {
public:
    DurableStore(Scheduler& scheduler, Faults& faults, History& history, std::unique_ptr<Truth> truth)
        : scheduler_(scheduler), faults_(faults), history_(history), truth_(std::move(truth)) {}

    /// What a process sees of it.
    [[nodiscard]] std::unique_ptr<ChargeStore> open(Process& process);
    [[nodiscard]] std::unique_ptr<EventStore> open_events(Process& process);

    /// Loses what is not synced, and is away for so long.
    void crash(Milliseconds away);
    /// A process that has the store for itself knows that all earlier owners are dead.
    void end_leases() { truth_->end_leases(); }

    /// A store that is broken on purpose.
    bool ignores_fences = false;

    // What it holds, for the checker.
    [[nodiscard]] std::optional<ChargeRow> row(const std::string& id) const { return truth_->find(id).value(); }
    [[nodiscard]] std::vector<ChargeRow> rows() const;
    [[nodiscard]] std::vector<LedgerEntry> ledger(const std::string& id) const { return truth_->ledger(id).value(); }
    /// Every new owner, in order: id and fence.
    [[nodiscard]] const std::vector<std::pair<std::string, std::uint64_t>>& owners() const noexcept { return owners_; }
    [[nodiscard]] std::optional<StoredEvent> event(const std::string& id) const { return truth_->find_event(id).value(); }
    /// Every event that was accepted, and every one that was written with a step: in this order.
    [[nodiscard]] const std::vector<std::string>& incoming() const noexcept { return incoming_; }
    [[nodiscard]] const std::vector<std::string>& outgoing() const noexcept { return outgoing_; }
    /// How many sagas were begun.
    [[nodiscard]] std::size_t begun() const noexcept { return begun_; }

private:
    friend class OpenedStore;
    friend class OpenedEvents;

    /// A write; tells its caller how it went, unless the caller is not to know.
    using Write = std::function<std::function<void()>()>;
    struct Waiting {
        Write write;
        std::function<void(PaymentError)> fail;
    };

    void submit(Write write, std::function<void(PaymentError)> fail);
    /// Has it carried out for a process, which hears of it unless the store is slow to tell.
    template <class T, class Work>
    Task<Result<T>> ask(Process& process, Work work);
    void sync();
    void carry_out(std::vector<Waiting> together);
    void note_owner(const ChargeRow& row);
    Result<Taken> noted(Result<Taken> taken);
    [[nodiscard]] Milliseconds a_moment() {
        return Milliseconds(static_cast<std::int64_t>(scheduler_.nature().runtime().random.below(5)));
    }

    Scheduler& scheduler_;
    Faults& faults_;
    History& history_;
    std::unique_ptr<Truth> truth_;
    std::vector<std::pair<std::string, std::uint64_t>> owners_;
    std::set<std::string> known_;
    std::vector<std::string> incoming_, outgoing_;
    std::size_t begun_ = 0;
    std::vector<Waiting> waiting_;
    std::uint64_t life_ = 0;  // rises with every crash
    bool syncing_ = false;
    SteadyTime back_at_{};
};

}  // namespace tollgate::simulation
