#pragma once

#include <optional>

#include "core/random.hpp"
#include "core/time.hpp"

namespace tollgate {

/// Tries that an event gets, the first included.
inline constexpr int delivery_tries = 10;

/// How long an event waits for its next try when so many have failed, from 1 on; nothing when that was the last.
///
/// 5 s, 5 min, 30 min, then 2, 5, 10, 14, 20 and 24 hours: three days and four hours in all, as Standard Webhooks 1.0 has it
/// ("Deliverability and reliability"). Each is drawn from a tenth less to a tenth more, so that what failed together does not
/// return together. What the shop asks for itself (Retry-After) makes a wait longer, up to the next one of the schedule, and
/// never shorter.
[[nodiscard]] std::optional<Milliseconds> redelivery_wait(int failures, std::optional<Milliseconds> asked_for, Random& random);

}  // namespace tollgate
