#include "stores/ports.hpp"

#include <array>
#include <utility>

#include "redaction/redact.hpp"

namespace tollgate {
namespace {

constexpr std::array<std::string_view, 9> status_names{"processing", "requires_action", "authorized",
                                                       "succeeded",  "declined",        "blocked",
                                                       "reversed",   "canceled",        "needs_attention"};

}  // namespace

std::string_view name(EventQueue queue) noexcept {
    return queue == EventQueue::incoming ? "incoming" : "outgoing";
}

std::string_view name(StoredEvent::State state) noexcept {
    constexpr std::array<std::string_view, 3> names{"waiting", "done", "dead"};
    return names[static_cast<std::size_t>(state)];
}

std::string_view name(ChargeStatus status) noexcept {
    return status_names[static_cast<std::size_t>(status)];
}

std::optional<ChargeStatus> charge_status_from(std::string_view text) noexcept {
    for (std::size_t i = 0; i < status_names.size(); ++i) {
        if (status_names[i] == text) return static_cast<ChargeStatus>(i);
    }
    return std::nullopt;
}

namespace {

constexpr std::size_t audit_text_max = 256;

}  // namespace

std::string fit_for_audit(std::string_view text) {
    std::string clean = redact(text);
    if (clean.size() <= audit_text_max) return clean;
    std::size_t size = audit_text_max;
    while (size > audit_text_max - 3 && (clean[size] & 0xc0) == 0x80) --size;  // not in the middle of a UTF-8 sequence
    // What is cut off may leave something behind that looks like a card number now.
    return redact(std::string_view(clean).substr(0, size));
}

void AuditLog::append(AuditRecord record) {
    for (std::string* text :
         {&record.who, &record.what, &record.outcome, &record.origin, &record.charge_id, &record.request_id}) {
        *text = fit_for_audit(*text);
    }
    keep(std::move(record));
}

}  // namespace tollgate
