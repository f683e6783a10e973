#include "webhooks/replay.hpp"

#include <utility>

namespace tollgate::webhooks {

Task<Result<std::size_t>> replay_day(EventStore& store, std::chrono::sys_days day, WallTime now) {
    ArchiveQuery query{.from = day, .until = day + std::chrono::days(1)};
    std::size_t count = 0;
    do {
        auto page = co_await store.archive(query);
        if (!page) co_return fail(std::move(page.error()));
        for (StoredEvent& stored : page->events) {
            if (stored.state == StoredEvent::State::waiting) continue;
            const auto replayed = co_await store.replay(std::move(stored.event.id), now);
            if (!replayed) co_return fail(replayed.error());
            if (*replayed == Replayed::replayed) ++count;
        }
        query.cursor = std::move(page->next_cursor);
    } while (!query.cursor.empty());
    co_return count;
}

}  // namespace tollgate::webhooks
