#include "reconciliation/pair_judge.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace tollgate::reconciliation {
namespace {

Movements all_of(const std::vector<Movement>& movements) {
    Movements all;
    all.reserve(movements.size());
    for (const Movement& one : movements) all.push_back(&one);
    return all;
}

auto id_of(const Movement& movement) noexcept {
    return std::tuple(movement.type, std::string_view(movement.entry.id));
}

auto money_of(const Movement& movement) noexcept {
    return std::tuple(movement.type, std::string_view(movement.entry.currency), movement.entry.amount);
}

std::chrono::sys_days day_of(const LedgerEntry& entry) noexcept {
    return std::chrono::floor<std::chrono::days>(entry.moved_at.value_or(WallTime()));
}

/// Whether one of these, sorted by type and id, has the type and id of the other.
bool has(std::span<const Movement> sorted, const Movement& other) noexcept {
    return std::ranges::binary_search(sorted, id_of(other), {}, id_of);
}

}  // namespace

Judge::Judge(std::string reference, Known known, const Rules& rules, Verdict& verdict)
    : reference_(std::move(reference)), known_(std::move(known)), rules_(rules), verdict_(verdict) {
    booked_.add(known_.ledger);
}

void Judge::add(Movement movement) {
    if (movement.side == Side::ours) {
        ours_.push_back(std::move(movement));
    } else if (movement.side == Side::theirs) {
        add_theirs(std::move(movement));
    } else {
        add_elsewhere(std::move(movement));
    }
}

void Judge::prepare() {
    if (std::exchange(prepared_, true)) return;
    for (const LedgerEntry& entry : known_.ledger) {
        const auto type = type_from(entry.type);
        if (!type || std::ranges::binary_search(ours_, std::tuple(*type, std::string_view(entry.gateway_id)), {}, id_of))
            continue;
        others_.push_back({.entry = &entry, .type = *type});
    }
    std::ranges::sort(others_, {},
                      [](const Other& one) { return std::tuple(one.type, std::string_view(one.entry->gateway_id)); });
    for (Other& other : others_) {
        const auto apart = day_of(*other.entry) - rules_.day;
        const bool near = apart >= -std::chrono::days(1) && apart <= std::chrono::days(1);
        // Where it does not show, a second capture is paged rather than explained away, and a refund not told a second time.
        const bool may_be_named_otherwise =
            other.type == Type::capture ? rules_.naming.own_ids(other.type) : !rules_.naming.our_ids(other.type);
        if (!near || !may_be_named_otherwise) continue;
        others_by_money_[{other.type, other.entry->currency, other.entry->amount}].push_back(&other);
    }
}

Judge::Other* Judge::other_by_id(const Movement& movement) noexcept {
    const auto place = [](const Other& one) { return std::tuple(one.type, std::string_view(one.entry->gateway_id)); };
    const auto found = std::ranges::lower_bound(others_, id_of(movement), {}, place);
    return found == others_.end() || place(*found) != id_of(movement) ? nullptr : &*found;
}

Judge::Other* Judge::other_by_money(const Movement& movement) noexcept {
    const auto same = others_by_money_.find(money_of(movement));
    if (same == others_by_money_.end()) return nullptr;
    while (!same->second.empty()) {
        Other* const last = same->second.back();
        same->second.pop_back();
        if (!last->used) return last;
    }
    return nullptr;
}

void Judge::add_theirs(Movement movement) {
    prepare();
    const auto listed = std::pair(movement.type, movement.entry.id);
    if (last_listed_ == listed) {
        if (moved(movement.entry)) tell(Kind::duplicate_at_gateway, nullptr, &movement);
        return;
    }
    last_listed_ = listed;
    if (movement.type == Type::capture && moved(movement.entry))
        listed_.add(movement.type, movement.entry.currency, movement.entry.amount);
    if (theirs_.size() < ours_.size() + held_beyond || has(ours_, movement)) {
        theirs_.push_back(std::move(movement));
    } else {
        overflowed_ = true;
        judge_theirs(movement);
    }
}

void Judge::add_elsewhere(Movement movement) {
    const bool wanted = moved(movement.entry) && elsewhere_.size() < ours_.size() + held_beyond;
    if (!wanted && !has(ours_, movement)) return;
    if (!elsewhere_.empty() && id_of(elsewhere_.back()) == id_of(movement)) return;
    elsewhere_.push_back(std::move(movement));
}

/// What the gateway listed under another day though it is of this one, unless it listed it under both.
void Judge::take_todays() {
    const std::size_t listed = theirs_.size();
    std::vector<Movement> other_days;
    for (Movement& one : elsewhere_) {
        if (std::chrono::floor<std::chrono::days>(one.entry.at) != rules_.day) {
            other_days.push_back(std::move(one));
        } else if (!overflowed_ && !has(std::span(theirs_).first(listed), one)) {
            one.side = Side::theirs;
            if (moved(one.entry)) verdict_.also_today.push_back(one);
            theirs_.push_back(std::move(one));
        }
    }
    elsewhere_ = std::move(other_days);
}

void Judge::finish() {
    prepare();
    take_todays();
    Pairing pairing(all_of(ours_), all_of(theirs_));
    pairing.by_id();

    // What is known by its id on another day pairs with nothing else.
    Movements late_ours;
    Movements late_theirs;
    std::erase_if(pairing.ours, [&](const Movement* one) {
        const bool late = has(elsewhere_, *one);
        if (late) late_ours.push_back(one);
        return late;
    });
    std::erase_if(pairing.theirs, [&](const Movement* one) {
        const bool late = other_by_id(*one) != nullptr;
        if (late) late_theirs.push_back(one);
        return late;
    });
    pairing.by_money_and_type(rules_.naming);

    for (const Pair& pair : pairing.pairs) judge(pair);
    pairing.ours.insert(pairing.ours.end(), late_ours.begin(), late_ours.end());
    judge_ours(std::move(pairing.ours));
    pairing.theirs.insert(pairing.theirs.end(), late_theirs.begin(), late_theirs.end());
    std::ranges::sort(pairing.theirs, [](const Movement* a, const Movement* b) { return order(*a, *b) < 0; });
    for (const Movement* one : pairing.theirs) judge_theirs(*one);
}

