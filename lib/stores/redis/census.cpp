#include "stores/census.hpp"

#include "async/all_of.hpp"
#include "stores/redis/keys.hpp"
#include "stores/redis/rows.hpp"
#include "stores/redis/scripts.hpp"
#include "stores/redis/store_core.hpp"

namespace tollgate::redis {
namespace {

constexpr char refunding = 'f';  // the letter of their list: shared.lua

void add_queue(Census::Queue& queue, std::int64_t waiting, std::string_view oldest, WallTime now) {
    queue.waiting += waiting;
    if (oldest.empty() || time_of(oldest) > now) return;
    queue.oldest_due = std::min(queue.oldest_due.value_or(now), time_of(oldest));
}

/// Adds what census.lua tells of one partition.
void add(Census& census, ReplyView told, WallTime now) {
    const auto number = [&](std::size_t i) { return told[i].integer(); };
    census.dead_letters += number(0);
    add_queue(census.incoming, number(1), told[2].text(), now);
    add_queue(census.outgoing, number(3), told[4].text(), now);
    census.requires_action += number(5);
    census.authorized += number(6);
    census.refunding += number(7);
    census.needs_attention += number(8);
    for (std::size_t i = 0; i < census.processing.size(); ++i) {
        const bool oldest = i + 1 == census.processing.size();
        census.processing[i] += number(9 + i) - (oldest ? 0 : number(10 + i));
    }
}

}  // namespace

Task<Result<Census>> StoreCore::census(Lane& lane, WallTime now) {
    const SteadyTime by = deadline(lane);
    std::vector<std::string> arguments{{letter_of(ChargeStatus::processing)},
                                       {letter_of(ChargeStatus::requires_action), letter_of(ChargeStatus::authorized),
                                        refunding, letter_of(ChargeStatus::needs_attention)}};
    for (const Milliseconds age : Census::ages) arguments.push_back(text_of(now - age));
    std::vector<std::string> keys;
    for (int i = 0; i < partitions; ++i) keys.push_back(Keys(i).tenants());
    std::vector<Task<Answer>> looks;
    for (const std::string& key : keys)
        looks.push_back(lane.client->run(scripts().census, {key}, {arguments.begin(), arguments.end()}, by));
    Census census;
    for (const Answer& answer : co_await all_of(lane.runtime, std::move(looks))) {
        if (!answer || answer->size() != 10 + Census::ages.size()) co_return fail(not_read());
        add(census, *answer, now);
    }
    co_return census;
}

}  // namespace tollgate::redis
