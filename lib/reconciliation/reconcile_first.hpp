#pragma once

#include <vector>

#include "reconciliation/discrepancy.hpp"
#include "reconciliation/pair_judge.hpp"
#include "reconciliation/spool.hpp"

namespace tollgate::reconciliation {

/// Counts a movement of the day in the sums; beyond what a number holds a sum stays at its limit.
void add_to_sums(Tally& tally, const Movement& movement, bool lists_disputes);

/// The first look at each reference of the day, in their order: nearly all are settled by it, and the others go to
/// `Spool::Sheet::open`. For the spool's thread.
class FirstPass {
public:
    /// Of one reference so many are held; one with more is open.
    static constexpr std::size_t held_most = 1000;

    /// Both outlive it. Writes the sums of the tally, and nothing else.
    FirstPass(Spool& spool, Tally& tally, bool lists_disputes)
        : spool_(spool), tally_(tally), lists_disputes_(lists_disputes) {}

    /// Goes on by so many records; how many there were, fewer at the end.
    [[nodiscard]] Result<std::size_t> go_on(std::size_t most);

    [[nodiscard]] const FirstLooks& looks() const noexcept { return looks_; }

private:
    [[nodiscard]] Result<void> take(Movement& movement);
    [[nodiscard]] Result<void> end_reference();

    Spool& spool_;
    Tally& tally_;
    const bool lists_disputes_;
    FirstLooks looks_;
    std::vector<Movement> held_;  // the first `count_`; the others are places to be used again
    std::size_t count_ = 0;
    bool too_many_ = false;
    Movement next_;
};

}  // namespace tollgate::reconciliation
