#pragma once

#include "stores/ports.hpp"
#include "stores/sqlite/database.hpp"

namespace tollgate::sqlite {

/// Clears what has outlived its time, a little at a time: bodies of kept answers, limits that are whole again, and events
/// that are past their window. Time is the latest the operations brought along; since a clock may step back, limits and
/// events are kept for a minute more.
class Housekeeping {
public:
    explicit Housekeeping(Database& database);

    void saw(WallTime now) noexcept { now_ = std::max(now_, now); }
    void saw(WallTime now, Milliseconds answer_ttl) noexcept {
        saw(now);
        if (answer_ttl > Milliseconds(0)) answer_ttl_ = answer_ttl;
    }

    /// Whether a minute has gone by since everything was looked through, or a round is under way.
    [[nodiscard]] bool due() const noexcept { return under_way_ || now_ - swept_at_ >= std::chrono::minutes(1); }

    /// One bounded step, inside the transaction the caller has open.
    void step();

private:
    [[nodiscard]] bool clear_answers();
    [[nodiscard]] bool clear_limits();
    [[nodiscard]] bool clear_events();

    WallTime now_{};
    WallTime swept_at_{};
    Milliseconds answer_ttl_{0};
    bool under_way_ = false;
    std::string limit_reached_;  // limits are walked by key, so that they need no index by time

    Statement clear_answers_;
    Statement walk_limits_;
    Statement clear_limits_;
    Statement clear_events_;
};

}  // namespace tollgate::sqlite
