#include "stores/sqlite/event_reads.hpp"

#include <algorithm>
#include <limits>

#include "stores/sqlite/cursor.hpp"
#include "stores/sqlite/event_rows.hpp"

namespace tollgate::sqlite {
namespace {

/// `rows` has one row more than the page, if there are more; `cursor_of` the event and its place gives the cursor behind it.
template <class CursorOf>
EventPage read_page(Rows rows, std::size_t limit, CursorOf cursor_of) {
    EventPage page;
    std::int64_t last = 0;
    while (rows.next()) {
        if (page.events.size() == limit) {
            page.next_cursor = cursor_of(page.events.back(), last);
            break;
        }
        last = rows.number(0);
        page.events.push_back(read_event(rows));
    }
    return page;
}

}  // namespace

EventReads::EventReads(Database& database)
    : find_(database, select_events + " WHERE id = ?1"),
      dead_letters_(database, select_events + " WHERE state = 'dead' AND seq < ?1 ORDER BY seq DESC LIMIT ?2"),
      archive_(database, select_events +
                             " WHERE queue = 'incoming' AND (at, seq) > (?1, ?2) AND at < ?3"
                             " ORDER BY at, seq LIMIT ?4") {}

Result<std::optional<StoredEvent>> EventReads::find(const std::string& id) {
    Rows rows = find_.rows(id);
    if (!rows.next()) return std::optional<StoredEvent>();
    return std::optional<StoredEvent>(read_event(rows));
}

Result<EventPage> EventReads::dead_letters(const DeadLetterQuery& query) {
    std::int64_t before = std::numeric_limits<std::int64_t>::max();
    if (!query.cursor.empty()) {
        const auto place = place_from<1>(query.cursor);
        if (!place) return fail(place.error());
        before = place->front();
    }
    const std::size_t limit = std::clamp<std::size_t>(query.limit, 1, 100);
    return read_page(dead_letters_.rows(before, static_cast<std::int64_t>(limit) + 1), limit,
                     [](const StoredEvent&, std::int64_t seq) { return cursor_at(std::array{seq}); });
}

Result<EventPage> EventReads::archive(const ArchiveQuery& query) {
    std::pair after{query.from, std::int64_t{0}};
    if (!query.cursor.empty()) {
        const auto place = place_from<2>(query.cursor);
        if (!place) return fail(place.error());
        after = std::max(after, std::pair(WallTime(Milliseconds(place->front())), place->back()));
    }
    const std::size_t limit = std::clamp<std::size_t>(query.limit, 1, 100);
    return read_page(archive_.rows(after.first, after.second, query.until, static_cast<std::int64_t>(limit) + 1), limit,
                     [](const StoredEvent& last, std::int64_t seq) {
                         return cursor_at(std::array{std::int64_t{last.event.at.time_since_epoch().count()}, seq});
                     });
}

}  // namespace tollgate::sqlite
