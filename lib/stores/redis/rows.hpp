#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/redis/reply.hpp"
#include "stores/ports.hpp"
#include "stores/reconciliation.hpp"

/// How a charge lies in its hash. What no script looks at is kept together, since a field costs some sixty bytes.
///
///     f  fence                      n  nonce of the owner's begin ("f" fresh, "t" taken over) or claim ("c")
///     w  number of the last write   s  standing: letter of the status, live, key free ("p10")
///     d  due_at, or empty           l  lease_until
///     p  fingerprint                b  begun_at
///     x  state                      m  sale: tenant, order, amount, currency (keys.hpp)
///     q  order of arrival           i  created_at, a space, the idempotency key
///     r  attempt, after the first   A  answered_at, from then on; B the answer's status and body, until it is forgotten
///     u  at risk: "unknown:uncaptured:pending refund"; absent: nothing is
///     c  customer
namespace tollgate::redis {

[[nodiscard]] char letter_of(ChargeStatus status) noexcept;
[[nodiscard]] std::string standing_of(ChargeStatus status, bool live, bool key_free);
[[nodiscard]] std::string answer_field(const tollgate::Answer& answer);
[[nodiscard]] std::string risk_field(const AtRisk& risk);

struct StoredRow {
    ChargeRow row;
    std::optional<WallTime> answered_at;
    AtRisk at_risk;
};

/// From HGETALL. What is not there, or was damaged by a foreign hand, is as in an empty row; of an unknown status somebody
/// has to look at the charge.
[[nodiscard]] StoredRow read_row(std::string_view id, ReplyView fields);

/// "LEN:FINGERPRINT", and the answer's status and body once it is settled.
[[nodiscard]] OperationRecord read_operation(std::string_view id, std::string_view value);

/// "created_at key".
[[nodiscard]] WallTime created_at(std::string_view first_field);

/// Of HGETALL of a ledger, in the order it was written.
[[nodiscard]] std::vector<LedgerEntry> read_ledger(ReplyView fields);
[[nodiscard]] std::string ledger_name(const LedgerEntry& entry);
[[nodiscard]] std::string ledger_value(const LedgerEntry& entry, WallTime at);

/// Of the list of a day: "charge-id amount:currency:at type gateway-id".
[[nodiscard]] BookedEntry read_booked(std::string_view text);

[[nodiscard]] inline std::string text_of(WallTime time) {
    return std::to_string(time.time_since_epoch().count());
}

/// Of texts one after the other, each behind its length: "6:tenant5:order". What is read is taken away.
void add_behind_length(std::string& to, std::string_view text);
[[nodiscard]] std::string_view behind_length(std::string_view& texts);

[[nodiscard]] std::int64_t number_of(std::string_view digits) noexcept;
[[nodiscard]] inline WallTime time_of(std::string_view digits) noexcept {
    return WallTime(Milliseconds(number_of(digits)));
}

}  // namespace tollgate::redis
