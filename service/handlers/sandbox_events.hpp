#pragma once

#include "service/http/message.hpp"

namespace tollgate {

/// POST /sandbox/events `{"url","type","data"}`: sends an event there, signed as Stripe does with the secret "whsec_sandbox",
/// and answers what came back, `{"id","status","body"}` (`body` as JSON where it is some, else as text). 502 with the reason
/// when nothing did within 10 seconds, 400 with the mend for a wrong member, 503 while 64 others are being sent.
///
/// For those who test receivers: `id` sends an event under that id instead of a new one, `created` (seconds since 1970 UTC)
/// makes and signs it at that time, `secret` signs with another secret. It goes wherever it is told to, without vetting.
[[nodiscard]] http::Route sandbox_events_route(const Runtime& runtime);

}  // namespace tollgate
