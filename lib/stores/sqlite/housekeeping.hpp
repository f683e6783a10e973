#pragma once

#include "stores/ports.hpp"
#include "stores/sqlite/database.hpp"

namespace tollgate::sqlite {

/// Clears what has outlived its time, a little at a time: bodies of kept answers, settled operations, limits that are whole
/// again, what was counted and is past its window, and events that were settled longer ago than they are kept. Time is the
/// latest the operations brought along; since a clock may step back, all but the answers and operations are kept for a minute
/// more.
class Housekeeping {
public:
    explicit Housekeeping(Database& database);

    void saw(WallTime now) noexcept { now_ = std::max(now_, now); }
    void saw(WallTime now, Milliseconds answer_ttl) noexcept {
        saw(now);
        if (answer_ttl > Milliseconds(0)) answer_ttl_ = answer_ttl;
    }

    /// How long events are kept; 0, as at first: for ever.
    void keep_events(Milliseconds retention) noexcept { event_retention_ = retention; }

    /// Whether a minute has gone by since everything was looked through, or a round is under way.
    [[nodiscard]] bool due() const noexcept { return under_way_ || now_ - swept_at_ >= std::chrono::minutes(1); }

    /// One bounded step, inside the transaction the caller has open.
    void step();

private:
    [[nodiscard]] bool clear_answers(Statement& statement);
    [[nodiscard]] bool clear_limits();
    [[nodiscard]] bool clear_velocities();
    [[nodiscard]] bool clear_events(EventQueue queue);

    WallTime now_{};
    WallTime swept_at_{};
    Milliseconds answer_ttl_{0};
    Milliseconds event_retention_{0};
    bool under_way_ = false;
    std::string limit_reached_;  // limits are walked by key, so that they need no index by time

    Statement clear_answers_;
    Statement clear_operations_;
    Statement walk_limits_;
    Statement clear_limits_;
    Statement clear_velocities_;
    Statement outlived_events_;
    Statement clear_event_;
    Statement clear_event_body_;
};

}  // namespace tollgate::sqlite
