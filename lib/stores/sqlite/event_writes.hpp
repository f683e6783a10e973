#pragma once

#include <span>

#include "stores/events.hpp"
#include "stores/sqlite/database.hpp"

namespace tollgate::sqlite {

/// The transitions of EventStore, inside the transaction the caller has open, as ChargeWrites has those of ChargeStore.
class EventWrites {
public:
    explicit EventWrites(Database& database);

    [[nodiscard]] Result<Accepted> accept(const Event& event, Milliseconds lease);
    [[nodiscard]] Result<std::vector<StoredEvent>> claim(EventQueue queue, WallTime now, Milliseconds lease, std::size_t limit);
    [[nodiscard]] Result<void> settle(std::span<const Settlement> settlements, WallTime now);
    [[nodiscard]] Result<Replayed> replay(const std::string& id, WallTime now);

    /// The outgoing events of a step that was written.
    void queue(std::span<const Event> events, WallTime now);

    /// For an owner that knows every earlier one to be dead.
    void end_all_leases();

private:
    /// How an event begins to wait.
    struct Start {
        std::int64_t turn = 0;
        std::optional<WallTime> due_at;
        std::optional<WallTime> held_until;
    };
    [[nodiscard]] bool insert(const Event& event, EventQueue queue, const Start& start);  // false: it is known
    [[nodiscard]] Start behind_the_last(const std::string& charge_id, WallTime now);

    Statement insert_;
    Statement insert_body_;
    Statement fingerprint_;
    Statement due_;
    Statement hold_;
    Statement settle_;
    Statement release_next_;
    Statement last_turn_;
    Statement standing_;
    Statement wait_again_;
    Statement end_leases_;
};

}  // namespace tollgate::sqlite
