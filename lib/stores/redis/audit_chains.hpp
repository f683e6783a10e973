#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "net/redis/client.hpp"
#include "stores/audit_verdict.hpp"

namespace tollgate::redis {

/// A chain: the days it has records of ("20261122") and the last number of each. What is tampered with may be anything.
struct Chain {
    int partition = 0;
    std::string name;
    std::map<std::string, std::int64_t> days;

    /// Of all chains of all partitions: "p07:abcdefghijkl.0".
    [[nodiscard]] std::string full_name() const;
};

/// Reads the audit chains. A key that holds something else than it should is as good as none.
class AuditChains {
public:
    AuditChains(const Runtime& runtime, Client& client, Milliseconds timeout)
        : runtime_(runtime), client_(client), timeout_(timeout) {}

    /// By name.
    [[nodiscard]] Task<Result<std::map<std::string, Chain>>> of(int partition);

    [[nodiscard]] Task<Result<std::int64_t>> count(const Chain& chain, std::string day);
    [[nodiscard]] Task<Result<std::int64_t>> last(const Chain& chain, std::string day);

    /// Adds those of the numbers from `first` to `last` (500 at most) that lie there and are not known yet.
    using Records = std::map<std::int64_t, std::string>;
    [[nodiscard]] Task<Result<void>> read(const Chain& chain, std::string day, std::int64_t first, std::int64_t last,
                                          Records& records);
    static constexpr std::int64_t records_a_look = 500;

    /// Gives what is under way time to arrive.
    [[nodiscard]] Task<void> wait() { return sleep_for(runtime_, timeout_); }

private:
    Task<Result<Reply>> ask(Command command, int partition);

    const Runtime& runtime_;
    Client& client_;
    const Milliseconds timeout_;
};

/// What lies behind a number: the record and its hash.
struct KeptAudit {
    AuditHash hash{};
    AuditRecord record;
};
[[nodiscard]] std::optional<KeptAudit> kept_audit_from(std::string_view bytes);

}  // namespace tollgate::redis
