#include "service/http/server.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "service/http/session.hpp"

namespace tollgate::http {
namespace {

using boost::system::error_code;

constexpr std::chrono::milliseconds pause_without_descriptors{100};
constexpr std::chrono::milliseconds pause_when_full{20};

}  // namespace

/// The accept loop, alive for as long as it runs.
struct Server::Door {
    Door(std::shared_ptr<ThreadState> the_state, Acceptor the_acceptor)
        : state(std::move(the_state)), acceptor(std::move(the_acceptor)), pause(state->runtime.timers.make()) {}

    static Task<void> run(std::shared_ptr<Door> door);
    Task<void> rest(std::chrono::milliseconds duration);
    bool is_full() const {
        return state->counters.connections.load(std::memory_order_relaxed) >= state->options.limits.max_connections;
    }
    void take_waiting();

    std::shared_ptr<ThreadState> state;
    Acceptor acceptor;
    std::unique_ptr<Timer> pause;
    bool closed = false;
};

Task<void> Server::Door::rest(std::chrono::milliseconds duration) {
    state->counters.accept_pauses.fetch_add(1, std::memory_order_relaxed);
    co_await pause->wait_until(state->runtime.clock.steady() + duration);
}

Task<void> Server::Door::run(std::shared_ptr<Door> door) {
    ThreadState& state = *door->state;
    error_code ec;
    while (!state.draining) {
        if (door->is_full()) {
            state.evict_idle();
            co_await door->rest(pause_when_full);
            continue;
        }
        Socket socket(door->acceptor.get_executor());
        co_await door->acceptor.async_accept(socket, asio::redirect_error(asio::use_awaitable, ec));
        if (!ec) {
            start_session(door->state, std::move(socket));
        } else if (!state.draining && ec != asio::error::connection_aborted) {
            // Most likely EMFILE; whatever it is, trying again at once would only spin.
            state.evict_idle();
            co_await door->rest(pause_without_descriptors);
        }
    }
    door->take_waiting();
    door->acceptor.close(ec);
    door->closed = true;
    if (state.sessions == 0) state.emptied->wake();
}

/// Closing a listening socket resets what waits in its queue: those clients did nothing wrong.
void Server::Door::take_waiting() {
    while (!is_full()) {
        Socket socket(acceptor.get_executor());
        error_code ec;
        acceptor.accept(socket, ec);
        if (ec) return;
        start_session(state, std::move(socket));
    }
}

Server::Server(const Runtime& runtime, Acceptor acceptor, Router router, Options options, Counters& counters)
    : state_(std::make_shared<ThreadState>(runtime, std::move(router), std::move(options), counters)),
      door_(std::make_shared<Door>(state_, std::move(acceptor))) {
    error_code ignored;
    endpoint_ = door_->acceptor.local_endpoint(ignored);
}

Server::~Server() {
    state_->stopped = true;
}

void Server::start() {
    spawn(state_->runtime.executor, ThreadState::sweep(state_));
    spawn(state_->runtime.executor, Door::run(door_));
}

void Server::begin_drain() {
    asio::post(state_->runtime.executor, [state = state_, door = door_] {
        if (state->draining) return;
        state->drain();
        error_code ignored;
        door->acceptor.cancel(ignored);
        door->pause->wake();
    });
}

Task<bool> Server::wait_until_idle(SteadyTime deadline) {
    const auto state = state_;
    const auto door = door_;
    const auto idle = [&] { return door->closed && state->sessions == 0; };
    while (!idle() && state->runtime.clock.steady() < deadline) co_await state->emptied->wait_until(deadline);
    co_return idle();
}

void Server::abort() {
    for (Watched& session : state_->watched_) session.abort();
}

}  // namespace tollgate::http
