#include "stores/sqlite/housekeeping.hpp"

namespace tollgate::sqlite {
namespace {

constexpr int answers_a_step = 64;
constexpr int limits_a_step = 256;
constexpr int velocities_a_step = 256;
constexpr int events_a_step = 256;
constexpr std::chrono::minutes clocks_differ{1};

}  // namespace

Housekeeping::Housekeeping(Database& database)
    : clear_answers_(database,
                     "UPDATE charges SET answer_status = NULL, answer_body = NULL WHERE seq IN"
                     " (SELECT seq FROM charges WHERE answer_status IS NOT NULL AND answered_at <= ?1 LIMIT ?2)"),
      clear_operations_(database,
                        "DELETE FROM operations WHERE (charge, id) IN (SELECT charge, id FROM operations"
                        " WHERE answered_at IS NOT NULL AND answered_at <= ?1 LIMIT ?2)"),
      walk_limits_(database, "SELECT max(key) FROM (SELECT key FROM limits WHERE key > ?1 ORDER BY key LIMIT ?2)"),
      clear_limits_(database, "DELETE FROM limits WHERE key > ?1 AND key <= ?2 AND tat_us <= ?3"),
      clear_velocities_(database,
                        "DELETE FROM velocities WHERE (key, at, event) IN"
                        " (SELECT key, at, event FROM velocities WHERE until <= ?1 LIMIT ?2)"),
      outlived_events_(database,
                       "SELECT seq FROM events WHERE queue = ?1 AND at <= ?2 AND settled_at <= ?2 ORDER BY at LIMIT ?3"),
      clear_event_(database, "DELETE FROM events WHERE seq = ?1"),
      clear_event_body_(database, "DELETE FROM event_bodies WHERE event = ?1") {}

void Housekeeping::step() {
    under_way_ = true;
    const bool answers_left = clear_answers(clear_answers_);
    const bool operations_left = clear_answers(clear_operations_);
    const bool limits_left = clear_limits();
    const bool velocities_left = clear_velocities();
    const bool incoming_left = clear_events(EventQueue::incoming);
    const bool outgoing_left = clear_events(EventQueue::outgoing);
    if (answers_left || operations_left || limits_left || velocities_left || incoming_left || outgoing_left) return;
    under_way_ = false;
    swept_at_ = now_;
}

bool Housekeeping::clear_answers(Statement& statement) {
    if (answer_ttl_ <= Milliseconds(0)) return false;
    const WallTime outlived = now_ - answer_ttl_;
    return statement.run(outlived, answers_a_step) == answers_a_step;
}

bool Housekeeping::clear_limits() {
    std::string last;
    if (Rows rows = walk_limits_.rows(limit_reached_, limits_a_step); rows.next()) last = rows.text(0);
    if (last.empty()) {
        limit_reached_.clear();
        return false;
    }
    const GcraTime whole_by = (now_ - clocks_differ).time_since_epoch();
    clear_limits_.run(limit_reached_, last, std::int64_t{whole_by.count()});
    limit_reached_ = last;
    return true;
}

bool Housekeeping::clear_velocities() {
    return clear_velocities_.run(now_ - clocks_differ, velocities_a_step) == velocities_a_step;
}

bool Housekeeping::clear_events(EventQueue queue) {
    if (event_retention_ <= Milliseconds(0)) return false;
    std::vector<std::int64_t> outlived;
    {
        Rows rows = outlived_events_.rows(name(queue), now_ - clocks_differ - event_retention_, events_a_step);
        while (rows.next()) outlived.push_back(rows.number(0));
    }
    for (const std::int64_t seq : outlived) {
        clear_event_body_.run(seq);
        clear_event_.run(seq);
    }
    return outlived.size() == events_a_step;
}

}  // namespace tollgate::sqlite
