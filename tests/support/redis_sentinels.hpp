#pragma once

#include "support/redis_server.hpp"

namespace tollgate::test {

/// A master called "mymaster", its replica, and sentinels that take the master for dead after half a second. Returns when
/// all know each other.
class RedisSentinels {
public:
    struct Options {
        std::size_t sentinels = 1;  // 1 or 3; a majority must agree on a failover
        std::string password;       // of servers and sentinels; empty: none
        bool append_only = false;
        std::vector<std::string> config;  // further lines for master and replica
    };

    RedisSentinels();
    explicit RedisSentinels(Options options);

    /// "redis+sentinel://[:password@]127.0.0.1:PORT,…/mymaster".
    [[nodiscard]] std::string url() const;
    [[nodiscard]] static std::string master_name() { return "mymaster"; }

    [[nodiscard]] std::size_t size() const noexcept { return sentinels_.size(); }
    [[nodiscard]] RedisServer& sentinel(std::size_t index) { return *sentinels_.at(index); }

    /// The one the first sentinel that answers names as master, and the other one.
    [[nodiscard]] RedisServer& master();
    [[nodiscard]] RedisServer& replica();

    /// SENTINEL FAILOVER, where both servers live on; returns when the other one is named master and says so itself.
    void fail_over();
    /// SIGKILL of the master, and the same wait.
    void kill_master();
    /// Whether both are up and the replica follows the master.
    void wait_until_whole();

private:
    [[nodiscard]] unsigned short named_master();
    void wait_for_new_master(unsigned short before);

    std::vector<std::unique_ptr<RedisServer>> servers_;  // two, in whatever roles
    std::vector<std::unique_ptr<RedisServer>> sentinels_;
    std::string password_;
};

}  // namespace tollgate::test
