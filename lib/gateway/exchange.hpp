#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "async/runtime.hpp"
#include "core/error.hpp"

namespace tollgate {

struct OutboundRequest {
    std::string_view method;  // "GET" or "POST"
    std::string path;         // with its query; begins with "/"
    std::string idempotency_key;
    std::string traceparent;
    std::string authorization;                                 // the whole header value; empty: none
    std::vector<std::pair<std::string, std::string>> headers;  // more of them, for those that read them
    std::string content_type = "application/json";
    std::string body;
    SteadyTime deadline;
};

struct OutboundReply {
    int status = 0;
    std::string body;
    std::optional<Milliseconds> retry_after;
    std::optional<bool> should_retry;  // Stripe-Should-Retry, where it was sent (docs.stripe.com/error-low-level)
};

/// One HTTP exchange with one outside service: over a socket (net/http_client) or with the sandbox in this process.
/// Any status is a reply. Fails with `network_error` when nothing was sent, `gateway_timeout` when something was and no
/// whole answer came, `unreadable_answer` when what came is no HTTP.
class Exchange {
public:
    virtual ~Exchange() = default;
    virtual Task<Result<OutboundReply>> exchange(OutboundRequest request) = 0;
};

}  // namespace tollgate
