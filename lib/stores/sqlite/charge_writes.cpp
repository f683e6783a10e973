#include "stores/sqlite/charge_writes.hpp"

#include "stores/sqlite/charge_rows.hpp"

namespace tollgate::sqlite {

ChargeWrites::ChargeWrites(Database& database)
    : events_(database),
      find_(database, "SELECT " + charge_columns + " FROM charges WHERE id = ?1"),
      insert_(database,
              "INSERT INTO charges (id, tenant, idempotency_key, fingerprint, order_id, amount, currency, status, live,"
              " created_at, begun_at, attempt, fence, lease_until, due_at, key_free, state, customer_id)"
              " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, 1, 1, ?11, ?10, 0, ?12, ?13)"),
      begin_again_(database,
                   "UPDATE charges SET fingerprint = ?2, order_id = ?3, amount = ?4, currency = ?5, status = ?6, live = ?7,"
                   " begun_at = ?8, attempt = ?9, fence = ?10, lease_until = ?11, due_at = ?8, key_free = 0, state = ?12, "
                   "customer_id = ?13,"
                   " answer_status = NULL, answered_at = NULL, answer_body = NULL,"
                   " risk_unknown = 0, risk_uncaptured = 0, risk_pending_refund = 0 WHERE seq = ?1"),
      own_(database, "UPDATE charges SET fence = ?2, lease_until = ?3 WHERE seq = ?1"),
      duplicate_(database, "SELECT " + charge_columns +
                               " FROM charges WHERE tenant = ?1 AND order_id = ?2 AND live = 1 AND amount = ?3"
                               " AND currency = ?4 AND id <> ?5 AND begun_at > ?6 ORDER BY seq DESC LIMIT 1"),
      read_limit_(database, "SELECT tat_us FROM limits WHERE key = ?1"),
      write_limit_(database,
                   "INSERT INTO limits (key, tat_us) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET tat_us = excluded.tat_us"),
      continue_(database,
                "UPDATE charges SET state = ?3, lease_until = ?4, key_free = 0"
                " WHERE id = ?1 AND fence = ?2 AND status = 'processing' AND live = 1 AND due_at IS ?5"
                " AND risk_unknown = ?6 AND risk_uncaptured = ?7 AND risk_pending_refund = ?8"),
      progress_(database,
                "UPDATE charges SET status = ?3, live = ?4, state = ?5, lease_until = ?6, due_at = ?7, key_free = ?8,"
                " risk_unknown = ?9, risk_uncaptured = ?10, risk_pending_refund = ?11"
                " WHERE id = ?1 AND fence = ?2"),
      // `answered_at` outlives the answer's body, so that a forgotten answer is not replaced by another one.
      conclude_(database,
                "UPDATE charges SET status = ?3, live = ?4, state = ?5, lease_until = ?6, due_at = ?7, key_free = 0,"
                " answer_status = iif(answered_at IS NULL, ?8, answer_status),"
                " answer_body = iif(answered_at IS NULL, ?9, answer_body),"
                " answered_at = ifnull(answered_at, ?10),"
                " risk_unknown = ?11, risk_uncaptured = ?12, risk_pending_refund = ?13 WHERE id = ?1 AND fence = ?2"),
      add_ledger_(database,
                  "INSERT INTO ledger (charge, type, gateway_id, amount, currency, at)"
                  " VALUES ((SELECT seq FROM charges WHERE id = ?1), ?2, ?3, ?4, ?5, ?6)"
                  " ON CONFLICT (charge, type, gateway_id) DO NOTHING"),
      find_operation_(database, "SELECT fingerprint, answer_status, answer_body FROM operations WHERE charge = ?1 AND id = ?2"),
      keep_operation_(database,
                      "INSERT INTO operations (charge, id, fingerprint, answer_status, answer_body, answered_at)"
                      " VALUES ((SELECT seq FROM charges WHERE id = ?1), ?2, ?3, ?4, ?5, ?6) ON CONFLICT (charge, id) DO UPDATE"
                      " SET answer_status = excluded.answer_status, answer_body = excluded.answer_body,"
                      " answered_at = excluded.answered_at WHERE answered_at IS NULL AND excluded.answered_at IS NOT NULL"),
      add_event_(database,
                 "INSERT INTO velocities (key, at, event, until) VALUES (?1, ?2, ?3, ?4)"
                 " ON CONFLICT (key, at, event) DO NOTHING"),
      forget_event_(database, "DELETE FROM velocities WHERE key = ?1 AND event = ?2"),
      drop_events_(database,
                   "DELETE FROM velocities WHERE key = ?1 AND (at, event) <= (SELECT at, event FROM velocities"
                   " WHERE key = ?1 ORDER BY at DESC, event DESC LIMIT 1 OFFSET ?2)"),
      count_events_(database, "SELECT count(*) FROM (SELECT 1 FROM velocities WHERE key = ?1 AND at > ?2 LIMIT ?3)"),
      due_(database, "SELECT " + charge_columns +
                         " FROM charges WHERE due_at IS NOT NULL AND due_at <= ?1 AND lease_until <= ?1"
                         " ORDER BY due_at LIMIT ?2"),
      end_leases_(database, "UPDATE charges SET lease_until = 0 WHERE due_at IS NOT NULL AND lease_until > 0") {}

Result<Begun> ChargeWrites::begin(BeginCharge& begin) {
    std::optional<Existing> known = existing(begin.row.id);
    if (known && !known->row.key_free) return answer_known(begin, std::move(*known));

    std::optional<GcraDecision> decision;
    if (std::optional<Begun> refused = refuse(begin, decision)) return std::move(*refused);
    write_fresh(begin, known);
    if (decision) write_limit_.run(begin.admission.limit_key, std::int64_t{decision->next_tat.count()});
    return Begun{.kind = Begun::Kind::fresh, .row = {}, .error = {}, .limit = decision, .velocities = count_fresh(begin)};
}

std::optional<ChargeWrites::Existing> ChargeWrites::existing(const std::string& id) {
    Rows rows = find_.rows(id);
    if (!rows.next()) return std::nullopt;
    Existing known{.seq = rows.number(ChargeColumn::seq), .row = read_charge(rows), .answered_at = {}};
    if (!rows.null(ChargeColumn::answered_at)) known.answered_at = rows.time(ChargeColumn::answered_at);
    return known;
}

Begun ChargeWrites::answer_known(const BeginCharge& begin, Existing known) {
    Begun begun{.kind = Begun::Kind::in_flight, .row = std::move(known.row), .error = {}, .limit = {}};
    ChargeRow& row = begun.row;
    if (row.fingerprint != begin.row.fingerprint) {
        begun.kind = Begun::Kind::reused;
    } else if (known.answered_at) {
        const bool outlived = begin.answer_ttl > Milliseconds(0) && begin.now - *known.answered_at >= begin.answer_ttl;
        begun.kind = row.answer && !outlived ? Begun::Kind::replay : Begun::Kind::settled;
        if (begun.kind == Begun::Kind::settled) row.answer.reset();
    } else if (row.due_at && *row.due_at <= begin.now && row.lease_until <= begin.now) {
        begun.kind = Begun::Kind::taken_over;
        own(known.seq, row, begin.row.lease_until);
    }
    return begun;
}

void ChargeWrites::own(std::int64_t seq, ChargeRow& row, WallTime lease_until) {
    row.fence += 1;
    row.lease_until = lease_until;
    own_.run(seq, row.fence, row.lease_until);
    ++transitions_;
}

std::optional<Begun> ChargeWrites::refuse(const BeginCharge& begin, std::optional<GcraDecision>& decision) {
    const Admission& admission = begin.admission;
    if (admission.refusal) {
        return Begun{.kind = Begun::Kind::refused, .row = {}, .error = admission.refusal, .limit = {}};
    }
    if (!begin.allow_duplicate && begin.duplicates_window > Milliseconds(0)) {
        const ChargeRow& row = begin.row;
        const WallTime since = begin.now - begin.duplicates_window;
        Rows earlier = duplicate_.rows(row.tenant, row.order_id, row.amount, row.currency, row.id, since);
        if (earlier.next()) {
            return Begun{.kind = Begun::Kind::duplicate, .row = read_charge(earlier), .error = {}, .limit = {}};
        }
    }
    if (!admission.limit) return std::nullopt;

    GcraTime tat{0};
    if (Rows kept = read_limit_.rows(admission.limit_key); kept.next()) tat = GcraTime(kept.number(0));
    decision = gcra(*admission.limit, tat, std::chrono::duration_cast<GcraTime>(begin.now.time_since_epoch()));
    if (decision->allowed) return std::nullopt;
    return Begun{.kind = Begun::Kind::refused,
                 .row = {},
                 .error = PaymentError(Code::rate_limited, "too many charges for this customer; wait before the next one",
                                       decision->retry_after),
                 .limit = decision};
}

void ChargeWrites::write_fresh(BeginCharge& begin, const std::optional<Existing>& freed) {
    ChargeRow& row = begin.row;
    row.created_at = freed ? freed->row.created_at : begin.now;
    row.begun_at = begin.now;
    row.due_at = begin.now;
    row.attempt = freed ? freed->row.attempt + 1 : 1;
    row.fence = freed ? freed->row.fence + 1 : 1;
    row.key_free = false;
    row.answer.reset();
    ++transitions_;
    if (freed) {
        begin_again_.run(freed->seq, row.fingerprint, row.order_id, row.amount, row.currency, name(row.status), row.live,
                         row.begun_at, row.attempt, row.fence, row.lease_until, Blob{row.state}, row.customer_id);
    } else {
        insert_.run(row.id, row.tenant, row.idempotency_key, row.fingerprint, row.order_id, row.amount, row.currency,
                    name(row.status), row.live, row.begun_at, row.lease_until, Blob{row.state}, row.customer_id);
    }
}

std::vector<std::int64_t> ChargeWrites::count_fresh(const BeginCharge& begin) {
    const std::vector<Velocity>& velocities = begin.admission.velocities;
    if (velocities.empty()) return {};
    const std::string event = begin.row.id + ":begun";
    const bool anew = begin.row.fence > 1;
    std::vector<std::int64_t> counts;
    counts.reserve(velocities.size());
    for (const Velocity& velocity : velocities) {
        if (velocity.counts_begin && anew) forget_event_.run(velocity.key, event);
        if (velocity.counts_begin) add_event(velocity, event, begin.now);
        counts.push_back(count_events(velocity, begin.now));
    }
    return counts;
}

void ChargeWrites::add_event(const Velocity& velocity, const std::string& event, WallTime at) {
    // Only a new event can be one too many.
    if (add_event_.run(velocity.key, at, event, at + velocity.window) > 0) drop_events_.run(velocity.key, velocity.max + 1);
}

std::int64_t ChargeWrites::count_events(const Velocity& velocity, WallTime now) {
    Rows rows = count_events_.rows(velocity.key, now - velocity.window, velocity.max + 1);
    return rows.next() ? rows.number(0) : 0;
}

Result<void> ChargeWrites::advance(const Transition& transition) {
    const Transition& t = transition;
    if (!write_step(t)) return fail(Code::lease_lost, "another owner has taken the charge up");
    ++transitions_;
    for (const LedgerEntry& entry : t.ledger) {
        add_ledger_.run(t.id, entry.type, entry.gateway_id, entry.amount, entry.currency, entry.moved_at.value_or(t.now));
    }
    for (const OperationRecord& operation : t.operations) keep(t.id, operation, t.now);
    events_.queue(t.events, t.now);
    if (t.velocities.empty()) return {};
    const std::string event = t.id + ":" + std::to_string(t.fence) + ":step";
    for (const Velocity& velocity : t.velocities) add_event(velocity, event, t.now);
    return {};
}

bool ChargeWrites::write_step(const Transition& t) {
    const AtRisk& risk = t.at_risk;
    if (t.answer && !t.frees_key) {
        return conclude_.run(t.id, t.fence, name(t.status), t.live, Blob{t.state}, t.lease_until, t.due_at, t.answer->status,
                             Blob{t.answer->body}, t.now, risk.unknown, risk.uncaptured, risk.pending_refund) > 0;
    }
    // Most steps leave status, due time and risk as they are; not to name them spares the indexes over them.
    const bool goes_on = t.status == ChargeStatus::processing && t.live && !t.frees_key;
    if (goes_on && continue_.run(t.id, t.fence, Blob{t.state}, t.lease_until, t.due_at, risk.unknown, risk.uncaptured,
                                 risk.pending_refund) > 0) {
        return true;
    }
    return progress_.run(t.id, t.fence, name(t.status), t.live, Blob{t.state}, t.lease_until, t.due_at, t.frees_key,
                         risk.unknown, risk.uncaptured, risk.pending_refund) > 0;
}

Result<std::vector<ChargeRow>> ChargeWrites::claim(WallTime now, WallTime lease_until, std::size_t limit) {
    std::vector<std::int64_t> places;
    std::vector<ChargeRow> claimed;
    {
        Rows rows = due_.rows(now, static_cast<std::int64_t>(limit));
        while (rows.next()) {
            places.push_back(rows.number(ChargeColumn::seq));
            claimed.push_back(read_charge(rows));
        }
    }
    for (std::size_t i = 0; i < claimed.size(); ++i) own(places[i], claimed[i], lease_until);
    return claimed;
}

Result<Taken> ChargeWrites::take(const std::string& id, WallTime now, WallTime lease_until, Reach reach) {
    std::optional<Existing> known = existing(id);
    if (!known) return Taken{};
    return take_known(std::move(*known), now, lease_until, reach);
}

Result<Taken> ChargeWrites::take_for(const std::string& id, const std::string& operation, WallTime now, WallTime lease_until) {
    std::optional<Existing> known = existing(id);
    if (!known) return Taken{};
    std::optional<OperationRecord> record = find_operation(known->seq, operation);
    if (!record) return take_known(std::move(*known), now, lease_until, Reach::any);
    return Taken{.kind = Taken::Kind::known, .row = std::move(known->row), .operation = std::move(record)};
}

Taken ChargeWrites::take_known(Existing known, WallTime now, WallTime lease_until, Reach reach) {
    Taken taken{.kind = Taken::Kind::taken, .row = std::move(known.row), .operation = {}};
    if (reach != Reach::any && taken.row.status == ChargeStatus::requires_action) {
        taken.kind = Taken::Kind::waits;
    } else if (reach != Reach::any && !taken.row.due_at) {
        taken.kind = Taken::Kind::finished;
    } else if (reach != Reach::any && taken.row.status == ChargeStatus::authorized) {
        taken.kind = Taken::Kind::waits;
    } else if (taken.row.lease_until > now) {
        taken.kind = Taken::Kind::owned;
    } else {
        own(known.seq, taken.row, lease_until);
    }
    return taken;
}

std::optional<OperationRecord> ChargeWrites::find_operation(std::int64_t charge, const std::string& id) {
    Rows rows = find_operation_.rows(charge, id);
    if (!rows.next()) return std::nullopt;
    OperationRecord record{.id = id, .fingerprint = std::string(rows.text(0)), .answer = {}};
    if (!rows.null(1)) record.answer = Answer{static_cast<int>(rows.number(1)), std::string(rows.blob(2))};
    return record;
}

void ChargeWrites::keep(const std::string& charge, const OperationRecord& operation, WallTime now) {
    const std::optional<Answer>& answer = operation.answer;
    const auto status = answer ? std::optional(answer->status) : std::nullopt;
    const auto body = answer ? std::optional(Blob{answer->body}) : std::nullopt;
    const auto at = answer ? std::optional(now) : std::nullopt;
    keep_operation_.run(charge, operation.id, operation.fingerprint, status, body, at);
}

void ChargeWrites::end_all_leases() {
    end_leases_.run();
}

}  // namespace tollgate::sqlite
