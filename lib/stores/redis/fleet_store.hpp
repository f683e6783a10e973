#pragma once

#include <functional>
#include <string>
#include <vector>

#include "net/redis/client.hpp"
#include "stores/fleet.hpp"

namespace tollgate {

/// What the processes of a fleet tell each other, kept in Redis (7.0 or newer): one script a question, times by Redis' own
/// clock. Keys: "tg:{fleet}:breakers", forgotten a day after the last change, and "tg:{fleet}:pace:NAME", forgotten when its
/// places are over. What Redis loses is told again by those who know it.
class RedisFleetStore final : public FleetStore {
public:
    /// Runs a script at Redis; completes on the caller's executor, within a time it sets itself.
    using Run = std::function<Task<redis::Answer>(const redis::Script& script, std::vector<std::string> keys,
                                                  std::vector<std::string> arguments)>;

    explicit RedisFleetStore(Run run) : run_(std::move(run)) {}

    /// For callers on the client's own loop, which gives each question so long.
    RedisFleetStore(const Runtime& runtime, redis::Client& client, Milliseconds timeout);

    Task<Result<std::vector<BreakerStanding>>> exchange(std::string process, std::vector<BreakerNews> news) override;
    Task<Result<Places>> take_places(std::string name, GcraPolicy policy, std::int64_t count, Milliseconds patience) override;

private:
    const Run run_;
};

}  // namespace tollgate
