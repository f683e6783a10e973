#include "payments/shop_events.hpp"

#include "core/json_writer.hpp"
#include "stores/digest.hpp"

namespace tollgate {
namespace {

/// `what` tells this event from the charge's others of the same type.
Event event_of(const Charge& charge, std::string_view type, std::string_view what, WallTime now) {
    const std::string place = charge.id.substr(charge.id.find('_') + 1, 2);
    Event event{.id = "evt_" + place + base32(digest_of({"event", charge.id, type, what}), 20),
                .queue = EventQueue::outgoing,
                .source = {},
                .name = {},
                .type = std::string(type),
                .charge_id = charge.id,
                .fingerprint = {},
                .body = {},
                .at = now};
    JsonWriter out(1024);
    out.begin_object().member("id", event.id).member("type", type).member("timestamp", to_rfc3339(now));
    event.body = out.json("data", to_json(charge)).end_object().take();
    return event;
}

}  // namespace

std::string_view told_of_status(const Charge& charge) noexcept {
    if (frees_key(charge) && charge.told.empty() && charge.actions == 0) return {};
    switch (status_of(charge)) {
        case ChargeStatus::succeeded:
            return "charge.succeeded";
        case ChargeStatus::declined:
        case ChargeStatus::blocked:
            return "charge.declined";
        case ChargeStatus::reversed:
        case ChargeStatus::canceled:
            return "charge.reversed";
        case ChargeStatus::requires_action:
            return "charge.requires_action";
        case ChargeStatus::needs_attention:
            return "charge.needs_attention";
        case ChargeStatus::processing:
        case ChargeStatus::authorized:
            return {};
    }
    return {};
}

Event status_event(const Charge& charge, WallTime now) {
    const std::string what = std::to_string(charge.attempt) + "." + std::to_string(charge.actions);
    return event_of(charge, told_of_status(charge), what, now);
}

Event occurrence_event(const Charge& charge, const Occurrence& occurrence, WallTime now) {
    const bool refund = occurrence.kind == Occurrence::Kind::refunded;
    return event_of(charge, refund ? "charge.refunded" : "charge.disputed", occurrence.gateway_id, now);
}

}  // namespace tollgate
