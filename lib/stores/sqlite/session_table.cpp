#include "stores/sqlite/session_table.hpp"

namespace tollgate::sqlite {

SessionTable::SessionTable(Database& database)
    : forget_(database, "DELETE FROM sessions WHERE expires_at <= ?1"),
      known_(database, "SELECT 1 FROM sessions WHERE id = ?1"),
      make_room_(database,
                 "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions ORDER BY expires_at, id"
                 " LIMIT max(0, 1 + (SELECT count(*) FROM sessions) - ?1))"),
      keep_(database, "INSERT INTO sessions (id, owner, expires_at) VALUES (?1, ?2, ?3)"),
      find_(database, "SELECT owner, expires_at FROM sessions WHERE id = ?1 AND expires_at > ?2"),
      end_(database, "DELETE FROM sessions WHERE id = ?1") {}

Result<void> SessionTable::open(const tollgate::Session& session, WallTime now) {
    forget_.run(now);
    if (known_.rows(session.id).next()) return {};
    make_room_.run(std::uint64_t{SessionStore::sessions_max});
    keep_.run(session.id, session.owner, session.expires_at);
    return {};
}

Result<std::optional<tollgate::Session>> SessionTable::find(const std::string& id, WallTime now) {
    std::optional<tollgate::Session> found;
    Rows rows = find_.rows(id, now);
    if (rows.next()) found = {.id = id, .owner = std::string(rows.text(0)), .expires_at = rows.time(1)};
    return found;
}

Result<void> SessionTable::end(const std::string& id) {
    end_.run(id);
    return {};
}

}  // namespace tollgate::sqlite
