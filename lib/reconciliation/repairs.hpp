#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "reconciliation/discrepancy.hpp"
#include "stores/events.hpp"
#include "stores/reconciliation.hpp"

namespace tollgate::reconciliation {

/// Tells charges of ours what the gateway did without our knowing (missing_internal), so that the ledger learns it:
///
///   - a charge that is not finished is looked up at the gateway, at once
///   - a webhook in the archive that tells of it is replayed
///   - without one, or when that did not help, it is adopted: an event with the source "reconciliation" tells of it as a
///   webhook
///     would have. What the charge makes of it is decided where that of any webhook is (payments/hear), and what does not fit
///     becomes a dead letter and a page
///
/// Each of these is noted once it is done, and harmless when it is done twice. What is none of ours is left alone.
class Repairs {
public:
    static constexpr std::size_t repairs_max = 1'000;  // a run, not counting what was done before; the rest waits for the next
    static constexpr std::size_t searches_max = 16;    // of the archive, one for each time that `repair` is called

    struct Ways {
        ReconciliationStore& notes;
        EventStore& events;
        /// Looks an unfinished charge up at the gateway and lets it go on; false: it has nothing to look up.
        std::function<Task<Result<bool>>(std::string charge_id)> look_up;
        /// Fails when nothing more is to be done.
        std::function<Result<void>()> may_go_on;
        /// Writes down what is done ("lookup", "replay", "adopt") before it is.
        std::function<void(const Discrepancy&, std::string_view action)> write_down;
    };

    Repairs(const Runtime& runtime, Ways ways, std::chrono::sys_days day)
        : runtime_(runtime), ways_(std::move(ways)), day_(day) {}

    [[nodiscard]] static bool is_for(const Discrepancy& found) noexcept {
        return found.kind == Kind::missing_internal && found.action == Action::left;
    }

    /// Those that it is for; writes what was done into their actions.
    Task<Result<void>> repair(std::vector<Discrepancy*> found);

    /// How often something was done now, and not before: the day is to be compared again.
    [[nodiscard]] std::size_t repairs() const noexcept { return repairs_; }

private:
    struct Archived {
        std::string id;
        StoredEvent::State state = StoredEvent::State::waiting;
    };
    using Archive = std::multimap<std::string, Archived>;  // by what they tell of

    Task<Result<Archive>> search(const std::vector<Discrepancy*>& found);
    Task<Result<void>> repair_one(Discrepancy& found, const Archive& archive);
    Task<Result<void>> look_up(const Discrepancy& found);
    Task<Result<bool>> replay(Discrepancy& found, const Archive& archive);
    Task<Result<void>> adopt(Discrepancy& found);
    Task<Result<bool>> first_time(const Discrepancy& found, std::string_view action);
    Task<Result<void>> note(const Discrepancy& found, std::string_view action);

    const Runtime& runtime_;
    const Ways ways_;
    const std::chrono::sys_days day_;
    std::size_t searches_ = 0;
    std::size_t repairs_ = 0;
};

}  // namespace tollgate::reconciliation
