#pragma once

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "async/all_of.hpp"
#include "stores/placement.hpp"
#include "stores/redis/store_core.hpp"

namespace tollgate::redis {

/// Claims what is due in all partitions, up to a limit: a look at each tells where something waits, and how long; then each of
/// those gets an equal share, and those that wait longest what is over.
template <class T>
Task<Result<std::vector<T>>> claim_everywhere(Lane& lane, std::vector<Task<Answer>> looks, std::size_t limit, auto claim) {
    constexpr std::size_t claimed_at_once_max = 64;  // a partition
    struct Waiting {
        int partition = 0;
        std::int64_t since = 0;
    };
    const std::vector<Answer> answers = co_await all_of(lane.runtime, std::move(looks));
    std::vector<Waiting> due;
    bool deaf = false;
    for (std::size_t i = 0; i < answers.size(); ++i) {
        const Answer& answer = answers[i];  // an id and when it became due, or nothing
        deaf = deaf || !answer;
        if (answer && answer->size() == 2) due.push_back({static_cast<int>(i), (*answer)[1].integer()});
    }
    // A master that is away holds nobody up who waits at another one.
    if (due.empty() && deaf) co_return fail(not_read());
    std::ranges::sort(due, {}, &Waiting::since);

    const std::size_t some = std::min(due.size(), limit);
    std::vector<Task<Result<std::vector<T>>>> claims;
    for (std::size_t i = 0; i < some; ++i) {
        const std::size_t share = std::min(limit / some + (i < limit % some ? 1 : 0), claimed_at_once_max);
        claims.push_back(claim(due[i].partition, share));
    }
    std::vector<T> claimed;
    std::optional<PaymentError> failure;
    for (Result<std::vector<T>>& some_of_it : co_await all_of(lane.runtime, std::move(claims))) {
        if (!some_of_it) failure = std::move(some_of_it.error());
        if (some_of_it) std::ranges::move(*some_of_it, std::back_inserter(claimed));
    }
    if (claimed.empty() && failure) co_return fail(std::move(*failure));
    co_return claimed;
}

}  // namespace tollgate::redis
