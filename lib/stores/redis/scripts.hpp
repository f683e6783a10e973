#pragma once

#include "net/redis/command.hpp"

namespace tollgate::redis {

/// The scripts of the store, each NAME.lua; shared.lua stands in front of those that write charges and audit records,
/// event_shared.lua behind it where events are written.
struct Scripts {
    Script begin, advance, claim, take, audit, sweep, page, survey, census;
    Script run_claim, run_write, note, session_open, session_end;
    Script event_accept, event_claim, event_settle, event_replay, event_due, event_sweep;
};

[[nodiscard]] const Scripts& scripts();

}  // namespace tollgate::redis
