#pragma once

#include <functional>
#include <optional>
#include <string>

#include "core/pager.hpp"
#include "reconciliation/discrepancy.hpp"
#include "stores/reconciliation.hpp"

namespace tollgate::reconciliation {

/// Calls somebody about what no machine may mend: money that the gateway does not know (paged as `missing_gateway`), or has
/// moved once more (paged as `echo_mismatch`: it did something else than it was asked).
///
/// Once for each discrepancy, however often its day is compared: a page that was taken is noted. A process that dies between
/// the two pages again, under the same key. Of more than `pages_max` in one run the rest is paged together, and the day is
/// paged no more.
class Alarm {
public:
    static constexpr std::size_t pages_max = 100;

    /// Tells the page, with a key that is the same whenever it is told; false: nobody took it.
    using Deliver = std::function<Task<bool>(Page page, std::string key)>;

    enum class Notes : std::uint8_t {
        write,
        only_read,  // beside a serving process: what that has paged is not paged again
    };

    /// For one run of one day; borrows the store.
    Alarm(ReconciliationStore& store, Deliver deliver, std::chrono::sys_days day, Notes notes)
        : store_(store), deliver_(std::move(deliver)), day_(day), notes_(notes) {}

    [[nodiscard]] static bool is_for(const Discrepancy& found) noexcept {
        return found.kind == Kind::missing_gateway || found.kind == Kind::duplicate_at_gateway;
    }

    /// Its action is `page` when somebody was called for it; true when that was now. Once nobody takes a page, no more are
    /// tried in this run.
    Task<Result<bool>> call(Discrepancy& found);

    /// Somebody should have been called and was not: the run is to be done again.
    [[nodiscard]] bool unheard() const noexcept { return unheard_; }

private:
    Task<Result<bool>> was_told(std::string key, std::string rest);

    ReconciliationStore& store_;
    const Deliver deliver_;
    const std::chrono::sys_days day_;
    const Notes notes_;
    std::size_t told_ = 0;
    std::optional<bool> rest_told_;  // none: not looked up yet
    bool unheard_ = false;
};

/// What was done about a discrepancy is noted, and paged, under this name.
[[nodiscard]] std::string action_name(std::string_view action, const Discrepancy& found);

}  // namespace tollgate::reconciliation
