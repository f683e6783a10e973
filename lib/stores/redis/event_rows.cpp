#include "stores/redis/event_rows.hpp"

#include <algorithm>

#include "stores/redis/rows.hpp"

namespace tollgate::redis {
namespace {

void read_standing(StoredEvent& stored, std::string_view standing) {
    if (standing.size() < 2) return;
    using State = StoredEvent::State;
    stored.event.queue = standing[0] == 'o' ? EventQueue::outgoing : EventQueue::incoming;
    stored.state = standing[1] == 'w' ? State::waiting : standing[1] == 'd' ? State::done : State::dead;
    stored.event.at = time_of(standing.substr(2));
}

void read_value(Event& event, std::string_view value) {
    event.source = behind_length(value);
    event.name = behind_length(value);
    event.type = behind_length(value);
    event.body = value;
}

void read_field(StoredEvent& stored, char name, std::string_view value) {
    switch (name) {
        case 's':
            read_standing(stored, value);
            break;
        case 'p':
            stored.event.fingerprint = value;
            break;
        case 'v':
            read_value(stored.event, value);
            break;
        case 'h':
            stored.event.charge_id = value;
            break;
        case 'd':
            stored.due_at = time_of(value);
            break;
        case 'c':
            stored.claims = number_of(value);
            break;
        case 'f':
            stored.failures = static_cast<int>(number_of(value));
            break;
        case 't':
            stored.note = value;
            break;
        case 'z':
            stored.settled_at = time_of(value);
            break;
        default:
            break;
    }
}

}  // namespace

char letter_of(EventQueue queue) noexcept {
    return queue == EventQueue::incoming ? 'i' : 'o';
}

std::string event_value(const Event& event) {
    std::string value;
    value.reserve(event.source.size() + event.name.size() + event.type.size() + event.body.size() + 16);
    for (const std::string* text : {&event.source, &event.name, &event.type}) add_behind_length(value, *text);
    return value += event.body;
}

StoredEvent read_event(std::string_view id, ReplyView fields) {
    StoredEvent stored;
    stored.event.id = id;
    for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
        const std::string_view name = fields[i].text();
        if (name.size() == 1) read_field(stored, name[0], fields[i + 1].text());
    }
    return stored;
}

}  // namespace tollgate::redis
