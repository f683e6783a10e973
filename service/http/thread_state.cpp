#include "service/http/thread_state.hpp"

#include "service/http/render.hpp"

namespace tollgate::http {
namespace {

// How long a connection that has not sent anything yet may take once we drain.
constexpr std::chrono::seconds fresh_while_draining{1};

}  // namespace

ThreadState::ThreadState(const Runtime& the_runtime, Router the_router, Options the_options, Counters& the_counters)
    : runtime(the_runtime),
      router(std::move(the_router)),
      options(std::move(the_options)),
      counters(the_counters),
      sweeper(the_runtime.timers.make()),
      emptied(the_runtime.timers.make()) {
    tick();
}

void ThreadState::tick() {
    now = runtime.clock.steady();
    const WallTime wall = std::chrono::floor<std::chrono::seconds>(runtime.clock.wall());
    if (wall == dated_ && !date.empty()) return;
    dated_ = wall;
    date = to_http_date(wall);
}

Task<void> ThreadState::sweep(std::shared_ptr<ThreadState> state) {
    while (!state->stopped) {
        const bool nobody = state->watched_.empty();
        co_await state->sweeper->wait_until(nobody ? Watched::never : state->runtime.clock.steady() + sweep_interval);
        state->sweep_once();
    }
}

void ThreadState::sweep_once() {
    tick();
    for (Watched& session : watched_) {
        if (session.deadline > now) continue;
        session.expired = true;
        session.interrupt();
    }
}

void ThreadState::enter(Watched& session) {
    if (watched_.empty()) {
        tick();
        sweeper->wake();
    }
    watched_.push_back(session);
    ++sessions;
    counters.connections.fetch_add(1, std::memory_order_relaxed);
}

void ThreadState::left() noexcept {
    counters.connections.fetch_sub(1, std::memory_order_relaxed);
    if (--sessions == 0) emptied->wake();
}

void ThreadState::drain() {
    tick();
    draining = true;
    for (Watched& session : watched_) {
        if (session.idle) {
            session.leave = true;
            session.interrupt();
        } else if (session.fresh) {
            session.deadline = std::min(session.deadline, now + fresh_while_draining);
        }
    }
}

void ThreadState::evict_idle() {
    Watched* longest = nullptr;
    for (Watched& session : watched_)
        if (session.idle && !session.leave && (longest == nullptr || session.deadline < longest->deadline)) longest = &session;
    if (longest == nullptr) return;
    longest->leave = true;
    longest->interrupt();
}

}  // namespace tollgate::http
