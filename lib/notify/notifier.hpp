#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/one_shot.hpp"
#include "core/meter.hpp"
#include "core/pager.hpp"
#include "gateway/exchange.hpp"
#include "stores/events.hpp"

namespace tollgate {

/// Where at the exchange the shop takes its events, and what they are signed with.
struct NotifyTarget {
    std::string path;  // begins with "/"; with its query
    std::string key;   // see `standard_key`
};

/// A try that failed and is not the last, for a log.
struct FailedDelivery {
    const Event& event;
    std::string_view why;    // names the host at most, never the path or the query
    int failures = 0;        // this one included
    Milliseconds wait{0};    // before the next try
    std::size_t untold = 0;  // others that failed since the one told last
};

/// Delivers the shop's events (contract section 5) for as long as it runs: claims those that are due, POSTs them with the
/// headers of Standard Webhooks 1.0 and settles them. An answer of 2xx delivers an event; anything else, a redirect included,
/// is a failure, and the event is tried again on the schedule (notify/schedule.hpp), then given up with a page.
///
/// At least once: an event whose settlement is lost, or whose process dies, is sent again under the same `webhook-id`, with a
/// new time and signature. Those of one charge go one after the other, in the order they were written, because the store lets
/// only the first of them be due. One a process; used on its runtime's thread only.
class Notifier {
public:
    static constexpr std::size_t concurrent_max = 16;  // events in hand at once; the rest stays in the store
    static constexpr Milliseconds deadline{15'000};    // of one try; Standard Webhooks asks for 15 to 30 s
    static constexpr Milliseconds lease{30'000};
    static constexpr Milliseconds told_every{10'000};  // at most one failure is told in that time

    using Told = std::function<void(const FailedDelivery&)>;

    /// `interval` lies between looks at the store while nothing is delivered. Durations go to the meter as "notify_delivery",
    /// with the outcome done, retry or dead. What is borrowed outlives it.
    Notifier(const Runtime& runtime, EventStore& store, Exchange& exchange, NotifyTarget target, Pager& pager,
             DurationMeter& meter, Told told, Milliseconds interval = Milliseconds(500));

    /// Claims until `stop`; completes when all that was in hand is settled.
    Task<void> run();
    void stop() noexcept;

    /// Whether `run` completes by then. One waiter.
    Task<bool> ended(SteadyTime by);

private:
    struct Outcome {
        Settlement settlement;
        SteadyTime held_until;
    };

    Task<void> claim();
    Task<void> deliver(StoredEvent claimed, SteadyTime held_until);
    Task<void> settle();
    [[nodiscard]] OutboundRequest request_for(Event event, SteadyTime held_until) const;
    [[nodiscard]] Settlement judge(const StoredEvent& tried, const Result<OutboundReply>& reply);
    void tell(const FailedDelivery& failed);
    [[nodiscard]] bool may_claim() const noexcept { return !stopping_ && in_hand_ < concurrent_max; }
    [[nodiscard]] SteadyTime next_step() const noexcept;

    const Runtime& runtime_;
    EventStore& store_;
    Exchange& exchange_;
    const NotifyTarget target_;
    Pager& pager_;
    DurationMeter& meter_;
    const Told told_;
    const Milliseconds interval_;
    std::unique_ptr<Timer> timer_;
    OneShot<bool> ended_;
    std::vector<Outcome> outcomes_;  // to be settled, together
    std::size_t in_hand_ = 0;        // claimed and not settled yet
    SteadyTime claim_at_ = SteadyTime::min();
    SteadyTime settle_at_ = SteadyTime::min();
    SteadyTime tell_at_ = SteadyTime::min();
    std::size_t untold_ = 0;
    bool stopping_ = false;
};

}  // namespace tollgate
