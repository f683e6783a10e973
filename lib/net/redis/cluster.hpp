#pragma once

#include "net/redis/client.hpp"

namespace tollgate::redis {

/// A client of a Redis Cluster (https://redis.io/docs/reference/cluster-spec); see Client::make.
[[nodiscard]] Result<std::unique_ptr<Client>> make_cluster_client(const Runtime& runtime, Options options,
                                                                  std::function<void(const LinkChange&)> hook);

}  // namespace tollgate::redis
