#include "notify/notifier.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "notify/schedule.hpp"
#include "signing/signatures.hpp"

namespace tollgate {

Notifier::Notifier(const Runtime& runtime, EventStore& store, Exchange& exchange, NotifyTarget target, Pager& pager,
                   DurationMeter& meter, Told told, Milliseconds interval)
    : runtime_(runtime),
      store_(store),
      exchange_(exchange),
      target_(std::move(target)),
      pager_(pager),
      meter_(meter),
      told_(std::move(told)),
      interval_(interval),
      timer_(runtime.timers.make()),
      ended_(runtime) {}

Task<void> Notifier::run() {
    while (!stopping_ || in_hand_ > 0) {
        const SteadyTime now = runtime_.clock.steady();
        if (!outcomes_.empty() && settle_at_ <= now) {
            co_await settle();
        } else if (may_claim() && claim_at_ <= now) {
            co_await claim();
        } else {
            co_await timer_->wait_until(next_step());
        }
    }
    ended_.set(true);
}

void Notifier::stop() noexcept {
    stopping_ = true;
    timer_->wake();
}

Task<bool> Notifier::ended(SteadyTime by) {
    const auto end = co_await ended_.wait_until(by);
    co_return end.has_value();
}

SteadyTime Notifier::next_step() const noexcept {
    const SteadyTime settling = outcomes_.empty() ? SteadyTime::max() : settle_at_;
    return may_claim() ? std::min(settling, claim_at_) : settling;
}

Task<void> Notifier::claim() {
    const std::size_t room = concurrent_max - in_hand_;
    const SteadyTime held_until = runtime_.clock.steady() + lease;
    auto events = co_await store_.claim(EventQueue::outgoing, runtime_.clock.wall(), lease, room);
    claim_at_ = runtime_.clock.steady() + interval_;
    if (!events) co_return;  // a store that is away is asked again at the next look
    in_hand_ += events->size();
    for (StoredEvent& event : *events) spawn(runtime_.executor, deliver(std::move(event), held_until));
}

OutboundRequest Notifier::request_for(Event event, SteadyTime held_until) const {
    const std::string timestamp = unix_seconds(runtime_.clock.wall());
    std::string signature = standard_signature(target_.key, event.id, timestamp, event.body);
    return {.method = "POST",
            .path = target_.path,
            .headers = {{"webhook-id", std::move(event.id)},
                        {"webhook-timestamp", timestamp},
                        {"webhook-signature", std::move(signature)}},
            .body = std::move(event.body),
            .deadline = std::min(runtime_.clock.steady() + deadline, held_until)};
}

Task<void> Notifier::deliver(StoredEvent claimed, SteadyTime held_until) {
    const SteadyTime begun = runtime_.clock.steady();
    const auto reply = co_await exchange_.exchange(request_for(claimed.event, held_until));
    Settlement settlement = judge(claimed, reply);
    using Kind = Settlement::Kind;
    const std::string_view outcome = settlement.kind == Kind::done ? "done" : settlement.kind == Kind::dead ? "dead" : "retry";
    meter_.observe("notify_delivery", runtime_.clock.steady() - begun, outcome);
    outcomes_.push_back({std::move(settlement), held_until});
    timer_->wake();
}

/// What the try came to. Whoever must be called is called before it is written, so that a crash in between calls twice.
Settlement Notifier::judge(const StoredEvent& tried, const Result<OutboundReply>& reply) {
    const Event& event = tried.event;
    Settlement settlement{.id = event.id, .claim = tried.claims};
    settlement.note = reply ? "it answered " + std::to_string(reply->status) : reply.error().detail;
    if (reply && reply->status >= 200 && reply->status < 300) return settlement;

    const bool asks_for_time = reply && (reply->status == 429 || reply->status == 503);
    const int failures = tried.failures + 1;
    const auto wait = redelivery_wait(failures, asks_for_time ? reply->retry_after : std::nullopt, runtime_.random);
    if (wait) {
        settlement.kind = Settlement::Kind::retry;
        settlement.due_at = runtime_.clock.wall() + *wait;
        tell({.event = event, .why = settlement.note, .failures = failures, .wait = *wait});
        return settlement;
    }
    settlement.kind = Settlement::Kind::dead;
    pager_.page({.kind = "dead_letter",
                 .severity = "critical",
                 .charge_id = event.charge_id,
                 .detail = "the shop did not take event " + event.id + " (" + event.type + ") in " + std::to_string(failures) +
                           " tries; the last one: " + settlement.note + ". Once it takes events again, replay it"});
    return settlement;
}

Task<void> Notifier::settle() {
    auto mine = std::exchange(outcomes_, {});
    std::vector<Settlement> settlements;
    bool next_is_due = false;
    for (const Outcome& one : mine) {
        settlements.push_back(one.settlement);
        next_is_due |= one.settlement.kind == Settlement::Kind::done || one.settlement.kind == Settlement::Kind::dead;
    }
    const auto written = co_await store_.settle(std::move(settlements), runtime_.clock.wall());
    const SteadyTime now = runtime_.clock.steady();
    if (written) {
        in_hand_ -= mine.size();
        if (next_is_due) claim_at_ = now;
        co_return;
    }
    // They may be written as long as the claims hold; after that somebody delivers again.
    settle_at_ = now + interval_;
    in_hand_ -= std::erase_if(mine, [now](const Outcome& one) { return one.held_until <= now; });
    std::ranges::move(mine, std::back_inserter(outcomes_));
}

void Notifier::tell(const FailedDelivery& failed) {
    const SteadyTime now = runtime_.clock.steady();
    if (now < tell_at_) {
        ++untold_;
        return;
    }
    tell_at_ = now + told_every;
    FailedDelivery whole = failed;
    whole.untold = std::exchange(untold_, 0);
    told_(whole);
}

}  // namespace tollgate
