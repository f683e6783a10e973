#pragma once

#include <cctype>
#include <numeric>
#include <sstream>
#include <string>

#include "store_under_test.hpp"

/// What a store is asked and what it answers, as text that shows every field: equal texts, equal answers.
namespace tollgate::test {

[[nodiscard]] inline std::string told(std::int64_t number);
[[nodiscard]] inline std::string told(const Answer& answer);
[[nodiscard]] inline std::string told(const PaymentError& error);
[[nodiscard]] inline std::string told(const LedgerEntry& entry);
[[nodiscard]] inline std::string told(const BookedEntry& booked);
[[nodiscard]] inline std::string told(const ReconciliationRun& run);
[[nodiscard]] inline std::string told(const OperationRecord& operation);
[[nodiscard]] inline std::string told(const CurrencyAtRisk& at_risk);
[[nodiscard]] inline std::string told(const GcraPolicy& policy);
[[nodiscard]] inline std::string told(const GcraDecision& decision);
[[nodiscard]] inline std::string told(const Velocity& velocity);
[[nodiscard]] inline std::string told(const ChargeRow& row);
[[nodiscard]] inline std::string told(const Begun& begun);
[[nodiscard]] inline std::string told(const Taken& taken);
[[nodiscard]] inline std::string told(const ChargePage& page);
[[nodiscard]] inline std::string told(const Event& event);
[[nodiscard]] inline std::string told(const StoredEvent& stored);
[[nodiscard]] inline std::string told(const Settlement& settlement);

[[nodiscard]] inline std::string told(const std::string& bytes) {
    static constexpr const char* digits = "0123456789abcdef";
    std::string text = "'";
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isprint(byte) != 0) {
            text += c;
        } else {
            text += {'\\', digits[byte >> 4], digits[byte & 15]};
        }
    }
    return text + "'";
}

/// Milliseconds from noon on.
[[nodiscard]] inline std::string told(WallTime time) {
    return std::to_string((time - noon).count());
}

template <class T>
[[nodiscard]] std::string told(const std::optional<T>& value) {
    return value ? told(*value) : "none";
}

template <class T>
[[nodiscard]] std::string told(const std::vector<T>& values) {
    std::string text = "[";
    for (const T& value : values) text += told(value) + "; ";
    return text + "]";
}

inline std::string told(std::int64_t number) {
    return std::to_string(number);
}

inline std::string told(const Answer& answer) {
    return std::to_string(answer.status) + " " + told(answer.body);
}

inline std::string told(const PaymentError& error) {
    std::string text(info(error.code).name);
    if (error.retry_after) text += " after " + std::to_string(error.retry_after->count());
    return text;
}

inline std::string told(const LedgerEntry& entry) {
    return entry.type + " " + entry.gateway_id + " " + std::to_string(entry.amount) + " " + entry.currency +
           (entry.moved_at ? " moved " + told(*entry.moved_at) : "");
}

inline std::string told(const BookedEntry& booked) {
    return booked.charge_id + " " + told(booked.entry) + " at " + told(booked.at);
}

inline std::string told(const ReconciliationRun& run) {
    return "fence " + std::to_string(run.fence) + " lease " + told(run.lease_until) + " finished " + told(run.finished_at) +
           " report " + told(run.report);
}

inline std::string told(const OperationRecord& operation) {
    return operation.id + " payload " + told(operation.fingerprint) + " answer " + told(operation.answer);
}

[[nodiscard]] inline std::string told(const AtRisk& risk) {
    std::ostringstream out;
    out << risk.unknown << " unknown, " << risk.uncaptured << " uncaptured, " << risk.pending_refund << " pending";
    return out.str();
}

/// Without what is only about right where clocks disagree: ages, and since when something is due.
[[nodiscard]] inline std::string told(const Census& census) {
    std::ostringstream out;
    out << std::accumulate(census.processing.begin(), census.processing.end(), std::int64_t{0}) << " processing, "
        << census.requires_action << " for an action, " << census.authorized << " authorized, " << census.refunding
        << " refunding, " << census.needs_attention << " for us, " << census.incoming.waiting << " incoming, "
        << census.outgoing.waiting << " outgoing, " << census.dead_letters << " dead";
    return out.str();
}

inline std::string told(const CurrencyAtRisk& at_risk) {
    return at_risk.currency + " " + told(at_risk.sum);
}

inline std::string told(const GcraPolicy& policy) {
    std::ostringstream out;
    out << policy.requests << " in " << policy.per.count() << " ms, burst " << policy.burst;
    return out.str();
}

inline std::string told(const GcraDecision& decision) {
    std::ostringstream out;
    out << (decision.allowed ? "allowed" : "refused") << " next " << decision.next_tat.count() << " remaining "
        << decision.remaining << " retry " << decision.retry_after.count() << " reset " << decision.reset_after.count();
    return out.str();
}

inline std::string told(const Velocity& velocity) {
    std::ostringstream out;
    out << velocity.key << " in " << velocity.window.count() << " ms, max " << velocity.max
        << (velocity.counts_begin ? "" : ", failures");
    return out.str();
}

