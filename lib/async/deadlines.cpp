#include "async/deadlines.hpp"

namespace tollgate {
namespace {

/// A ring's fixed point: what is linked lies between it and itself.
class Ring final : public Deadline {};

}  // namespace

struct Deadlines::State {
    State(const Runtime& borrowed, Milliseconds every) : runtime(borrowed), grain(every), timer(borrowed.timers.make()) {
        clear(armed);
        clear(due);
    }

    static void clear(Deadline& ring) noexcept { ring.next_ = ring.previous_ = &ring; }
    [[nodiscard]] static bool is_empty(const Deadline& ring) noexcept { return ring.next_ == &ring; }
    static void drop_all(Deadline& ring) noexcept {
        while (!is_empty(ring)) ring.next_->disarm();
    }

    /// What is due is set aside first: `expire` may change the ring that is being walked.
    void fire() noexcept {
        const SteadyTime now = runtime.clock.steady();
        for (Deadline* at = armed.next_; at != &armed;) {
            Deadline* const one = at;
            at = at->next_;
            if (one->at_ > now) continue;
            one->disarm();
            one->link_before(due);
        }
        while (!is_empty(due)) {
            Deadline* const one = due.next_;
            one->disarm();
            one->expire();
        }
    }

    const Runtime& runtime;
    Milliseconds grain;
    std::unique_ptr<Timer> timer;
    Ring armed;
    Ring due;
    bool running = false;
    bool stopped = false;
};

Deadlines::Deadlines(const Runtime& runtime, Milliseconds grain) : state_(std::make_shared<State>(runtime, grain)) {}

Deadlines::~Deadlines() {
    State::drop_all(state_->armed);
    State::drop_all(state_->due);
    state_->stopped = true;
    state_->timer->wake();
}

void Deadlines::arm(Deadline& deadline, SteadyTime at) {
    deadline.disarm();
    deadline.at_ = at;
    deadline.link_before(state_->armed);
    if (state_->running) return;
    state_->running = true;
    spawn(state_->runtime.executor, sweep(state_));
}

Task<void> Deadlines::sweep(std::shared_ptr<State> state) {
    while (!state->stopped && !State::is_empty(state->armed)) {
        co_await state->timer->wait_until(state->runtime.clock.steady() + state->grain);
        if (!state->stopped) state->fire();
    }
    state->running = false;
}

}  // namespace tollgate
