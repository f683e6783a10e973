#pragma once

#include <functional>

#include "net/redis/client.hpp"

namespace tollgate::redis {

/// The address of the master that the sentinels of `options` name, asked for anew at each call: the sentinel that answered last
/// first (https://redis.io/docs/reference/sentinel-clients). Its error is a sentence for people; `bad_request` when no waiting
/// will help. For the runtime's thread.
[[nodiscard]] std::function<Task<Result<Address>>(SteadyTime deadline)> ask_sentinels(const Runtime& runtime, Options options);

}  // namespace tollgate::redis