inline std::string told(const ChargeRow& row) {
    std::ostringstream out;
    out << row.id << " tenant " << told(row.tenant) << " key " << told(row.idempotency_key) << " payload "
        << told(row.fingerprint) << " order " << told(row.order_id) << " customer " << told(row.customer_id) << ' '
        << row.amount << ' ' << row.currency << ' ' << name(row.status) << (row.live ? " live" : " dead") << " state "
        << told(row.state) << " created " << told(row.created_at) << " begun " << told(row.begun_at) << " attempt "
        << row.attempt << " fence " << row.fence << " lease " << told(row.lease_until) << " due " << told(row.due_at)
        << " answer " << told(row.answer) << (row.key_free ? " free" : "");
    return out.str();
}

[[nodiscard]] inline std::string told(Begun::Kind kind) {
    static constexpr std::array names{"fresh",     "taken_over", "replay",    "settled",
                                      "in_flight", "reused",     "duplicate", "refused"};
    return names.at(static_cast<std::size_t>(kind));
}

inline std::string told(const Begun& begun) {
    return told(begun.kind) + " row " + (begun.kind == Begun::Kind::refused ? "none" : told(begun.row)) + " error " +
           told(begun.error) + " limit " + told(begun.limit) + " velocities " + told(begun.velocities);
}

[[nodiscard]] inline std::string told(Taken::Kind kind) {
    static constexpr std::array names{"taken", "unknown", "waits", "finished", "owned", "known"};
    return names.at(static_cast<std::size_t>(kind));
}

inline std::string told(const Taken& taken) {
    return told(taken.kind) + " row " + told(taken.row) + " operation " + told(taken.operation);
}

/// The cursor itself is each store's own.
inline std::string told(const ChargePage& page) {
    return told(page.rows) + (page.next_cursor.empty() ? " the last" : " more");
}

inline std::string told(const Event& event) {
    std::ostringstream out;
    out << event.id << ' ' << name(event.queue) << " from " << told(event.source) << " named " << told(event.name) << " type "
        << told(event.type) << " charge " << event.charge_id << " fingerprint " << told(event.fingerprint) << " body "
        << told(event.body) << " at " << told(event.at);
    return out.str();
}

inline std::string told(const StoredEvent& stored) {
    std::ostringstream out;
    out << told(stored.event) << ": " << name(stored.state) << " claims " << stored.claims << " failures " << stored.failures
        << " due " << told(stored.due_at) << " note " << told(stored.note) << " settled " << told(stored.settled_at);
    return out.str();
}

[[nodiscard]] inline std::string told(Settlement::Kind kind) {
    static constexpr std::array names{"done", "wait", "retry", "dead"};
    return names.at(static_cast<std::size_t>(kind));
}

inline std::string told(const Settlement& settlement) {
    return settlement.id + " claim " + std::to_string(settlement.claim) + " " + told(settlement.kind) + " due " +
           told(settlement.due_at) + " note " + told(settlement.note);
}

[[nodiscard]] inline std::string told(Accepted accepted) {
    static constexpr std::array names{"fresh", "duplicate", "altered"};
    return names.at(static_cast<std::size_t>(accepted));
}

[[nodiscard]] inline std::string told(Replayed replayed) {
    static constexpr std::array names{"replayed", "waiting", "unknown"};
    return names.at(static_cast<std::size_t>(replayed));
}

template <class T>
[[nodiscard]] std::string told(const Result<T>& result) {
    if (!result) return "failed: " + told(result.error());
    if constexpr (std::is_void_v<T>) {
        return "done";
    } else {
        return told(*result);
    }
}

[[nodiscard]] inline std::string told(const BeginCharge& begin) {
    std::ostringstream out;
    out << "at " << told(begin.now) << " begin " << told(begin.row) << " refusal " << told(begin.admission.refusal) << " limit "
        << told(begin.admission.limit_key) << ' ' << told(begin.admission.limit) << " velocities "
        << told(begin.admission.velocities) << (begin.allow_duplicate ? " duplicates allowed" : "") << " look-out "
        << begin.duplicates_window.count() << " ttl " << begin.answer_ttl.count();
    return out.str();
}

[[nodiscard]] inline std::string told(const Transition& step) {
    std::ostringstream out;
    out << "at " << told(step.now) << " advance " << step.id << " fence " << step.fence << ' ' << name(step.status)
        << (step.live ? " live" : " dead") << " state " << told(step.state) << " lease " << told(step.lease_until) << " due "
        << told(step.due_at) << " answer " << told(step.answer) << (step.frees_key ? " frees its key" : "") << " ledger "
        << told(step.ledger) << " velocities " << told(step.velocities) << " events " << told(step.events) << " operations "
        << told(step.operations) << " at risk " << told(step.at_risk);
    return out.str();
}

[[nodiscard]] inline std::string told(const ChargeQuery& query) {
    std::ostringstream out;
    out << "page of " << told(query.tenant) << " order " << told(query.order_id) << " status "
        << (query.status ? name(*query.status) : "any") << " limit " << query.limit << " cursor " << told(query.cursor);
    return out.str();
}

[[nodiscard]] inline std::string told(const SurveyQuery& query) {
    std::string text = "survey of";
    for (const ChargeStatus status : query.statuses) text.append(" ").append(name(status));
    if (query.refunding) text += " refunding";
    if (!query.order_id.empty()) text += " order " + told(query.order_id);
    if (!query.customer_id.empty()) text += " customer " + told(query.customer_id);
    return text + " limit " + std::to_string(query.limit);
}

}  // namespace tollgate::test
