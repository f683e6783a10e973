#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/redis/client.hpp"
#include "stores/audit_verdict.hpp"
#include "stores/census.hpp"
#include "stores/events.hpp"
#include "stores/ports.hpp"
#include "stores/reconciliation.hpp"
#include "stores/redis/fleet_store.hpp"
#include "stores/sessions.hpp"

namespace tollgate {

struct RedisStoreOptions {
    redis::Options redis;                                 // where it is and who we are there
    Milliseconds timeout{1'000};                          // of one operation
    std::size_t audit_max = 10'000;                       // audit records of a loop that may wait or be under way
    Milliseconds audit_delay{20};                         // after which they leave though nothing else is written
    AuditKeys audit_keys;                                 // of the audit chains
    Milliseconds sweep_interval{60'000};                  // between rounds of forgetting outlived answers and events
    Milliseconds event_retention{std::chrono::days(35)};  // after which events that wait no more are forgotten; 0: never
    Milliseconds loading_max{60'000};                     // how long `open` waits for a server that reads its data
    std::function<void(const redis::LinkChange&)> hook;   // on the loops' threads
};

namespace redis {
class StoreCore;
}

/// The store of a fleet: any number of processes share one Redis (7.0 or newer), alone, with Sentinels or as a Cluster.
///
/// Each operation is one script in one hash slot, so it happens whole or not at all. What "durable" means is the server's
/// settings: `open` warns of those that could lose what was acknowledged. Times are the callers', as everywhere.
///
/// Every operation may be executed twice: its command is sent again when the reply was lost. A begin carries a nonce, so that
/// its repetition is told the same; a step carries a number that rises, so that a late copy of an older one is refused.
///
/// An event lies in the partition that its id tells, an outgoing one beside its charge. Those that are due or held are entries
/// of a stream, whose consumer group counts their leases by the server's clock (a day at most); those due later lie beside it.
/// Once `settled_at` is `event_retention` ago an event is forgotten within about a minute. Dead letters, like the archive, go
/// by the time at which they came.
///
/// Where ports.hpp leaves it open: an `answer_ttl` of 0 keeps answers for ever; kept answers and settled operations past the
/// last `answer_ttl` asked for are forgotten within about a minute; pages go by the order in which charges arrived; audit
/// records beyond `audit_max` are lost, which the chain then says in a record of its own ("audit.lost", outcome: how many).
/// When a connection is lost, what was on it is sent again in any order: a transition may then be durable before a record
/// appended ahead of it, and a process killed at that moment leaves a gap that `verify_audit` names.
///
/// Ownership: whoever opened it owns it. The loops outlive it, and run none of its callers' coroutines any more when it is
/// destroyed; it then hands in what is left of the audit log, which takes `timeout` at most.
class RedisStore final : public ChargeStore, public CensusStore, public AuditLog, public StoreHealth {
public:
    struct Opened {
        std::unique_ptr<RedisStore> store;
        std::vector<std::string> warnings;  // each a sentence: what a crash could lose, and the setting that mends it
    };

    /// Connects, checks that the servers can be used, and makes a connection for each of the loops, which need not run yet.
    /// Blocks. Fails with `store_unavailable` and a sentence that names what in store.url, or at the server, is to be mended.
    [[nodiscard]] static Result<Opened> open(RedisStoreOptions options, std::vector<const Runtime*> loops);

    ~RedisStore() override;

    Task<Result<Begun>> begin(BeginCharge begin) override;
    Task<Result<void>> advance(Transition transition) override;
    Task<Result<std::vector<ChargeRow>>> claim(WallTime now, WallTime lease_until, std::size_t limit) override;
    Task<Result<Taken>> take(std::string id, WallTime now, WallTime lease_until, Reach reach) override;
    Task<Result<Taken>> take_for(std::string id, std::string operation, WallTime now, WallTime lease_until) override;
    Task<Result<std::optional<ChargeRow>>> find(std::string id) override;
    Task<Result<ChargePage>> page(ChargeQuery query) override;
    Task<Result<ChargePage>> survey(SurveyQuery query) override;
    Task<Result<std::vector<ChargeRow>>> expiring(WallTime until, std::size_t limit) override;
    Task<Result<std::optional<std::string>>> charge_of(std::string gateway_id) override;
    Task<Result<std::vector<CurrencyAtRisk>>> money_at_risk() override;
    Task<Result<std::vector<LedgerEntry>>> ledger(std::string charge_id) override;

    Task<Result<Census>> census(WallTime now) override;

    /// Writes a trifle to every master.
    Task<Result<void>> check() override;

    /// What the processes that share this store tell each other; lives as long as it.
    [[nodiscard]] FleetStore& fleet() noexcept { return fleet_; }

    /// What came from gateways and what is for the shop; lives as long as this.
    [[nodiscard]] EventStore& events() noexcept { return *events_; }

    /// The ledger of days and their comparisons; lives as long as this.
    [[nodiscard]] ReconciliationStore& reconciliation() noexcept { return *reconciliation_; }

    /// Who is logged in at the console; lives as long as this.
    [[nodiscard]] SessionStore& sessions() noexcept { return *sessions_; }

    /// Forgets outlived answers and events now, as it does by itself; how many were looked at.
    Task<Result<std::size_t>> sweep();

    /// What was made durable since it was opened: transitions of charges, and the scripts that wrote, events too.
    struct Written {
        std::uint64_t transitions = 0;
        std::uint64_t scripts = 0;
    };
    [[nodiscard]] Written written() const noexcept;

private:
    explicit RedisStore(std::shared_ptr<redis::StoreCore> core);
    void keep(AuditRecord record) override;

    std::shared_ptr<redis::StoreCore> core_;
    RedisFleetStore fleet_;
    std::unique_ptr<EventStore> events_;
    std::unique_ptr<ReconciliationStore> reconciliation_;
    std::unique_ptr<SessionStore> sessions_;
};

/// Both only read, beside serving processes or without any. They block, and fail with `store_unavailable` and a sentence when
/// the store cannot be read.
///
/// Checks every audit chain from its beginning. A chain that was removed whole, or cut off at its end together with the note of
/// where that is, shows in no chain that is left: who must know of that compares with the exports of earlier days.
[[nodiscard]] Result<AuditVerdict> verify_audit(const RedisStoreOptions& options, const AuditProgress& progress = {});

/// Shows the records of that UTC day, chain by chain, without checking them. `records` tells how many were shown; a bad one is
/// one that cannot be read.
[[nodiscard]] Result<AuditVerdict> export_audit(const RedisStoreOptions& options, std::chrono::sys_days day,
                                                const AuditVisitor& visit);

}  // namespace tollgate
