#include <algorithm>

#include "reconciliation/pair_judge.hpp"

namespace tollgate::reconciliation {
namespace {

bool same_money(const Entry& a, const Entry& b) noexcept {
    return a.amount == b.amount && a.currency == b.currency;
}

/// Nearly every reference: as many of theirs as of ours, each with its id. They are in the same order then.
bool all_alike(std::span<const Movement> ours, std::span<const Movement> theirs, const Facts& facts) noexcept {
    return std::ranges::equal(ours, theirs, [&](const Movement& a, const Movement& b) {
        return a.type == b.type && a.entry.id == b.entry.id && same_money(a.entry, b.entry) && facts.explain(a.type, b.entry);
    });
}

std::size_t place(Type type) noexcept {
    return static_cast<std::size_t>(type);
}

Movements all_of(std::span<const Movement> movements) {
    Movements all;
    for (const Movement& one : movements) all.push_back(&one);
    return all;
}

}  // namespace

bool FirstLooks::asks_neighbours() const noexcept {
    bool asks = left_over;
    for (std::size_t type = 0; type < types; ++type) asks = asks || (loose[type] && !naming.own_ids(static_cast<Type>(type)));
    return asks;
}

bool first_look(std::span<const Movement> movements, bool lists_disputes, FirstLooks& looks) {
    const auto theirs_from = std::ranges::find_if(movements, [](const Movement& one) { return one.side != Side::ours; });
    const auto elsewhere_from = std::ranges::find(theirs_from, movements.end(), Side::elsewhere, &Movement::side);
    const std::span ours(movements.begin(), theirs_from);
    const std::span theirs(theirs_from, elsewhere_from);
    Facts facts;
    for (const Movement& one : ours) facts.add(one.type, one.entry.currency, one.entry.amount);
    if (all_alike(ours, theirs, facts)) {
        for (const Movement& one : ours) ++looks.naming.by_id[place(one.type)];
        looks.matched += ours.size();
        return true;
    }

    Pairing pairing(all_of(ours), all_of(theirs));
    pairing.by_id();
    pairing.by_money_and_type({});
    bool settled = pairing.theirs.empty() && pairing.again.empty();
    for (const Pair& pair : pairing.pairs) {
        const Type type = pair.ours->type;
        settled = settled && same_money(pair.ours->entry, pair.theirs->entry) && facts.explain(type, pair.theirs->entry);
        if (pair.by != Pair::By::id && !looks.naming.own_ids(type)) {
            settled = false;
            looks.loose[place(type)] = true;
        }
        looks.left_over = looks.left_over || pair.by == Pair::By::type;
        looks.naming.note(pair);
    }
    for (const Movement* one : pairing.ours) {
        const bool counts = one->type != Type::dispute || lists_disputes;
        settled = settled && !counts;
        looks.left_over = looks.left_over || counts;
    }
    if (settled) looks.matched += pairing.pairs.size();
    return settled;
}

}  // namespace tollgate::reconciliation
