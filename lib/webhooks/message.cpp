#include "webhooks/message.hpp"

#include <algorithm>

#include "json/strict_json.hpp"
#include "redaction/card_number.hpp"
#include "redaction/redact.hpp"
#include "stores/digest.hpp"
#include "webhooks/adyen.hpp"
#include "webhooks/masked.hpp"

namespace tollgate::webhooks {
namespace {

namespace json = boost::json;

constexpr std::size_t text_max = 255;
constexpr std::size_t id_bytes = 20;

/// 1 to 255 characters without control characters; else nothing.
std::string_view plain(const json::object& object, std::string_view name) noexcept {
    const json::value* const value = object.if_contains(name);
    const json::string* const text = value == nullptr ? nullptr : value->if_string();
    if (text == nullptr || text->size() > text_max) return {};
    const bool control = std::ranges::any_of(*text, [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; });
    return control ? std::string_view() : std::string_view(*text);
}

std::string fingerprint_of(std::string_view bytes) {
    const Digest digest = digest_of({"webhook body", bytes});
    return base32(digest, digest.size());
}

Event event_of(const Source& source, std::string_view sender_id, std::string_view type, WallTime now) {
    Event event;
    event.id = webhook_id(source.name, sender_id);
    event.queue = EventQueue::incoming;
    event.source = source.name;
    event.name = redact(sender_id);
    event.type = redact(type);
    event.at = now;
    return event;
}

Result<std::vector<Event>> read_object(const Source& source, std::string_view body, WallTime now) {
    auto value = parse_strict_json(body);
    if (!value) return fail(std::move(value.error()));
    json::object* const object = value->if_object();
    const std::string_view id = object == nullptr ? std::string_view() : plain(*object, "id");
    if (id.empty()) {
        return fail(Code::invalid_json, "the body must be an object with an id: a string of 1 to 255 characters");
    }
    Event event = event_of(source, id, plain(*object, "type"), now);
    event.body = masked_body(*value, body);
    const bool counts_copies = object->erase("pending_webhooks") > 0;
    event.fingerprint = fingerprint_of(counts_copies ? canonical_json(*value) : body);
    return std::vector{std::move(event)};
}

Result<std::vector<Event>> read_items(const Source& source, std::string_view body, WallTime now) {
    const auto items = adyen_items(body);
    if (!items) return fail(items.error());
    std::vector<Event> events;
    for (const AdyenItem& item : *items) {
        const std::string_view code = plain(item.object, "eventCode");
        const std::string_view reference = plain(item.object, "pspReference");
        if (code.empty() || reference.empty()) {
            return fail(Code::invalid_json, "every item must have an eventCode and a pspReference of 1 to 255 characters");
        }
        Event event = event_of(source, std::string(code).append(":").append(reference), code, now);
        event.body = masked_json(item.object);
        event.fingerprint = fingerprint_of(item.signed_text);
        events.push_back(std::move(event));
    }
    return events;
}

}  // namespace

std::string webhook_id(std::string_view source, std::string_view sender_id) {
    return "wh_" + base32(digest_of({"webhook", source, sender_id}), id_bytes);
}

Result<std::vector<Event>> read(const Source& source, std::string_view body, WallTime now) {
    return source.scheme == Scheme::adyen ? read_items(source, body, now) : read_object(source, body, now);
}

}  // namespace tollgate::webhooks
