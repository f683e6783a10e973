#pragma once

#include <string>
#include <vector>

#include "stores/redis/redis_store.hpp"

namespace tollgate::redis {

struct Looked {
    std::string instance;  // twelve characters of this start's own
    std::vector<std::string> warnings;
};

/// Connects to every master and reads whether it can be used, and what a crash of it could lose. Blocks.
[[nodiscard]] Result<Looked> look_at_servers(const RedisStoreOptions& options);

/// What one master's settings could lose, a sentence each. `settings` is the reply to CONFIG GET; nil when it was refused.
[[nodiscard]] std::vector<std::string> durability_warnings(const std::string& server, ReplyView settings, int replicas,
                                                           int wait_replicas);

}  // namespace tollgate::redis
