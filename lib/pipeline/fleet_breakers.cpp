#include "pipeline/fleet_breakers.hpp"

#include <algorithm>
#include <atomic>
#include <boost/asio/post.hpp>
#include <utility>

namespace tollgate {
namespace {

using namespace std::chrono_literals;

constexpr Milliseconds interval = 1s;

// However much there is to tell, the store is not asked more often.
constexpr Milliseconds interval_min = 50ms;

}  // namespace

/// Rung from any thread, also once nobody listens any more.
struct FleetBreakers::Bell : std::enable_shared_from_this<Bell> {
    Bell(Executor where, std::unique_ptr<Timer> timer_here) : executor(std::move(where)), timer(std::move(timer_here)) {}

    void ring() {
        if (rung.exchange(true)) return;
        asio::post(executor, [bell = shared_from_this()] { bell->timer->wake(); });
    }

    const Executor executor;
    const std::unique_ptr<Timer> timer;
    std::atomic<bool> rung{false};
};

FleetBreakers::FleetBreakers(const Runtime& runtime, Breakers& breakers, FleetStore& store, std::string process)
    : runtime_(runtime),
      breakers_(breakers),
      store_(store),
      process_(std::move(process)),
      bell_(std::make_shared<Bell>(runtime.executor, runtime.timers.make())) {
    breakers_.on_news([bell = bell_] { bell->ring(); });
}

FleetBreakers::~FleetBreakers() = default;

Task<Result<void>> FleetBreakers::exchange() {
    const SteadyTime asked = runtime_.clock.steady();
    auto news = breakers_.news(asked);
    const auto standings = co_await store_.exchange(process_, std::move(news));
    if (!standings) co_return fail(standings.error());
    breakers_.hear(*standings, asked, runtime_.clock.steady());
    co_return Result<void>();
}

Task<void> FleetBreakers::run() {
    const auto bell = bell_;  // a coroutine that is dropped after this object still has its timer
    while (!stopping_) {
        bell->rung = false;
        const SteadyTime begun = runtime_.clock.steady();
        std::ignore = co_await exchange();
        while (!stopping_) {
            const SteadyTime next = begun + (bell->rung ? interval_min : interval);
            if (runtime_.clock.steady() >= next) break;
            co_await bell->timer->wait_until(next);
        }
    }
}

void FleetBreakers::stop() noexcept {
    stopping_ = true;
    bell_->timer->wake();
}

}  // namespace tollgate
