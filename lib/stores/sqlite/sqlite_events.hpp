#pragma once

#include "stores/events.hpp"
#include "stores/sqlite/store_parts.hpp"

namespace tollgate::sqlite {

/// The events of a SqliteStore, whose parts it borrows.
class SqliteEvents final : public EventStore {
public:
    explicit SqliteEvents(StoreParts& parts) noexcept : parts_(parts) {}

    Task<Result<Accepted>> accept(Event event, Milliseconds lease) override;
    Task<Result<std::vector<StoredEvent>>> claim(EventQueue queue, WallTime now, Milliseconds lease,
                                                 std::size_t limit) override;
    Task<Result<void>> settle(std::vector<Settlement> settlements, WallTime now) override;
    Task<Result<std::optional<StoredEvent>>> find(std::string id) override;
    Task<Result<EventPage>> dead_letters(DeadLetterQuery query) override;
    Task<Result<EventPage>> archive(ArchiveQuery query) override;
    Task<Result<Replayed>> replay(std::string id, WallTime now) override;

private:
    StoreParts& parts_;
};

}  // namespace tollgate::sqlite
