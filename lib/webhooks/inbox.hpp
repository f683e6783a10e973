#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "async/runtime.hpp"
#include "core/meter.hpp"
#include "core/pager.hpp"
#include "gateway/news.hpp"
#include "stores/events.hpp"

namespace tollgate::webhooks {

struct InboxPolicy {
    Milliseconds lease{30'000};
    Milliseconds interval{500};                   // between looks at the store when nothing is due
    std::size_t concurrent_max = 256;             // events in work at once that came in here; what has no room is claimed
    std::size_t claimed_max = 64;                 // at once, and beside those
    int attempts_max = 8;                         // tries that fail before an event is a dead letter
    Milliseconds patience{std::chrono::days(1)};  // for the charge of an event; from then on its absence is a failure, or,
                                                  // where the event names none but the gateway's ids, nothing of ours
};

/// What became of the events of one request.
struct Receipt {
    bool duplicate = true;             // all of them were here already
    std::vector<std::string> altered;  // our ids of those that came with other bytes than before
};

/// Takes events in and applies them: those that came in here at once, after they were answered, and for as long as `run` runs
/// whatever is due in the store (tried again, or left by a dead process). One a thread, used on it only.
///
/// A try that fails is repeated after 1, 2, 4 … at most 60 seconds, and paged as `dead_letter` at the last. An event whose
/// charge is not here yet waits 250 ms at first and at most 15 s, without counting as a failure; nor does it count when a store
/// is away, or while somebody else works on the charge: that is asked again in a moment, by chance sooner or later, so that
/// many events of one charge do not all come at the same time. What events came to is written together, as much as is ready
/// while the write before is under way.
class Inbox {
public:
    /// Tells a charge the news. Its own errors: a store that is away, or anything else, which counts as a failed try.
    using Apply = std::function<Task<Result<NewsOutcome>>(GatewayNews)>;

    /// What is borrowed outlives it.
    Inbox(const Runtime& runtime, EventStore& store, Pager& pager, DurationMeter& meter, InboxPolicy policy, Apply apply);
    Inbox(const Inbox&) = delete;
    Inbox& operator=(const Inbox&) = delete;

    /// Archives and queues the events, all of them or it fails, and then applies those that are new. After `stop` they are left
    /// to others.
    Task<Result<Receipt>> accept(std::vector<Event> events);

    /// Claims what is due until `stop`; completes when nothing is in work any more. One a process will do.
    Task<void> run();
    void stop() noexcept;

    /// Events in work.
    [[nodiscard]] std::size_t working() const noexcept { return working_; }

private:
    [[nodiscard]] bool has_room() const noexcept { return !stopping_ && working_ < policy_.concurrent_max; }
    [[nodiscard]] std::size_t claimable() const noexcept;
    Task<Result<Accepted>> accept_one(Event event);
    Task<void> work(StoredEvent stored);
    Task<Settlement> try_it(const StoredEvent& stored);
    Task<Result<NewsOutcome>> tell(const GatewayNews& news);
    [[nodiscard]] Milliseconds up_to(Milliseconds most) const;
    [[nodiscard]] Settlement judge(const StoredEvent& stored, const NewsOutcome& outcome);
    [[nodiscard]] Settlement failed(const StoredEvent& stored, std::string why, const std::string& charge_id);
    [[nodiscard]] Settlement wait(const StoredEvent& stored, std::string why) const;
    Task<void> settle_all();
    void leave(std::size_t events) noexcept;

    const Runtime& runtime_;
    EventStore& store_;
    Pager& pager_;
    DurationMeter& meter_;
    const InboxPolicy policy_;
    const Apply apply_;
    std::unique_ptr<Timer> timer_;
    std::vector<Settlement> settlements_;  // to be written
    std::size_t working_ = 0;
    bool settling_ = false;
    bool stopping_ = false;
};

}  // namespace tollgate::webhooks
