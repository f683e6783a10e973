#pragma once

#include <memory>
#include <string>

#include "stores/audit_verdict.hpp"
#include "stores/census.hpp"
#include "stores/ports.hpp"
#include "stores/reconciliation.hpp"
#include "stores/sessions.hpp"

namespace tollgate {

struct SqliteOptions {
    std::string path;                  // a file in an existing folder, or ":memory:"
    std::size_t queue_max = 10'000;    // operations that may wait for the writer, as many again for the readers
    std::size_t batch_max = 256;       // operations a commit
    std::size_t readers = 2;           // threads for what only reads
    std::size_t audit_max = 10'000;    // audit records that may wait for a commit
    Milliseconds audit_delay{20};      // after which audit records are committed though nothing else is written
    AuditKeys audit_keys;              // of the audit chain
    Milliseconds busy_timeout{1'000};  // how long a program outside may hold the file
    Milliseconds event_retention{std::chrono::days(35)};  // after which events that wait no more are cleared; 0: never
    Milliseconds stall_max{2'000};  // a commit that takes longer makes the store unavailable until it returns
    std::string vfs;                // SQLite's name of another way to the disk, for tests; empty: the system's
};

namespace sqlite {
struct StoreParts;
}

/// The embedded store: one file, one serving process, one thread that writes.
///
/// Durability: an operation completes only after its commit is synced (WAL, synchronous=FULL); operations that wait at
/// the same time share one commit. What only reads sees every operation completed before it was asked.
///
/// Failures: `store_unavailable` when nothing was written: the disk is full or fails, too many operations wait, or
/// another program holds the file. `check` then fails until a small write succeeds again; reads go on. A damaged file
/// ends all writing until a restart. A failed fsync ends the process, because what is on the disk is unknown then.
///
/// Where ports.hpp leaves it open: an `answer_ttl` of 0 keeps answers for ever; kept answers and settled operations past
/// the last `answer_ttl` asked for and idle limits are cleared in the quiet; pages go by the order in which charges arrived;
/// audit records beyond `audit_max` are lost, which the chain then says in a record of its own ("audit.lost", outcome: how
/// many).
///
/// Where events.hpp does: leases are counted by the callers' `now`; events are cleared in the quiet once their `settled_at` is
/// `event_retention` and a minute ago; dead letters go by the order in which they came, the archive by time; what is settled
/// together is written together.
///
/// Ownership: whoever opened it owns it and destroys it before the executors of its callers. The destructor lets what was
/// asked for finish and folds the log into the file.
class SqliteStore final : public ChargeStore, public CensusStore, public AuditLog, public StoreHealth {
public:
    /// Takes the lock file (`PATH-lock`), creates the file or brings it up to date, and ends all leases, since their owners
    /// are dead. Blocks. Fails with `store_unavailable` and a sentence that names the file and the way out.
    [[nodiscard]] static Result<std::unique_ptr<SqliteStore>> open(SqliteOptions options);

    /// For a command, beside a running service or without one: takes no lock, writes nothing and leaves nothing beside the
    /// file; what would write fails.
    [[nodiscard]] static Result<std::unique_ptr<SqliteStore>> open_read_only(SqliteOptions options);

    ~SqliteStore() override;

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

    Task<Result<void>> check() override;

    /// For as long as the store.
    [[nodiscard]] EventStore& events() noexcept { return *events_; }
    [[nodiscard]] ReconciliationStore& reconciliation() noexcept { return *reconciliation_; }
    [[nodiscard]] SessionStore& sessions() noexcept { return *sessions_; }

    /// What was made durable since it was opened: transitions of charges, and all commits, which events share.
    struct Written {
        std::uint64_t transitions = 0;
        std::uint64_t commits = 0;
    };
    [[nodiscard]] Written written() const noexcept;

private:
    explicit SqliteStore(std::unique_ptr<sqlite::StoreParts> parts);
    void keep(AuditRecord record) override;

    std::unique_ptr<sqlite::StoreParts> parts_;
    std::unique_ptr<EventStore> events_;
    std::unique_ptr<ReconciliationStore> reconciliation_;
    std::unique_ptr<SessionStore> sessions_;
};

/// Both look at the audit log of a store file, which they leave as it is, beside a serving process or without one, and leave
/// nothing beside it. They block, and fail with `store_unavailable` and a sentence when there is nothing to look at.
///
/// Checks the chain from its beginning.
[[nodiscard]] Result<AuditVerdict> verify_audit(const SqliteOptions& options, const AuditProgress& progress = {});

/// Shows the records of that UTC day in the order of the chain, without checking it. `records` tells how many were shown; a bad
/// one is one that cannot be read.
[[nodiscard]] Result<AuditVerdict> export_audit(const SqliteOptions& options, std::chrono::sys_days day,
                                                const AuditVisitor& visit);

}  // namespace tollgate
