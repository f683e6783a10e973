#pragma once

#include <string>

#include "simulation/fleet.hpp"

namespace tollgate::simulation {

/// Brings the gateway's webhooks to whichever process runs, until one takes them.
class Post {
public:
    Post(Scheduler& scheduler, Faults& faults, History& history, Fleet& fleet)
        : scheduler_(scheduler), faults_(faults), history_(history), fleet_(fleet) {}

    /// Signs it at each try, and sends it until it is answered 200.
    void bring(std::string webhook);

    /// Webhooks that were not taken yet.
    [[nodiscard]] std::size_t on_the_way() const noexcept { return on_the_way_; }

private:
    Task<void> carry(std::string webhook);

    Scheduler& scheduler_;
    Faults& faults_;
    History& history_;
    Fleet& fleet_;
    std::size_t on_the_way_ = 0;
};

}  // namespace tollgate::simulation
