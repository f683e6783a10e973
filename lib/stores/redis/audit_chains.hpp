#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "net/redis/client.hpp"
#include "stores/audit_verdict.hpp"
#include "stores/placement.hpp"
#include "stores/redis/redis_store.hpp"
#include "stores/redis/run_alone.hpp"

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

    /// One after the other, until `look(chain)`, a coroutine function, says that it has seen enough (false).
    template <class Look>
    Task<Result<void>> each(Look look) {
        for (int i = 0; i < partitions; ++i) {
            const Result<std::map<std::string, Chain>> known = co_await of(i);
            if (!known) co_return fail(known.error());
            for (const auto& [name, chain] : *known) {
                const Result<bool> more = co_await look(chain);
                if (!more) co_return fail(more.error());
                if (!*more) co_return Result<void>();
            }
        }
        co_return Result<void>();
    }

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
    Task<Result<std::map<std::string, Chain>>> of(int partition);
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

/// Makes a `Looker` of the chains and whatever else it needs, and has it look at all of them. Blocks.
template <class Looker, class... Needs>
[[nodiscard]] Result<AuditVerdict> look_alone(const RedisStoreOptions& options, const Needs&... needs) {
    using Verdict = Result<AuditVerdict>;
    Result<Verdict> verdict = run_alone<Verdict>(options.redis, [&](const Runtime& runtime, Client& client) -> Task<Verdict> {
        Looker looker({runtime, client, options.timeout}, needs...);
        co_return co_await looker.run();
    });
    if (!verdict) return fail(std::move(verdict.error()));
    return std::move(*verdict);
}

}  // namespace tollgate::redis
