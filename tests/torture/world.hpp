#pragma once

#include <optional>

#include "torture/instance.hpp"
#include "torture/phases.hpp"

namespace tollgate::test {

/// A world outside that nobody kills, a store, and the places of the service on it: one on SQLite, two on Redis.
struct World {
    explicit World(const Plan& plan, Variables more = {});

    void start_all();
    [[nodiscard]] std::vector<unsigned short> ports() const;
    [[nodiscard]] std::vector<std::string> logs() const;

    Folder folder;
    std::unique_ptr<Program> sandbox;
    std::optional<RedisServer> redis;
    std::vector<std::unique_ptr<Instance>> instances;
};

/// Lets each process end as it should, starts it again, and checks the promise on what was bought, and the audit log.
Checked check_after_restart(World& world, const std::vector<Purchase>& purchases, Violations& violations,
                            bool redis_died = false);

[[nodiscard]] std::string name(Store store);

}  // namespace tollgate::test
