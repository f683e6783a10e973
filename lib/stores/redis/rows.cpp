#include "stores/redis/rows.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace tollgate::redis {
namespace {

/// In the order of ChargeStatus.
constexpr std::string_view letters = "pqasdbrcn";

ChargeStatus status_of(char letter) noexcept {
    const std::size_t at = letters.find(letter);
    return at == std::string_view::npos ? ChargeStatus::needs_attention : static_cast<ChargeStatus>(at);
}

/// What stands before the next such character, which is taken away with it.
std::string_view until(char end, std::string_view& text) {
    const std::size_t at = std::min(text.find(end), text.size());
    const std::string_view part = text.substr(0, at);
    text.remove_prefix(std::min(at + 1, text.size()));
    return part;
}

std::string_view until_colon(std::string_view& text) {
    return until(':', text);
}

/// From "type gateway-id" and "amount:currency:at"; of these the time is left.
LedgerEntry read_entry(std::string_view name, std::string_view value) {
    LedgerEntry entry;
    entry.type = until(' ', name);
    entry.gateway_id = name;
    entry.amount = number_of(until_colon(value));
    entry.currency = until_colon(value);
    entry.moved_at = time_of(value);
    return entry;
}

void read_sale(ChargeRow& row, std::string_view sale) {
    row.tenant = behind_length(sale);
    row.order_id = behind_length(sale);
    row.amount = number_of(until_colon(sale));
    row.currency = sale;
}

void read_first(ChargeRow& row, std::string_view text) {
    row.created_at = created_at(text);
    row.idempotency_key = text.substr(std::min(text.find(' ') + 1, text.size()));
}

void read_standing(ChargeRow& row, std::string_view standing) {
    if (standing.size() != 3) return;
    row.status = status_of(standing[0]);
    row.live = standing[1] == '1';
    row.key_free = standing[2] == '1';
}

Answer read_answer(std::string_view text) {
    return {static_cast<int>(number_of(text.substr(0, 3))), std::string(text.substr(std::min<std::size_t>(3, text.size())))};
}

void read_field(StoredRow& stored, char name, std::string_view value) {
    ChargeRow& row = stored.row;
    switch (name) {
        case 'f':
            row.fence = static_cast<std::uint64_t>(number_of(value));
            break;
        case 's':
            read_standing(row, value);
            break;
        case 'd':
            if (!value.empty()) row.due_at = time_of(value);
            break;
        case 'l':
            row.lease_until = time_of(value);
            break;
        case 'p':
            row.fingerprint = value;
            break;
        case 'c':
            row.customer_id = value;
            break;
        case 'b':
            row.begun_at = time_of(value);
            break;
        case 'x':
            row.state = value;
            break;
        case 'm':
            read_sale(row, value);
            break;
        case 'i':
            read_first(row, value);
            break;
        case 'r':
            row.attempt = static_cast<int>(number_of(value));
            break;
        case 'u':
            stored.at_risk = {number_of(until_colon(value)), number_of(until_colon(value)), number_of(value)};
            break;
        case 'A':
            stored.answered_at = time_of(value);
            break;
        case 'B':
            row.answer = read_answer(value);
            break;
        default:
            break;
    }
}

}  // namespace

char letter_of(ChargeStatus status) noexcept {
    return letters[static_cast<std::size_t>(status)];
}

std::string standing_of(ChargeStatus status, bool live, bool key_free) {
    return {letter_of(status), live ? '1' : '0', key_free ? '1' : '0'};
}

std::string answer_field(const tollgate::Answer& answer) {
    std::string field = std::to_string(std::clamp(answer.status, 100, 999));
    field += answer.body;
    return field;
}

std::string risk_field(const AtRisk& risk) {
    if (risk == AtRisk{}) return {};
    return std::to_string(risk.unknown) + ":" + std::to_string(risk.uncaptured) + ":" + std::to_string(risk.pending_refund);
}

StoredRow read_row(std::string_view id, ReplyView fields) {
    StoredRow stored;
    stored.row.id = id;
    stored.row.status = ChargeStatus::needs_attention;
    for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
        const std::string_view name = fields[i].text();
        if (name.size() == 1) read_field(stored, name[0], fields[i + 1].text());
    }
    return stored;
}

OperationRecord read_operation(std::string_view id, std::string_view value) {
    OperationRecord record{.id = std::string(id), .fingerprint = std::string(behind_length(value)), .answer = {}};
    if (!value.empty()) record.answer = read_answer(value);
    return record;
}

WallTime created_at(std::string_view first_field) {
    return time_of(first_field.substr(0, first_field.find(' ')));
}

std::vector<LedgerEntry> read_ledger(ReplyView fields) {
    std::vector<std::pair<std::int64_t, LedgerEntry>> placed;
    for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
        std::string_view value = fields[i + 1].text();
        const std::int64_t place = number_of(until_colon(value));
        placed.emplace_back(place, read_entry(fields[i].text(), value));
    }
    std::ranges::sort(placed, {}, [](const auto& one) { return one.first; });
    std::vector<LedgerEntry> entries;
    for (auto& [place, entry] : placed) entries.push_back(std::move(entry));
    return entries;
}

BookedEntry read_booked(std::string_view text) {
    BookedEntry booked;
    booked.charge_id = until(' ', text);
    const std::string_view value = until(' ', text);
    booked.entry = read_entry(text, value);
    booked.at = *booked.entry.moved_at;
    return booked;
}

std::string ledger_name(const LedgerEntry& entry) {
    return entry.type + " " + entry.gateway_id;
}

std::string ledger_value(const LedgerEntry& entry, WallTime at) {
    return std::to_string(entry.amount) + ":" + entry.currency + ":" + text_of(at);
}

void add_behind_length(std::string& to, std::string_view text) {
    to.append(std::to_string(text.size())).append(1, ':').append(text);
}

std::string_view behind_length(std::string_view& texts) {
    const auto size = static_cast<std::size_t>(std::max<std::int64_t>(number_of(until_colon(texts)), 0));
    const std::string_view text = texts.substr(0, size);
    texts.remove_prefix(text.size());
    return text;
}

std::int64_t number_of(std::string_view digits) noexcept {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return error == std::errc() && end == digits.data() + digits.size() ? number : 0;
}

}  // namespace tollgate::redis
