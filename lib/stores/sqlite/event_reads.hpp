#pragma once

#include "stores/events.hpp"
#include "stores/sqlite/database.hpp"

namespace tollgate::sqlite {

/// The questions of EventStore, on one connection, as ChargeReads has those of ChargeStore.
class EventReads {
public:
    explicit EventReads(Database& database);

    [[nodiscard]] Result<std::optional<StoredEvent>> find(const std::string& id);
    [[nodiscard]] Result<EventPage> dead_letters(const DeadLetterQuery& query);
    [[nodiscard]] Result<EventPage> archive(const ArchiveQuery& query);

private:
    Statement find_;
    Statement dead_letters_;
    Statement archive_;
};

}  // namespace tollgate::sqlite
