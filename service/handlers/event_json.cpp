#include "service/handlers/event_json.hpp"

#include "core/json_writer.hpp"

namespace tollgate {
namespace {

std::string write(const StoredEvent& stored, bool with_body) {
    const Event& event = stored.event;
    JsonWriter out(256 + (with_body ? event.body.size() : 0));
    out.begin_object().member("id", event.id).member("object", "event").member("queue", name(event.queue));
    out.member("state", name(stored.state)).member("type", event.type);
    out.member_if_any("source", event.source).member_if_any("event_id", event.name);
    out.member_if_any("charge_id", event.charge_id).member("failures", stored.failures).member_if_any("note", stored.note);
    out.member(event.queue == EventQueue::incoming ? "received_at" : "created_at", to_rfc3339(event.at));
    if (stored.due_at) out.member("due_at", to_rfc3339(*stored.due_at));
    if (stored.settled_at) out.member("settled_at", to_rfc3339(*stored.settled_at));
    if (with_body) out.member("body", event.body);
    return out.end_object().take();
}

}  // namespace

std::string to_event_json(const StoredEvent& stored) {
    return write(stored, false);
}

std::string to_full_event_json(const StoredEvent& stored) {
    return write(stored, true);
}

}  // namespace tollgate
