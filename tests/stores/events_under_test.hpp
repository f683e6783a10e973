#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store_under_test.hpp"

namespace tollgate::test {

inline constexpr Milliseconds event_lease = std::chrono::seconds(30);

/// An incoming event. What is claimed in an order that counts lies in one place; "" spreads events over all of them.
[[nodiscard]] inline Event incoming(const std::string& name, WallTime at = noon, const std::string& place = "ws") {
    return {.id = "wh_" + (place.empty() ? place_of(name) : place) + "_" + name,
            .queue = EventQueue::incoming,
            .source = "sandbox",
            .name = name,
            .type = "payment.captured",
            .charge_id = "",
            .fingerprint = "bytes of " + name,
            .body = "body of " + name,
            .at = at};
}

[[nodiscard]] inline std::string incoming_id(const std::string& name) {
    return incoming(name).id;
}

/// An outgoing one of the shop's charge `id_of(key)`.
[[nodiscard]] inline Event outgoing(const std::string& name, const std::string& key = "a", WallTime at = noon) {
    return {.id = "evt_" + place_of("shop") + "_" + name,
            .queue = EventQueue::outgoing,
            .source = "",
            .name = "",
            .type = "charge.succeeded",
            .charge_id = id_of(key),
            .fingerprint = "",
            .body = "body of " + name,
            .at = at};
}

[[nodiscard]] inline std::string outgoing_id(const std::string& name) {
    return outgoing(name).id;
}

/// What a try of this claimed event came to.
[[nodiscard]] inline Settlement settlement_of(const StoredEvent& stored, Settlement::Kind kind,
                                              std::optional<WallTime> due_at = std::nullopt) {
    return {.id = stored.event.id, .claim = stored.claims, .kind = kind, .due_at = due_at, .note = "a note"};
}

[[nodiscard]] inline std::vector<std::string> ids_of(const std::vector<StoredEvent>& events) {
    std::vector<std::string> ids;
    for (const StoredEvent& stored : events) ids.push_back(stored.event.id);
    return ids;
}

/// A store and a loop to ask for its events on.
struct EventBench : Bench {
    using Bench::Bench;

    Accepted accept(Event event, Milliseconds lease = Milliseconds(0)) {
        return loop.run(events().accept(std::move(event), lease)).value();
    }
    std::vector<StoredEvent> claim_events(EventQueue queue, WallTime now, std::size_t limit = 100,
                                          Milliseconds lease = event_lease) {
        return loop.run(events().claim(queue, now, lease, limit)).value();
    }
    std::vector<StoredEvent> claim_incoming(WallTime now, std::size_t limit = 100) {
        return claim_events(EventQueue::incoming, now, limit);
    }
    std::vector<StoredEvent> claim_outgoing(WallTime now, std::size_t limit = 100) {
        return claim_events(EventQueue::outgoing, now, limit);
    }
    Result<void> settle(std::vector<Settlement> settlements, WallTime now = noon) {
        return loop.run(events().settle(std::move(settlements), now));
    }
    std::optional<StoredEvent> find_event(const std::string& id) { return loop.run(events().find(id)).value(); }
    Replayed replay(const std::string& id, WallTime now = noon) { return loop.run(events().replay(id, now)).value(); }
    Result<EventPage> dead_letters(DeadLetterQuery query) { return loop.run(events().dead_letters(std::move(query))); }
    Result<EventPage> archive(ArchiveQuery query) { return loop.run(events().archive(std::move(query))); }

    /// Takes an event in and lets its only try come to this.
    void accept_and_settle(const Event& event, Settlement::Kind kind, WallTime now = noon) {
        if (accept(event, event_lease) != Accepted::fresh) throw std::runtime_error(event.id + " is not fresh");
        settle({{.id = event.id, .claim = 1, .kind = kind, .due_at = {}, .note = "a note"}}, now).value();
    }

    EventStore& events() { return store->events(); }
};

/// All pages of a walk, one after the other; none is longer than it may be.
template <class Query, class Ask>
std::vector<StoredEvent> all_pages(Query query, Ask ask) {
    std::vector<StoredEvent> all;
    do {
        EventPage page = ask(query).value();
        if (page.events.size() > query.limit) throw std::runtime_error("a page that is too long");
        if (all.size() > 10'000) throw std::runtime_error("a walk that goes round");
        std::ranges::move(page.events, std::back_inserter(all));
        query.cursor = page.next_cursor;
    } while (!query.cursor.empty());
    return all;
}

}  // namespace tollgate::test
