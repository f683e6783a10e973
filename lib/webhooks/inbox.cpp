#include "webhooks/inbox.hpp"

#include <algorithm>
#include <utility>

#include "async/all_of.hpp"
#include "resilience/backoff.hpp"
#include "webhooks/news.hpp"

namespace tollgate::webhooks {
namespace {

constexpr Backoff between_tries{Milliseconds(1'000), Milliseconds(60'000), 2.0};
constexpr Milliseconds wait_min{250};
constexpr Milliseconds wait_max{15'000};
constexpr Milliseconds busy_min{50};
constexpr Milliseconds busy_max{500};
constexpr Milliseconds busy_patience{5'000};

/// Errors of whoever keeps charges, not of the event.
bool is_stores(Code code) noexcept {
    return code == Code::store_unavailable || code == Code::store_unknown || code == Code::lease_lost ||
           code == Code::shutting_down;
}

Settlement settled(const StoredEvent& stored, Settlement::Kind kind, std::string note) {
    return {.id = stored.event.id, .claim = stored.claims, .kind = kind, .note = std::move(note)};
}

std::string_view name(Settlement::Kind kind) noexcept {
    switch (kind) {
        case Settlement::Kind::done:
            return "done";
        case Settlement::Kind::wait:
            return "wait";
        case Settlement::Kind::retry:
            return "retry";
        case Settlement::Kind::dead:
            return "dead";
    }
    return "";
}

}  // namespace

Inbox::Inbox(const Runtime& runtime, EventStore& store, Pager& pager, DurationMeter& meter, InboxPolicy policy, Apply apply)
    : runtime_(runtime),
      store_(store),
      pager_(pager),
      meter_(meter),
      policy_(policy),
      apply_(std::move(apply)),
      timer_(runtime.timers.make()) {}

Task<Result<Receipt>> Inbox::accept(std::vector<Event> events) {
    std::vector<std::string> ids;
    std::vector<Task<Result<Accepted>>> tasks;
    for (Event& event : events) {
        ids.push_back(event.id);
        tasks.push_back(accept_one(std::move(event)));
    }
    const auto results = co_await all_of(runtime_, std::move(tasks));
    Receipt receipt;
    for (std::size_t i = 0; i < results.size(); ++i) {
        if (!results[i]) co_return fail(results[i].error());
        if (*results[i] == Accepted::fresh) receipt.duplicate = false;
        if (*results[i] == Accepted::altered) receipt.altered.push_back(ids[i]);
    }
    co_return receipt;
}

/// The event is kept beside the store's copy: what was accepted is not asked for again.
Task<Result<Accepted>> Inbox::accept_one(Event event) {
    const bool here = has_room();
    if (here) ++working_;
    StoredEvent stored{.event = event, .claims = 1};
    auto accepted = co_await store_.accept(std::move(event), here ? policy_.lease : Milliseconds(0));
    if (here && accepted && *accepted == Accepted::fresh) {
        spawn(runtime_.executor, work(std::move(stored)));
    } else if (here) {
        leave(1);
    }
    co_return accepted;
}

/// However much comes in here, there is room for what was left behind.
std::size_t Inbox::claimable() const noexcept {
    const std::size_t all = policy_.concurrent_max + policy_.claimed_max;
    return working_ >= all ? 0 : std::min(policy_.claimed_max, all - working_);
}

Task<void> Inbox::run() {
    while (!stopping_) {
        const std::size_t room = claimable();
        std::size_t claimed = 0;
        if (room > 0) {
            auto events = co_await store_.claim(EventQueue::incoming, runtime_.clock.wall(), policy_.lease, room);
            if (events) {  // a store that is away is asked again at the next look
                claimed = events->size();
                working_ += claimed;
                for (StoredEvent& event : *events) spawn(runtime_.executor, work(std::move(event)));
            }
        }
        const bool more_may_wait = claimed == room && claimed > 0;
        if (!stopping_ && !more_may_wait) co_await timer_->wait_until(runtime_.clock.steady() + policy_.interval);
    }
    while (working_ > 0) co_await timer_->wait_until(SteadyTime::max());
}

void Inbox::stop() noexcept {
    stopping_ = true;
    timer_->wake();
}

Task<void> Inbox::work(StoredEvent stored) {
    const SteadyTime began = runtime_.clock.steady();
    Settlement settlement = co_await try_it(stored);
    meter_.observe("webhook_event_duration", runtime_.clock.steady() - began, name(settlement.kind));
    settlements_.push_back(std::move(settlement));
    if (!settling_) co_await settle_all();
}

Task<Settlement> Inbox::try_it(const StoredEvent& stored) {
    auto news = news_of(stored.event.body);
    if (!news) co_return failed(stored, std::move(news.error().detail), {});
    if (!*news) co_return settled(stored, Settlement::Kind::done, "it tells nothing about a charge");
    const std::string reference = (*news)->reference;
    auto outcome = co_await tell(**news);
    if (outcome) co_return judge(stored, *outcome);
    if (is_stores(outcome.error().code)) co_return wait(stored, std::move(outcome.error().detail));
    co_return failed(stored, std::move(outcome.error().detail), reference);
}

/// Who works on a charge is mostly another of its events, and done in a moment.
Task<Result<NewsOutcome>> Inbox::tell(const GatewayNews& news) {
    const SteadyTime last = runtime_.clock.steady() + std::min(busy_patience, policy_.lease / 4);
    for (Milliseconds most = busy_min;; most = std::min(2 * most, busy_max)) {
        auto outcome = co_await apply_(news);
        const bool busy = outcome && outcome->kind == NewsOutcome::Kind::busy;
        if (!busy || stopping_ || runtime_.clock.steady() + most > last) co_return outcome;
        co_await sleep_for(runtime_, up_to(most));
    }
}

Milliseconds Inbox::up_to(Milliseconds most) const {
    return Milliseconds(1 + static_cast<std::int64_t>(runtime_.random.below(static_cast<std::uint64_t>(most.count()))));
}

Settlement Inbox::judge(const StoredEvent& stored, const NewsOutcome& outcome) {
    switch (outcome.kind) {
        case NewsOutcome::Kind::applied:
        case NewsOutcome::Kind::known:
            return settled(stored, Settlement::Kind::done, outcome.why);
        case NewsOutcome::Kind::too_soon:
            if (runtime_.clock.wall() - stored.event.at < policy_.patience) return wait(stored, outcome.why);
            // It never said that it is about a charge of ours: others may have an account at the same gateway.
            if (outcome.charge_id.empty()) return settled(stored, Settlement::Kind::done, outcome.why);
            return failed(stored, outcome.why, outcome.charge_id);
        case NewsOutcome::Kind::busy: {
            Settlement settlement = wait(stored, outcome.why);
            settlement.due_at = runtime_.clock.wall() + wait_min + up_to(busy_patience);
            return settlement;
        }
        case NewsOutcome::Kind::conflict:
            return failed(stored, outcome.why, outcome.charge_id);
    }
    std::unreachable();
}

/// Waits about as long as it has waited already.
Settlement Inbox::wait(const StoredEvent& stored, std::string why) const {
    const WallTime now = runtime_.clock.wall();
    Settlement settlement = settled(stored, Settlement::Kind::wait, std::move(why));
    settlement.due_at = now + std::clamp(now - stored.event.at, wait_min, wait_max);
    return settlement;
}

Settlement Inbox::failed(const StoredEvent& stored, std::string why, const std::string& charge_id) {
    const int tries = stored.failures + 1;
    if (tries < policy_.attempts_max) {
        Settlement settlement = settled(stored, Settlement::Kind::retry, std::move(why));
        settlement.due_at = runtime_.clock.wall() + exponential(between_tries, stored.failures);
        return settlement;
    }
    pager_.page({.kind = "dead_letter",
                 .severity = "critical",
                 .charge_id = charge_id,
                 .detail = "the event " + stored.event.id + " (" + stored.event.type + ") of the webhook source " +
                           stored.event.source + " was given up after " + std::to_string(tries) + " tries: " + why});
    return settled(stored, Settlement::Kind::dead, std::move(why));
}

/// When the write fails, the claims run out and the events are applied once more, which changes nothing.
Task<void> Inbox::settle_all() {
    settling_ = true;
    while (!settlements_.empty()) {
        auto batch = std::exchange(settlements_, {});
        const std::size_t events = batch.size();
        static_cast<void>(co_await store_.settle(std::move(batch), runtime_.clock.wall()));
        leave(events);
    }
    settling_ = false;
}

void Inbox::leave(std::size_t events) noexcept {
    const bool was_full = claimable() == 0;
    working_ -= events;
    if (stopping_ || was_full) timer_->wake();
}

}  // namespace tollgate::webhooks
