#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "core/meter.hpp"
#include "core/pager.hpp"
#include "service/config.hpp"
#include "service/http/message.hpp"
#include "webhooks/inbox.hpp"
#include "webhooks/source.hpp"

namespace tollgate {

/// Those of the checked configuration, in its order.
[[nodiscard]] std::vector<webhooks::Source> webhook_sources(const Settings::Webhook& settings);

/// Lets one of many through in each span of time. Safe from any thread.
class NowAndThen {
public:
    explicit NowAndThen(Milliseconds span) : span_(span) {}
    NowAndThen(NowAndThen&& other) noexcept : span_(other.span_) {}

    /// How many were kept back since the last one that went through; nothing when this one is kept back, too.
    [[nodiscard]] std::optional<std::uint64_t> pass(SteadyTime now);

private:
    const Milliseconds span_;
    std::mutex mutex_;
    std::optional<SteadyTime> last_;
    std::uint64_t kept_back_ = 0;
};

/// Tells people what is odd about webhooks, of all threads together: requests that could not be verified, a line a second at
/// most, and events that came back with another body, a page an hour and source at most.
class WebhookWatch {
public:
    /// The pager outlives it.
    WebhookWatch(Pager& pager, const std::vector<webhooks::Source>& sources);

    void unverified(const webhooks::Source& source, Code why, const http::Request& request, SteadyTime now);
    void altered(const webhooks::Source& source, const std::vector<std::string>& ids, SteadyTime now);

private:
    Pager& pager_;
    NowAndThen lines_;
    std::map<std::string, NowAndThen> pages_;  // by the source's name; never changed
};

struct WebhookApi {
    const Runtime& runtime;
    const std::vector<webhooks::Source>& sources;
    webhooks::Inbox& inbox;
    WebhookWatch& watch;
    DurationMeter& meter;  // webhook_duration: accepted, duplicate, altered, unverified, unreadable or store
};

/// POST /webhook, for the first source, and POST /webhook/{name}. Nothing of a request that cannot be verified is kept or
/// logged, but that it was and where it came from. What the API borrows outlives the routes.
[[nodiscard]] std::vector<http::Route> webhook_routes(WebhookApi api);

}  // namespace tollgate
