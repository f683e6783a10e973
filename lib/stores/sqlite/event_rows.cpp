#include "stores/sqlite/event_rows.hpp"

namespace tollgate::sqlite {
namespace {

/// An unknown name can only come from a hand in the file: somebody has to look at that event.
StoredEvent::State state_from(std::string_view text) {
    using enum StoredEvent::State;
    for (const StoredEvent::State state : {waiting, done}) {
        if (text == name(state)) return state;
    }
    return dead;
}

}  // namespace

StoredEvent read_event(const Rows& rows) {
    StoredEvent stored;
    Event& event = stored.event;
    event.id = rows.text(1);
    event.queue = rows.text(2) == name(EventQueue::incoming) ? EventQueue::incoming : EventQueue::outgoing;
    event.source = rows.text(3);
    event.name = rows.text(4);
    event.type = rows.text(5);
    event.charge_id = rows.text(6);
    event.fingerprint = rows.text(7);
    event.at = rows.time(8);
    stored.state = state_from(rows.text(9));
    stored.claims = rows.number(10);
    stored.failures = static_cast<int>(rows.number(11));
    if (!rows.null(12)) stored.due_at = rows.time(12);
    stored.note = rows.text(13);
    if (!rows.null(14)) stored.settled_at = rows.time(14);
    event.body = rows.blob(15);
    return stored;
}

}  // namespace tollgate::sqlite
