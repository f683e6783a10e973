#include "simulation/faults.hpp"

#include <algorithm>

namespace tollgate::simulation {
namespace {

struct Kind {
    std::string_view name;
    std::uint64_t permille_max;  // of the occasions there are for it
};

// In the order of Fault. What ends or delays all of a process is rare, what hits a single call is not.
constexpr std::array<Kind, fault_count> kinds{{
    {"refused", 200},      {"down", 40},          {"slow", 150},         {"never_arrives", 150},   {"late", 80},
    {"twice", 150},        {"reply_lost", 200},   {"fault_before", 150}, {"fault_after", 150},     {"fault_kept", 60},
    {"wrong_echo", 60},    {"garbage", 80},       {"busy", 150},         {"forbidden", 60},        {"stale_look_up", 300},
    {"undo_refused", 250}, {"crash", 500},        {"pause", 150},        {"clock_wrong", 200},     {"hand_over", 150},
    {"blackout", 60},      {"long_blackout", 15}, {"store_refuses", 80}, {"store_reply_lost", 80}, {"store_crash", 100},
    {"tells", 600},        {"disputes", 100},     {"customer", 500},     {"shop_away", 300},       {"shop_deaf", 200},
    {"by_hand", 300},      {"leaves", 300},       {"repeats", 300},      {"other_body", 150},      {"wishes", 900},
    {"expires", 300},
}};

}  // namespace

std::string_view name(Fault fault) noexcept {
    return kinds[static_cast<std::size_t>(fault)].name;
}

Faults::Faults(std::uint64_t seed, FaultSet switched_off) {
    test::SeededRandom random(seed ^ 0x746f6c6c67617465);
    for (std::size_t i = 0; i < fault_count; ++i) {
        sources_[i].stream = test::SeededRandom(random.next());
        const bool has_it = random.below(2) == 0;
        const std::uint64_t permille = 1 + random.below(kinds[i].permille_max);
        if (has_it && !switched_off.test(i)) sources_[i].permille = permille;
    }
}

bool Faults::strikes(Fault fault) {
    Source& source = of(fault);
    return source.stream.below(1000) < source.permille && !stopped_;
}

Milliseconds Faults::between(Fault fault, Milliseconds from, Milliseconds to) {
    return from + Milliseconds(static_cast<std::int64_t>(draw(fault, static_cast<std::uint64_t>((to - from).count()))));
}

FaultSet Faults::active() const {
    FaultSet active;
    for (std::size_t i = 0; i < fault_count; ++i) active.set(i, sources_[i].permille > 0);
    return active;
}

}  // namespace tollgate::simulation
