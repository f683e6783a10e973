#pragma once

#include <string>

#include "stores/events.hpp"
#include "stores/sqlite/database.hpp"

namespace tollgate::sqlite {

/// What a statement selects for `read_event`, and from where; `seq` comes first.
inline const std::string select_events =
    "SELECT seq, id, queue, source, name, type, charge_id, fingerprint, at, state, claims, failures, due_at, note, settled_at,"
    " body FROM events JOIN event_bodies ON event = seq";

[[nodiscard]] StoredEvent read_event(const Rows& rows);

}  // namespace tollgate::sqlite
