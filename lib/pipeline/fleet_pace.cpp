#include "pipeline/fleet_pace.hpp"

#include <algorithm>
#include <deque>
#include <utility>

#include "async/one_shot.hpp"
#include "pipeline/rate_limit.hpp"

namespace tollgate {
namespace {

using namespace std::chrono_literals;

constexpr Milliseconds block_span = 100ms;

// The store looks no further ahead.
constexpr Milliseconds patience_max = 1min;

}  // namespace

struct FleetPace::State {
    struct Waiter {
        Waiter(const Runtime& runtime, SteadyTime until) : latest(until), answer(runtime) {}
        const SteadyTime latest;
        OneShot<Result<SteadyTime>> answer;
    };

    State(const Runtime& of, FleetStore& where, std::string pace, GcraPolicy how)
        : runtime(of),
          store(where),
          name(std::move(pace)),
          policy(how),
          block_max(std::max<std::int64_t>(1, block_span * std::max<std::int64_t>(1, policy.requests) / policy.per)),
          timer(of.timers.make()) {}

    [[nodiscard]] SteadyTime now() const noexcept { return runtime.clock.steady(); }

    /// The n-th place after `first`.
    [[nodiscard]] SteadyTime place(SteadyTime first, std::int64_t n) const noexcept {
        return first + std::chrono::nanoseconds(policy.per) * n / std::max<std::int64_t>(1, policy.requests);
    }

    /// Forgets who has left on the way.
    [[nodiscard]] bool anybody_waits() {
        std::erase_if(waiters, [](const std::weak_ptr<Waiter>& waiter) { return waiter.expired(); });
        return !waiters.empty();
    }

    /// Of the most patient of them.
    [[nodiscard]] Milliseconds patience() const {
        SteadyTime latest = now();
        for (const auto& waiter : waiters) {
            if (const auto waits = waiter.lock()) latest = std::max(latest, waits->latest);
        }
        return std::min(patience_max, std::chrono::floor<Milliseconds>(latest - now()));
    }

    void refuse_all(const PaymentError& why) {
        for (const auto& waiter : std::exchange(waiters, {})) {
            if (const auto waits = waiter.lock()) waits->answer.set(fail(why));
        }
    }

    /// To the first that can still use it; who cannot use this one can use no later one.
    void give_out(SteadyTime place);

    /// Those who waited when there was no place early enough for any of them.
    void refuse_first(std::size_t count);

    [[nodiscard]] PaymentError used_up(SteadyTime until) const {
        return outbound_limit_used_up(std::chrono::ceil<Milliseconds>(until - now()));
    }

    const Runtime& runtime;
    FleetStore& store;
    const std::string name;
    const GcraPolicy policy;
    const std::int64_t block_max;
    const std::unique_ptr<Timer> timer;
    std::deque<std::weak_ptr<Waiter>> waiters;   // no more than there are calls
    std::deque<SteadyTime> in_hand;              // taken, not given out; at most a block
    SteadyTime none_before = SteadyTime::min();  // places yet to be taken lie at or after it
    bool asking = false;
};

void FleetPace::State::give_out(SteadyTime place) {
    while (!waiters.empty()) {
        const auto waits = waiters.front().lock();
        waiters.pop_front();
        if (!waits) continue;
        if (place <= waits->latest) return waits->answer.set(place);
        waits->answer.set(fail(used_up(place)));
    }
    in_hand.push_back(place);
}

void FleetPace::State::refuse_first(std::size_t count) {
    for (; count > 0; --count) {
        if (const auto waits = waiters.front().lock()) waits->answer.set(fail(used_up(none_before)));
        waiters.pop_front();
    }
}

FleetPace::FleetPace(const Runtime& runtime, FleetStore& store, std::string name, GcraPolicy policy)
    : state_(std::make_shared<State>(runtime, store, std::move(name), policy)) {}

FleetPace::~FleetPace() = default;

Task<Result<SteadyTime>> FleetPace::reserve(SteadyTime latest) {
    const auto state = state_;
    const SteadyTime now = state->now();
    auto& in_hand = state->in_hand;
    while (!in_hand.empty() && in_hand.front() < now) in_hand.pop_front();
    if (!in_hand.empty() && in_hand.front() <= latest) {
        const SteadyTime place = in_hand.front();
        in_hand.pop_front();
        co_return place;
    }
    const SteadyTime earliest = std::max(now, state->none_before);
    if (latest < earliest) co_return fail(state->used_up(earliest));

    const auto waiter = std::make_shared<State::Waiter>(state->runtime, latest);
    state->waiters.push_back(waiter);
    if (!std::exchange(state->asking, true))
        spawn(state->runtime.executor, ask(state));
    else if (std::ssize(state->waiters) >= state->block_max)
        state->timer->wake();
    auto answer = co_await waiter->answer.wait_until(latest);
    if (!answer) co_return fail(Code::gateway_busy, "the store that keeps our limit on calls outward did not answer in time");
    co_return std::move(*answer);
}

/// Takes blocks while anybody waits.
Task<void> FleetPace::ask(std::shared_ptr<State> state) {
    while (state->anybody_waits()) {
        const SteadyTime gathered = state->now() + block_span;
        if (state->none_before > gathered && std::ssize(state->waiters) < state->block_max) {
            co_await state->timer->wait_until(gathered);
            if (!state->anybody_waits()) break;
        }
        const std::size_t asking_for = state->waiters.size();
        const auto count = std::min<std::int64_t>(std::ssize(state->waiters), state->block_max);
        const auto places = co_await state->store.take_places(state->name, state->policy, count, state->patience());
        if (!places) {
            state->refuse_all({Code::gateway_busy, "the store that keeps our limit on calls outward is away"});
            continue;
        }
        const SteadyTime first = state->now() + places->first_in;
        const auto taken = std::min(places->count, count);
        state->none_before = state->place(first, taken);
        for (std::int64_t n = 0; n < taken; ++n) state->give_out(state->place(first, n));
        if (taken <= 0) state->refuse_first(asking_for);
    }
    state->asking = false;
}

}  // namespace tollgate