void Judge::judge(const Pair& pair) {
    const Entry& ours = pair.ours->entry;
    const Entry& theirs = pair.theirs->entry;
    if (ours.currency != theirs.currency) return tell(Kind::currency_mismatch, pair.ours, pair.theirs);
    if (ours.amount != theirs.amount) return tell(Kind::amount_mismatch, pair.ours, pair.theirs);
    if (!booked_.explain(pair.ours->type, theirs)) return tell(Kind::status_mismatch, pair.ours, pair.theirs);
    ++verdict_.matched;
}

/// Both have it, on different days.
Kind Judge::kind_of_late(const Movement& ours, const Movement& theirs) const noexcept {
    if (!moved(theirs.entry)) return Kind::status_mismatch;
    if (ours.entry.currency != theirs.entry.currency) return Kind::currency_mismatch;
    return ours.entry.amount != theirs.entry.amount ? Kind::amount_mismatch : Kind::late;
}

void Judge::judge_ours(Movements ours) {
    std::ranges::sort(ours, [](const Movement* a, const Movement* b) { return order(*a, *b) < 0; });
    Pairing pairing(std::move(ours), all_of(elsewhere_));
    pairing.by_id();
    for (const Pair& pair : pairing.pairs) tell(kind_of_late(*pair.ours, *pair.theirs), pair.ours, pair.theirs);

    // What the gateway has of our other days explains nothing of this one.
    std::erase_if(pairing.theirs, [&](const Movement* one) {
        Other* other = other_by_id(*one);
        if (other == nullptr) other = other_by_money(*one);
        if (other != nullptr) other->used = true;
        return other != nullptr || !moved(one->entry);
    });
    std::map<Money, Movements> by_money;
    for (const Movement* one : pairing.theirs) by_money[money_of(*one)].push_back(one);
    for (const Movement* one : pairing.ours) {
        Movements& same = by_money[money_of(*one)];
        if (!same.empty()) {
            tell(Kind::late, one, same.back());
            same.pop_back();
        } else if (one->type != Type::dispute || rules_.lists_disputes) {
            tell(Kind::missing_gateway, one, nullptr);
        }
    }
}

void Judge::judge_theirs(const Movement& theirs) {
    Other* other = other_by_id(theirs);
    if (other == nullptr && moved(theirs.entry)) other = other_by_money(theirs);
    if (other != nullptr) {
        other->used = true;
        const LedgerEntry& entry = *other->entry;
        const Movement ours{.reference = reference_,
                            .type = other->type,
                            .entry = {.id = entry.gateway_id,
                                      .amount = entry.amount,
                                      .currency = entry.currency,
                                      .at = entry.moved_at.value_or(WallTime())}};
        if (day_of(entry) != rules_.day) return tell(kind_of_late(ours, theirs), &ours, &theirs);
        verdict_.also_today.push_back(ours);
        judge({.ours = &ours, .theirs = &theirs});
    } else if (moved(theirs.entry)) {
        tell(kind_beyond(theirs), nullptr, &theirs);
    }
}

Kind Judge::kind_beyond(const Movement& theirs) {
    const Entry& entry = theirs.entry;
    if (theirs.type == Type::capture && booked_.any_capture()) return Kind::duplicate_at_gateway;
    if (theirs.type != Type::refund) return Kind::missing_internal;
    if (reference_.empty() || (!booked_.any_capture() && !listed_.any_capture())) return Kind::orphan_refund;
    const std::int64_t captured = std::max(booked_.captured(entry.currency), listed_.captured(entry.currency));
    const std::int64_t back = capped_sum(booked_.given_back(entry.currency), beyond_.given_back(entry.currency));
    if (captured > 0 && capped_sum(back, entry.amount) > captured) return Kind::duplicate_at_gateway;
    beyond_.add(theirs.type, entry.currency, entry.amount);
    return Kind::missing_internal;
}

/// Its charge can be told of it: the id is what a call would have been answered with, as far as it shows, and no webhook has
/// told of it under another one. Totals of refunds stand in the ledger under ids of ours (payments/hear).
bool Judge::is_adoptable(const Movement& theirs) const noexcept {
    const bool told_in_total = std::ranges::any_of(known_.ledger, [](const LedgerEntry& one) {
        return one.type == "refund" && one.gateway_id.find(':') != std::string::npos;
    });
    return known_.is_charge && !rules_.naming.own_ids(theirs.type) && !(theirs.type == Type::refund && told_in_total);
}

void Judge::tell(Kind kind, const Movement* ours, const Movement* theirs) {
    Discrepancy found{.kind = kind,
                      .reference = theirs != nullptr && theirs->unnamed ? "" : reference_,
                      .charge_id = known_.is_charge || !ours_.empty() ? reference_ : "",
                      .type = std::string(name(ours != nullptr ? ours->type : theirs->type))};
    if (ours != nullptr) {
        found.internal = ours->entry;
        found.internal->status = booked_.status_of(ours->type, ours->entry.currency, ours->entry.amount);
    }
    if (theirs != nullptr) found.gateway = theirs->entry;
    if (kind == Kind::missing_internal && is_adoptable(*theirs)) found.action = Action::left;
    verdict_.found.push_back(std::move(found));
}

}  // namespace tollgate::reconciliation
