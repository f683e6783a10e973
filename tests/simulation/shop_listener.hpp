#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gateway/exchange.hpp"
#include "simulation/faults.hpp"
#include "simulation/history.hpp"
#include "simulation/scheduler.hpp"

namespace tollgate::simulation {

/// The shop at `notify.url`: away, slow or deaf as the faults say.
class ShopListener {
public:
    ShopListener(Scheduler& scheduler, Faults& faults, History& history)
        : scheduler_(scheduler), faults_(faults), history_(history) {}

    /// A process' way to it.
    [[nodiscard]] std::unique_ptr<Exchange> exchange(Process& process);

    /// The ids of the events that came, each the first time, in their order.
    [[nodiscard]] const std::vector<std::string>& heard() const noexcept { return heard_; }

private:
    friend class ShopExchange;

    Scheduler& scheduler_;
    Faults& faults_;
    History& history_;
    std::vector<std::string> heard_;
};

}  // namespace tollgate::simulation
