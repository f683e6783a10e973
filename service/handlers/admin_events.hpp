#pragma once

#include <string>
#include <vector>

#include "service/http/message.hpp"
#include "stores/events.hpp"
#include "stores/ports.hpp"

namespace tollgate {

struct EventApi {
    const Runtime& runtime;
    EventStore& events;
    AuditLog& audit;
    std::vector<std::string> sources;  // names of the webhook sources
};

/// For an operator: GET /admin/dead-letters, POST /admin/dead-letters/{id}/replay, GET /admin/webhooks/{id} and
/// POST /admin/webhooks/{id}/replay. An id is ours, or the sender's own with any of the sources (`?source=` names one); a day
/// (YYYY-MM-DD, UTC) replays every webhook that came in on it. What the API borrows outlives the routes.
[[nodiscard]] std::vector<http::Route> event_routes(EventApi api);

}  // namespace tollgate
