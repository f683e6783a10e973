#include "service/console/live_stream.hpp"

#include <memory>
#include <utility>

namespace tollgate::console {
namespace {

using namespace std::chrono_literals;

constexpr auto look_every = 1s;
constexpr auto speak_every = 15s;  // proxies give up on whoever is silent for long
constexpr auto check_every = 30s;

}  // namespace

struct LivePlaces::Onlooker {
    std::atomic<int>& taken;
    const Runtime& runtime;
    const Access& access;
    LiveState& state;
    const std::optional<Session> session;
    SteadyTime check_at = runtime.clock.steady() + check_every;
    SteadyTime spoke_at{};
    std::string told{};

    ~Onlooker() { taken.fetch_sub(1); }

    Task<bool> may_go_on() {
        if (!session) co_return true;
        if (runtime.clock.wall() >= session->expires_at) co_return false;
        if (runtime.clock.steady() < check_at) co_return true;
        check_at = runtime.clock.steady() + check_every;
        const auto lives = co_await access.lives(runtime, *session);
        co_return !lives || *lives;  // a store that does not answer ends no session
    }

    static Task<std::optional<std::string>> next(std::shared_ptr<Onlooker> self) {
        const Runtime& runtime = self->runtime;
        if (!self->told.empty()) co_await sleep_for(runtime, look_every);
        if (!co_await self->may_go_on()) co_return std::nullopt;
        std::string state = co_await self->state.tell(runtime);
        const SteadyTime now = runtime.clock.steady();
        if (state == self->told) {
            if (now - self->spoke_at < speak_every) co_return "";
            self->spoke_at = now;
            co_return ":\n\n";
        }
        self->spoke_at = now;
        self->told = std::move(state);
        co_return "event: state\ndata: {\"at\":\"" + to_rfc3339(runtime.clock.wall()) + "\"," + self->told + "}\n\n";
    }
};

http::BodySource LivePlaces::stream(const Runtime& runtime, const Access& access, LiveState& state,
                                    std::optional<Session> session) {
    if (taken_.fetch_add(1) >= places_max) {
        taken_.fetch_sub(1);
        return {};
    }
    std::shared_ptr<Onlooker> onlooker(new Onlooker{taken_, runtime, access, state, std::move(session)});
    return [onlooker = std::move(onlooker)] { return Onlooker::next(onlooker); };
}

}  // namespace tollgate::console
