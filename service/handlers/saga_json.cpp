#include "service/handlers/saga_json.hpp"

#include <map>
#include <string_view>

#include "core/json_writer.hpp"
#include "payments/accounts.hpp"
#include "payments/keys.hpp"
#include "payments/operation.hpp"

namespace tollgate {
namespace {

void write_row(JsonWriter& out, const ChargeRow& row, std::string_view state, WallTime now) {
    out.member("id", saga_id(row.id)).member("object", "saga").member("state", state).member("charge_id", row.id);
    out.member("status", name(row.status)).member("tenant", row.tenant).member("order_id", row.order_id);
    out.member("amount", row.amount).member("currency", row.currency);
    out.member("attempt", row.attempt).member("fence", row.fence);
    const bool owned = row.due_at && row.lease_until > now;
    if (row.due_at) out.member("due_at", to_rfc3339(*row.due_at));
    out.member("owned", owned);
    if (owned) out.member("lease_until", to_rfc3339(row.lease_until));
    out.member("created_at", to_rfc3339(row.created_at));
}

/// `idempotency_key` is the one that the call carries outward: the gateway's people can find it by that.
void write_step(JsonWriter& out, const Charge& charge) {
    const Intent& intent = *charge.intent;
    out.name("step").begin_object().member("name", name(intent.step)).member("since", to_rfc3339(intent.since));
    out.member("tries", intent.tries).member("round", intent.round).member("may_have_left", intent.sent);
    out.member("idempotency_key", outward_key(charge));
    out.end_object();
}

void write_course(JsonWriter& out, const Charge& charge) {
    out.member("customer_id", charge.request.customer.id);
    if (status_of(charge) == ChargeStatus::authorized && charge.authorization && charge.authorization->expires_at) {
        out.member("capture_before", to_rfc3339(*charge.authorization->expires_at));
    }
    if (charge.intent) write_step(out, charge);
    if (!charge.failure) return;
    const Failure& failure = *charge.failure;
    out.name("failure").begin_object().member("step", name(failure.step));
    out.member("code", info(failure.error.code).name).member("detail", failure.error.detail);
    if (failure.voided) out.member("voided", true);
    if (failure.timed_out) out.member("timed_out", true);
    out.end_object();
}

void write_facts(JsonWriter& out, const Charge& charge) {
    out.name("facts").begin_object().member_if_any("reservation_id", charge.reservation_id);
    if (charge.authorization) out.member("authorization_id", charge.authorization->id);
    out.member_if_any("waiting_id", charge.waiting_id);
    if (charge.to_capture > 0) out.member("to_capture", charge.to_capture);
    out.member_if_any("capture_id", charge.capture_id);
    if (!charge.capture_id.empty()) out.member("captured", charge.captured);
    out.member_if_any("shipment_id", charge.shipment_id);
    if (charge.shipment_canceled) out.member("shipment_canceled", true);
    out.member_if_any("refund_id", charge.refund_id).member_if_any("void_id", charge.void_id);
    if (charge.released) out.member("released", true);
    out.end_object();
}

/// Those that were asked for and those that the gateway told of; a pending one has no id yet.
void write_refunds(JsonWriter& out, const Charge& charge) {
    if (charge.refunds.empty()) return;
    out.name("refunds").begin_array();
    for (const Refund& refund : charge.refunds) {
        out.begin_object().member("status", refund.id.empty() ? "pending" : "refunded").member("amount", refund.amount);
        out.member_if_any("refund_id", refund.id).member_if_any("operation", refund.operation).end_object();
    }
    out.end_array();
}

void write_operations(JsonWriter& out, const Charge& charge) {
    if (charge.operations.empty()) return;
    out.name("operations").begin_array();
    for (const OpenOperation& one : charge.operations) {
        out.begin_object().member("id", one.id).member("kind", name(one.kind)).member("request_id", one.request_id);
        out.end_object();
    }
    out.end_array();
}

/// The movement of each moment that is one, nothing for the others: the last of a type there is the last of it here.
std::vector<const LedgerEntry*> movements_of(const Charge& charge, const std::vector<LedgerEntry>& ledger) {
    std::vector<const LedgerEntry*> movements(charge.history.size());
    std::map<std::string_view, std::size_t> ends;  // by type: what is left to be told lies before it
    for (std::size_t i = movements.size(); i-- > 0;) {
        std::string_view type = charge.history[i].what;
        if (!type.starts_with(payment_moment)) continue;
        type.remove_prefix(payment_moment.size());
        std::size_t& end = ends.try_emplace(type, ledger.size()).first->second;
        while (end > 0 && ledger[end - 1].type != type) --end;
        if (end > 0) movements[i] = &ledger[--end];
    }
    return movements;
}

void write_moment(JsonWriter& out, const Moment& one, std::string_view who, std::string_view outcome) {
    out.begin_object().member("at", to_rfc3339(one.at)).member("who", who).member("what", one.what);
    out.member("outcome", outcome);
    if (one.times > 1) out.member("times", one.times).member("until", to_rfc3339(one.until));
    out.end_object();
}

void write_timeline(JsonWriter& out, const Charge& charge, const std::vector<LedgerEntry>& ledger) {
    const Money asked = charge.request.amount;
    out.name("timeline").begin_array();
    write_moment(out, {.at = charge.created_at, .what = "charge.create", .outcome = {}}, charge.tenant, to_string(asked));
    if (charge.attempt > 1) {
        const std::string again = "attempt " + std::to_string(charge.attempt) +
                                  " under the same key; what came of the one before is in the audit log";
        write_moment(out, {.at = charge.begun_at, .what = "charge.create", .outcome = {}}, charge.tenant, again);
    }
    const auto movements = movements_of(charge, ledger);
    for (std::size_t i = 0; i < movements.size(); ++i) {
        const Moment& one = charge.history[i];
        if (const LedgerEntry* const moved = movements[i]) {
            const Money sum{moved->amount, asked.currency};
            write_moment(out, one, "gateway", to_string(sum) + " " + moved->gateway_id);
        } else {
            write_moment(out, one, one.who, one.outcome);
        }
    }
    out.end_array();
}

void write_ledger(JsonWriter& out, const std::vector<LedgerEntry>& ledger) {
    out.name("ledger").begin_array();
    for (const LedgerEntry& entry : ledger) {
        out.begin_object().member("type", entry.type).member("gateway_id", entry.gateway_id);
        out.member("amount", entry.amount).member("currency", entry.currency);
        if (const auto accounts = accounts_of(entry.type)) {
            out.member("debit", accounts->debit).member("credit", accounts->credit);
        }
        out.end_object();
    }
    out.end_array();
}

std::string to_json(const ChargeRow& row, const Result<Charge>& charge, WallTime now, const std::vector<LedgerEntry>* ledger) {
    JsonWriter out(1024);
    out.begin_object();
    if (charge) {
        write_row(out, row, saga_state(*charge), now);
        write_course(out, *charge);
        if (ledger != nullptr) {
            write_facts(out, *charge);
            write_refunds(out, *charge);
            write_operations(out, *charge);
            write_timeline(out, *charge, *ledger);
        }
    } else {
        write_row(out, row, "UNREADABLE", now);
        out.member("detail", charge.error().detail);
    }
    if (ledger != nullptr) write_ledger(out, *ledger);
    return out.end_object().take();
}

}  // namespace

std::string to_saga_json(const ChargeRow& row, const Result<Charge>& charge, WallTime now) {
    return to_json(row, charge, now, nullptr);
}

std::string to_saga_json(const ChargeRow& row, const Result<Charge>& charge, WallTime now,
                         const std::vector<LedgerEntry>& ledger) {
    return to_json(row, charge, now, &ledger);
}

}  // namespace tollgate
