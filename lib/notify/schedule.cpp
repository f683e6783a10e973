#include "notify/schedule.hpp"

#include <algorithm>
#include <array>

namespace tollgate {
namespace {

using namespace std::chrono_literals;

constexpr std::array<Milliseconds, delivery_tries - 1> waits{5s, 5min, 30min, 2h, 5h, 10h, 14h, 20h, 24h};

}  // namespace

std::optional<Milliseconds> redelivery_wait(int failures, std::optional<Milliseconds> asked_for, Random& random) {
    const auto slot = static_cast<std::size_t>(std::max(failures, 1) - 1);
    if (slot >= waits.size()) return std::nullopt;
    const Milliseconds spread = waits[slot] / 10;
    const auto drawn = static_cast<std::int64_t>(random.below(2 * static_cast<std::uint64_t>(spread.count()) + 1));
    const Milliseconds wait = waits[slot] - spread + Milliseconds(drawn);
    const Milliseconds longest = waits[std::min(slot + 1, waits.size() - 1)];
    return std::max(wait, std::min(asked_for.value_or(Milliseconds(0)), longest));
}

}  // namespace tollgate
