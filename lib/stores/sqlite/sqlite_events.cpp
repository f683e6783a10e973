#include "stores/sqlite/sqlite_events.hpp"

namespace tollgate::sqlite {

Task<Result<Accepted>> SqliteEvents::accept(Event event, Milliseconds lease) {
    return parts_.write<Accepted>([event = std::move(event), lease](Session& session) {
        session.housekeeping.saw(event.at);
        return session.event_writes.accept(event, lease);
    });
}

Task<Result<std::vector<StoredEvent>>> SqliteEvents::claim(EventQueue queue, WallTime now, Milliseconds lease,
                                                           std::size_t limit) {
    return parts_.write<std::vector<StoredEvent>>([queue, now, lease, limit](Session& session) {
        session.housekeeping.saw(now);
        return session.event_writes.claim(queue, now, lease, limit);
    });
}

Task<Result<void>> SqliteEvents::settle(std::vector<Settlement> settlements, WallTime now) {
    return parts_.write<void>([settlements = std::move(settlements), now](Session& session) {
        session.housekeeping.saw(now);
        return session.event_writes.settle(settlements, now);
    });
}

Task<Result<std::optional<StoredEvent>>> SqliteEvents::find(std::string id) {
    return parts_.read<std::optional<StoredEvent>>(
        [id = std::move(id)](Session& session) { return session.event_reads.find(id); });
}

Task<Result<EventPage>> SqliteEvents::dead_letters(DeadLetterQuery query) {
    return parts_.read<EventPage>(
        [query = std::move(query)](Session& session) { return session.event_reads.dead_letters(query); });
}

Task<Result<EventPage>> SqliteEvents::archive(ArchiveQuery query) {
    return parts_.read<EventPage>([query = std::move(query)](Session& session) { return session.event_reads.archive(query); });
}

Task<Result<Replayed>> SqliteEvents::replay(std::string id, WallTime now) {
    return parts_.write<Replayed>([id = std::move(id), now](Session& session) {
        session.housekeeping.saw(now);
        return session.event_writes.replay(id, now);
    });
}

}  // namespace tollgate::sqlite
