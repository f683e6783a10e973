#pragma once

#include <cstddef>

#include "stores/events.hpp"

namespace tollgate::webhooks {

/// Puts every incoming event of that UTC day back into its queue, those that were dead letters too, page by page; how many
/// those were. Fails where the store fails; what was put back by then is, and doing it again is harmless.
Task<Result<std::size_t>> replay_day(EventStore& store, std::chrono::sys_days day, WallTime now);

}  // namespace tollgate::webhooks
