#include "stores/sqlite/event_writes.hpp"

#include "stores/sqlite/event_rows.hpp"

namespace tollgate::sqlite {
namespace {

using State = StoredEvent::State;

constexpr WallTime nobody{};  // no lease

/// Spelt as in the index over them.
constexpr const char* waiting_of_charge = " FROM events WHERE queue = 'outgoing' AND state = 'waiting' AND charge_id = ?1";

}  // namespace

EventWrites::EventWrites(Database& database)
    : insert_(database,
              "INSERT INTO events (id, queue, source, name, type, charge_id, fingerprint, at, turn, state, claims, failures,"
              " due_at, lease_until, note) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'waiting', ?10, 0, ?11, ?12, '')"
              " ON CONFLICT (id) DO NOTHING"),
      insert_body_(database, "INSERT INTO event_bodies (event, body) VALUES (last_insert_rowid(), ?1)"),
      fingerprint_(database, "SELECT fingerprint FROM events WHERE id = ?1"),
      due_(database, select_events + " WHERE queue = ?1 AND due_at <= ?2 AND lease_until <= ?2 ORDER BY due_at LIMIT ?3"),
      hold_(database, "UPDATE events SET claims = ?2, lease_until = ?3 WHERE seq = ?1"),
      settle_(database,
              "UPDATE events SET state = ?3, failures = failures + ?4, due_at = ?5, lease_until = 0, note = ?6, settled_at = ?7"
              " WHERE id = ?1 AND claims = ?2 AND lease_until > 0 RETURNING queue, charge_id"),
      release_next_(database, std::string("UPDATE events SET due_at = ?2 WHERE seq = (SELECT seq") + waiting_of_charge +
                                  " ORDER BY turn LIMIT 1)"),
      last_turn_(database, std::string("SELECT max(turn)") + waiting_of_charge),
      standing_(database, "SELECT seq, state, queue, charge_id FROM events WHERE id = ?1"),
      wait_again_(
          database,
          "UPDATE events SET state = 'waiting', failures = 0, due_at = ?2, turn = ?3, settled_at = NULL WHERE seq = ?1"),
      end_leases_(database, "UPDATE events SET lease_until = 0 WHERE due_at IS NOT NULL AND lease_until > 0") {}

Result<Accepted> EventWrites::accept(const Event& event, Milliseconds lease) {
    Start start{.turn = 0, .due_at = event.at, .held_until = {}};
    if (lease > Milliseconds(0)) start.held_until = event.at + lease;
    if (insert(event, EventQueue::incoming, start)) return Accepted::fresh;
    Rows rows = fingerprint_.rows(event.id);
    return rows.next() && rows.text(0) == event.fingerprint ? Accepted::duplicate : Accepted::altered;
}

bool EventWrites::insert(const Event& event, EventQueue queue, const Start& start) {
    const Event& e = event;
    const int claims = start.held_until ? 1 : 0;
    const std::int64_t written = insert_.run(e.id, name(queue), e.source, e.name, e.type, e.charge_id, e.fingerprint, e.at,
                                             start.turn, claims, start.due_at, start.held_until.value_or(nobody));
    if (written == 0) return false;
    insert_body_.run(Blob{e.body});
    return true;
}

void EventWrites::queue(std::span<const Event> events, WallTime now) {
    for (const Event& event : events) (void)insert(event, EventQueue::outgoing, behind_the_last(event.charge_id, now));
}

EventWrites::Start EventWrites::behind_the_last(const std::string& charge_id, WallTime now) {
    Start start;
    Rows rows = last_turn_.rows(charge_id);
    const bool others_wait = rows.next() && !rows.null(0);
    if (others_wait) {
        start.turn = rows.number(0) + 1;
    } else {
        start.due_at = now;
    }
    return start;
}

Result<std::vector<StoredEvent>> EventWrites::claim(EventQueue queue, WallTime now, Milliseconds lease, std::size_t limit) {
    std::vector<std::int64_t> places;
    std::vector<StoredEvent> claimed;
    {
        Rows rows = due_.rows(name(queue), now, static_cast<std::int64_t>(limit));
        while (rows.next()) {
            places.push_back(rows.number(0));
            claimed.push_back(read_event(rows));
        }
    }
    for (std::size_t i = 0; i < claimed.size(); ++i) hold_.run(places[i], ++claimed[i].claims, now + lease);
    return claimed;
}

Result<void> EventWrites::settle(std::span<const Settlement> settlements, WallTime now) {
    using Kind = Settlement::Kind;
    for (const Settlement& settlement : settlements) {
        const Settlement& s = settlement;
        const bool over = s.kind == Kind::done || s.kind == Kind::dead;
        const bool failed = s.kind == Kind::retry || s.kind == Kind::dead;
        const State state = s.kind == Kind::done ? State::done : s.kind == Kind::dead ? State::dead : State::waiting;
        const std::optional<WallTime> due_at = over ? std::nullopt : std::optional(s.due_at.value_or(now));
        const std::optional<WallTime> settled_at = over ? std::optional(now) : std::nullopt;
        std::optional<std::string> charge_id;
        {
            Rows rows = settle_.rows(s.id, s.claim, name(state), failed, due_at, s.note, settled_at);
            if (rows.next() && over && rows.text(0) == name(EventQueue::outgoing)) charge_id = rows.text(1);
        }
        if (charge_id) release_next_.run(*charge_id, now);
    }
    return {};
}

Result<Replayed> EventWrites::replay(const std::string& id, WallTime now) {
    std::int64_t seq = 0;
    Start start{.turn = 0, .due_at = now, .held_until = {}};
    {
        Rows rows = standing_.rows(id);
        if (!rows.next()) return Replayed::unknown;
        if (rows.text(1) == name(State::waiting)) return Replayed::waiting;
        seq = rows.number(0);
        if (rows.text(2) == name(EventQueue::outgoing)) start = behind_the_last(std::string(rows.text(3)), now);
    }
    wait_again_.run(seq, start.due_at, start.turn);
    return Replayed::replayed;
}

void EventWrites::end_all_leases() {
    end_leases_.run();
}

}  // namespace tollgate::sqlite
