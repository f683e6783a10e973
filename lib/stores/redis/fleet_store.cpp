#include "stores/redis/fleet_store.hpp"

#include <algorithm>
#include <utility>

namespace tollgate {

namespace scripts {
extern const std::string_view breakers;
extern const std::string_view places;
}  // namespace scripts

namespace {

// Names come from code; what is longer is a mistake.
constexpr std::size_t name_max = 128;
constexpr std::size_t news_max = 1000;
constexpr Milliseconds patience_max = std::chrono::minutes(1);
constexpr std::int64_t requests_max = 1'000'000;

const redis::Script& breakers_script() {
    static const redis::Script script("breakers", std::string(scripts::breakers));
    return script;
}

const redis::Script& places_script() {
    static const redis::Script script("places", std::string(scripts::places));
    return script;
}

bool good_name(std::string_view name) {
    return !name.empty() && name.size() <= name_max && std::ranges::all_of(name, [](char c) { return c > ' ' && c <= '~'; });
}

std::string_view word(BreakerNews::Kind kind) noexcept {
    switch (kind) {
        case BreakerNews::Kind::opened:
            return "o";
        case BreakerNews::Kind::closed:
            return "c";
        case BreakerNews::Kind::wants_probes:
            return "w";
    }
    __builtin_unreachable();
}

BreakerStanding::State state_from(std::string_view word) noexcept {
    using enum BreakerStanding::State;
    if (word == "o") return open;
    if (word == "p") return probes_elsewhere;
    if (word == "P") return probes_here;
    return closed;
}

PaymentError away(const redis::Failure& failure) {
    const bool unknown = failure.execution == Execution::unknown;
    return {unknown ? Code::store_unknown : Code::store_unavailable, failure.why};
}

}  // namespace

RedisFleetStore::RedisFleetStore(const Runtime& runtime, redis::Client& client, Milliseconds timeout)
    : run_([&runtime, &client, timeout](const redis::Script& script, std::vector<std::string> keys,
                                        std::vector<std::string> arguments) -> Task<redis::Answer> {
          const std::vector<std::string_view> key_views(keys.begin(), keys.end());
          const std::vector<std::string_view> argument_views(arguments.begin(), arguments.end());
          co_return co_await client.run(script, key_views, argument_views, runtime.clock.steady() + timeout);
      }) {}

Task<Result<std::vector<BreakerStanding>>> RedisFleetStore::exchange(std::string process, std::vector<BreakerNews> news) {
    if (!good_name(process)) co_return fail(Code::bad_request, "a process of the fleet needs a name of 1 to 128 characters");
    if (news.size() > news_max) news.resize(news_max);  // the rest is still news at the next exchange
    std::vector<std::string> arguments{std::move(process)};
    for (BreakerNews& told : news) {
        if (!good_name(told.name)) continue;
        arguments.push_back(std::move(told.name));
        arguments.emplace_back(word(told.kind));
        arguments.push_back(std::to_string(std::max<std::int64_t>(told.lasts.count(), 0)));
        arguments.push_back(std::to_string(told.seen));
    }
    std::vector<std::string> keys{"tg:{fleet}:breakers"};
    const auto answer = co_await run_(breakers_script(), std::move(keys), std::move(arguments));
    if (!answer) co_return fail(away(answer.error()));

    std::vector<BreakerStanding> standings;
    for (std::size_t i = 0; i + 3 < answer->size(); i += 4) {
        standings.push_back({.name = std::string((*answer)[i].text()),
                             .era = static_cast<std::uint64_t>((*answer)[i + 1].integer()),
                             .state = state_from((*answer)[i + 2].text()),
                             .left = Milliseconds((*answer)[i + 3].integer())});
    }
    co_return standings;
}

Task<Result<Places>> RedisFleetStore::take_places(std::string name, GcraPolicy policy, std::int64_t count,
                                                  Milliseconds patience) {
    if (!good_name(name)) co_return fail(Code::bad_request, "a pace of the fleet needs a name of 1 to 128 characters");
    const auto in_microseconds = [](Milliseconds span) { return std::to_string(std::chrono::microseconds(span).count()); };
    std::vector<std::string> keys{"tg:{fleet}:pace:" + name};
    std::vector<std::string> arguments{std::to_string(std::clamp<std::int64_t>(policy.requests, 1, requests_max)),
                                       in_microseconds(std::max(policy.per, Milliseconds(1))),
                                       std::to_string(std::max<std::int64_t>(count, 1)),
                                       in_microseconds(std::clamp(patience, Milliseconds(0), patience_max))};
    const auto answer = co_await run_(places_script(), std::move(keys), std::move(arguments));
    if (!answer) co_return fail(away(answer.error()));
    co_return Places{.first_in = std::chrono::microseconds((*answer)[0].integer()), .count = (*answer)[1].integer()};
}

}  // namespace tollgate
