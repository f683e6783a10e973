#include "reconciliation/reconcile_first.hpp"

#include <utility>

#include "reconciliation/pair_facts.hpp"

namespace tollgate::reconciliation {

void add_to_sums(Tally& tally, const Movement& movement, bool lists_disputes) {
    if (movement.type == Type::dispute && !lists_disputes) return;
    Sum& sum = tally.sums[movement.entry.currency];
    std::int64_t& side = movement.side == Side::ours ? sum.internal : sum.gateway;
    side = capped_sum(side, movement.type == Type::capture ? movement.entry.amount : -movement.entry.amount);
}

Result<std::size_t> FirstPass::go_on(std::size_t most) {
    for (std::size_t done = 0; done < most; ++done) {
        const auto more = spool_.next(Spool::Sheet::day, next_);
        if (!more) return fail(more.error());
        if (!*more) {
            if (auto ended = end_reference(); !ended) return fail(ended.error());
            return done;
        }
        if (auto taken = take(next_); !taken) return fail(taken.error());
    }
    return most;
}

Result<void> FirstPass::take(Movement& movement) {
    const bool another = count_ == 0 || held_.front().reference != movement.reference;
    if (another) {
        if (auto ended = end_reference(); !ended) return ended;
    }
    const bool counts = movement.side == Side::ours || (movement.side == Side::theirs && moved(movement.entry));
    if (counts) add_to_sums(tally_, movement, lists_disputes_);
    if (too_many_) return spool_.add(Spool::Sheet::open, {&movement, 1});
    if (held_.size() == count_) held_.emplace_back();
    std::swap(held_[count_++], movement);
    if (count_ < held_most) return {};
    too_many_ = true;
    looks_.left_over = looks_.left_over || held_.front().side == Side::ours;
    return spool_.add(Spool::Sheet::open, std::span(held_).first(count_));
}

Result<void> FirstPass::end_reference() {
    const std::span held = std::span(held_).first(std::exchange(count_, 0));
    if (std::exchange(too_many_, false) || held.empty() || first_look(held, lists_disputes_, looks_)) return {};
    return spool_.add(Spool::Sheet::open, held);
}

}  // namespace tollgate::reconciliation
