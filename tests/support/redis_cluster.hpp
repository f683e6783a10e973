#pragma once

#include <cstdint>

#include "support/redis_server.hpp"

namespace tollgate::test {

/// Three masters that share the 16384 slots, each with a replica if wanted; returns when all agree that all is well.
class RedisCluster {
public:
    struct Options {
        bool replicas = false;  // one a master; a dead master is then replaced after about two seconds
        std::string password;   // empty: none
        std::vector<std::string> config;
    };

    RedisCluster();
    explicit RedisCluster(Options options);

    /// "redis+cluster://[:password@]127.0.0.1:PORT,…" of the first three.
    [[nodiscard]] std::string url() const;

    /// Masters at first are 0 to 2, and i + 3 is the replica of i.
    [[nodiscard]] std::size_t size() const noexcept { return nodes_.size(); }
    [[nodiscard]] RedisServer& node(std::size_t index) { return *nodes_.at(index); }

    /// Index of the master that has the slot, as the nodes that live agree; nobody: `size()`.
    [[nodiscard]] std::size_t owner(std::uint16_t slot) { return owners().at(slot); }
    [[nodiscard]] std::vector<std::size_t> owners();  // of all slots

    /// Moves a slot with its keys while the cluster is in use. Its three parts are for tests that look in between: from
    /// the first on the source answers ASK for keys that are gone, from the last on MOVED.
    void move_slot(std::uint16_t slot, std::size_t to);
    void begin_move(std::uint16_t slot, std::size_t to);
    void move_keys(std::uint16_t slot, std::size_t to);
    void end_move(std::uint16_t slot, std::size_t to);

    /// SIGKILL of a master that has a replica; returns when all others take the replica for its successor.
    void kill_master(std::size_t index);
    /// Until every node that lives says cluster_state:ok and every replica follows its master.
    void wait_until_ok();

private:
    [[nodiscard]] bool agreed();
    void join();

    std::vector<std::unique_ptr<RedisServer>> nodes_;
    std::vector<std::string> ids_;
    std::string password_;
};

}  // namespace tollgate::test
