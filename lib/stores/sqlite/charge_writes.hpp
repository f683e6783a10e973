#pragma once

#include "stores/ports.hpp"
#include "stores/sqlite/database.hpp"
#include "stores/sqlite/event_writes.hpp"

namespace tollgate::sqlite {

/// The transitions of ChargeStore, inside the transaction the caller has open. Each either writes nothing or all it has
/// to, unless SQLite fails; that is left in the database, and the caller rolls back. So no savepoint is needed: what can
/// break a rule of a table is written first. Any of them may run again after a rollback.
class ChargeWrites {
public:
    explicit ChargeWrites(Database& database);

    /// `begin.row` is brought up to what was written; with `fresh` it is the charge, and `Begun::row` is left empty for the
    /// caller to move it there, since the state need not be copied.
    [[nodiscard]] Result<Begun> begin(BeginCharge& begin);
    [[nodiscard]] Result<void> advance(const Transition& transition);
    [[nodiscard]] Result<std::vector<ChargeRow>> claim(WallTime now, WallTime lease_until, std::size_t limit);
    [[nodiscard]] Result<Taken> take(const std::string& id, WallTime now, WallTime lease_until, Reach reach);
    [[nodiscard]] Result<Taken> take_for(const std::string& id, const std::string& operation, WallTime now,
                                         WallTime lease_until);

    /// How many were written, those rolled back included.
    [[nodiscard]] std::uint64_t transitions() const noexcept { return transitions_; }

    /// For an owner that knows every earlier one to be dead.
    void end_all_leases();

private:
    struct Existing {
        std::int64_t seq = 0;
        ChargeRow row;
        std::optional<WallTime> answered_at;
    };
    [[nodiscard]] std::optional<Existing> existing(const std::string& id);
    void own(std::int64_t seq, ChargeRow& row, WallTime lease_until);
    [[nodiscard]] Taken take_known(Existing known, WallTime now, WallTime lease_until, Reach reach);
    [[nodiscard]] std::optional<OperationRecord> find_operation(std::int64_t charge, const std::string& id);
    void keep(const std::string& charge, const OperationRecord& operation, WallTime now);
    [[nodiscard]] Begun answer_known(const BeginCharge& begin, Existing known);
    [[nodiscard]] std::optional<Begun> refuse(const BeginCharge& begin, std::optional<GcraDecision>& decision);
    [[nodiscard]] bool write_step(const Transition& transition);  // false: the fence is another one
    void write_fresh(BeginCharge& begin, const std::optional<Existing>& freed);
    [[nodiscard]] std::vector<std::int64_t> count_fresh(const BeginCharge& begin);
    void add_event(const Velocity& velocity, const std::string& event, WallTime at);
    [[nodiscard]] std::int64_t count_events(const Velocity& velocity, WallTime now);

    std::uint64_t transitions_ = 0;
    EventWrites events_;
    Statement find_;
    Statement insert_;
    Statement begin_again_;
    Statement own_;
    Statement duplicate_;
    Statement read_limit_;
    Statement write_limit_;
    Statement continue_;
    Statement progress_;
    Statement conclude_;
    Statement add_ledger_;
    Statement find_operation_;
    Statement keep_operation_;
    Statement add_event_;
    Statement forget_event_;
    Statement drop_events_;
    Statement count_events_;
    Statement due_;
    Statement end_leases_;
};

}  // namespace tollgate::sqlite
