#include "reconciliation/pair.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace tollgate::reconciliation {
namespace {

constexpr std::array<std::string_view, types> type_names{"capture", "dispute", "refund"};

auto id_of(const Movement& movement) noexcept {
    return std::tuple(movement.type, std::string_view(movement.entry.id));
}

auto money_of(const Movement& movement) noexcept {
    return std::tuple(movement.type, std::string_view(movement.entry.currency), movement.entry.amount);
}

auto type_of(const Movement& movement) noexcept {
    return movement.type;
}

/// Where the key leaves it open: what moved first, the earlier first.
auto turn_of(const Movement& movement) noexcept {
    const Entry& entry = movement.entry;
    return std::tuple(!moved(entry), entry.at, std::string_view(entry.id), std::string_view(entry.currency), entry.amount,
                      std::string_view(entry.status));
}

template <class Key>
void sort(Movements& movements, Key key) {
    std::ranges::sort(movements, [key](const Movement* a, const Movement* b) {
        const auto left = key(*a);
        const auto right = key(*b);
        return left != right ? left < right : turn_of(*a) < turn_of(*b);
    });
}

/// Pairs what has the same key, in turn; both keep what is left.
template <class Key>
void match(Movements& ours, Movements& theirs, Key key, Pair::By by, std::vector<Pair>& pairs) {
    if (ours.empty() || theirs.empty()) return;
    sort(ours, key);
    sort(theirs, key);
    Movements ours_left;
    Movements theirs_left;
    auto our = ours.begin();
    auto their = theirs.begin();
    while (our != ours.end() && their != theirs.end()) {
        const auto left = key(**our);
        const auto right = key(**their);
        if (left == right) {
            pairs.push_back({.ours = *our++, .theirs = *their++, .by = by});
        } else if (left < right) {
            ours_left.push_back(*our++);
        } else {
            theirs_left.push_back(*their++);
        }
    }
    ours_left.insert(ours_left.end(), our, ours.end());
    theirs_left.insert(theirs_left.end(), their, theirs.end());
    ours = std::move(ours_left);
    theirs = std::move(theirs_left);
}

/// Takes out of them what fits.
template <class Fits>
Movements take(Movements& from, Fits fits) {
    Movements taken;
    std::erase_if(from, [&](const Movement* one) {
        const bool fitting = fits(*one);
        if (fitting) taken.push_back(one);
        return fitting;
    });
    return taken;
}

void put_back(Movements& to, const Movements& taken) {
    to.insert(to.end(), taken.begin(), taken.end());
}

}  // namespace

std::optional<Type> type_from(std::string_view name) noexcept {
    const auto* const found = std::ranges::find(type_names, name);
    if (found == type_names.end()) return std::nullopt;
    return static_cast<Type>(found - type_names.begin());
}

std::string_view name(Type type) noexcept {
    return type_names[static_cast<std::size_t>(type)];
}

bool moved(const Entry& entry) noexcept {
    return entry.status != "failed" && entry.status != "voided" && entry.status != "authorized";
}

std::strong_ordering order(const Movement& a, const Movement& b) noexcept {
    const auto place = [](const Movement& one) {
        const Entry& entry = one.entry;
        return std::tuple(std::string_view(one.reference), one.side, one.type, std::string_view(entry.id), !moved(entry),
                          entry.at.time_since_epoch().count(), entry.amount, std::string_view(entry.currency),
                          std::string_view(entry.status), one.unnamed);
    };
    return place(a) <=> place(b);
}

Pairing::Pairing(Movements our_side, Movements their_side) : ours(std::move(our_side)), theirs(std::move(their_side)) {}

void Pairing::by_id() {
    sort(theirs, id_of);
    const Movement* before = nullptr;
    std::erase_if(theirs, [&](const Movement* one) {
        const bool listed = before != nullptr && id_of(*before) == id_of(*one);
        if (listed && moved(one->entry)) again.push_back(one);
        before = one;
        return listed;
    });
    match(ours, theirs, id_of, Pair::By::id, pairs);
}

void Pairing::by_money_and_type(const Naming& naming) {
    Movements still = take(theirs, [](const Movement& one) { return !moved(one.entry); });
    match(ours, theirs, money_of, Pair::By::money, pairs);
    const auto told_apart = [&](const Movement& one) { return naming.our_ids(one.type); };
    Movements ours_apart = take(ours, told_apart);
    match(ours, still, money_of, Pair::By::money, pairs);
    put_back(ours, ours_apart);

    const auto one_of_many = [&](const Movement& one) { return one.type != Type::capture && naming.our_ids(one.type); };
    ours_apart = take(ours, one_of_many);
    match(ours, theirs, type_of, Pair::By::type, pairs);
    put_back(ours, ours_apart);
    put_back(theirs, still);
}

std::int64_t Naming::evidence(Type type) const noexcept {
    const auto place = static_cast<std::size_t>(type);
    if (by_id[place] + otherwise[place] > 0) return static_cast<std::int64_t>(by_id[place] - otherwise[place]);
    std::int64_t all = 0;
    for (std::size_t one = 0; one < types; ++one) all += static_cast<std::int64_t>(by_id[one] - otherwise[one]);
    return all;
}

void Naming::note(const Pair& pair) noexcept {
    ++(pair.by == Pair::By::id ? by_id : otherwise)[static_cast<std::size_t>(pair.ours->type)];
}

}  // namespace tollgate::reconciliation
