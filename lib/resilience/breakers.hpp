#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "resilience/breaker.hpp"

namespace tollgate {

/// A change of state, for the log, /health and the metrics.
struct BreakerChange {
    std::string_view name;  // of the breaker; lives as long as it
    BreakerState from;
    BreakerState to;
    bool from_fleet = false;  // learned, not found here
};

/// Called on the thread that caused the change, outside every lock.
using BreakerHook = std::function<void(const BreakerChange&)>;

/// Called when there is something to tell the fleet that was not there before, on the thread that caused it, outside every
/// lock.
using NewsHook = std::function<void()>;

/// How one breaker stands.
struct BreakerView {
    std::string name;
    BreakerState state;
    Milliseconds retry_after;  // zero: a call would pass
};

/// One Breaker that all threads share.
class SharedBreaker {
public:
    /// The hooks outlive it.
    SharedBreaker(std::string name, BreakerPolicy policy, const BreakerHook& hook, const NewsHook& news_hook);

    [[nodiscard]] std::expected<Breaker::Permit, Milliseconds> admit(SteadyTime now);
    /// How long a caller has to stay away; zero: it may come. For callers: one that is refused may be a reason to probe.
    [[nodiscard]] Milliseconds refusal(SteadyTime now);
    void record(Breaker::Permit permit, CallVerdict verdict, SteadyTime now);

    [[nodiscard]] std::string_view name() const noexcept { return name_; }
    [[nodiscard]] BreakerState state() const;
    /// For onlookers.
    [[nodiscard]] BreakerView view(SteadyTime now) const;

    [[nodiscard]] std::optional<BreakerNews> news(SteadyTime now) const;
    void hear(const BreakerStanding& standing, SteadyTime asked, SteadyTime now);

private:
    template <class Make>
    void change(SteadyTime now, bool from_fleet, Make make);

    const std::string name_;
    const BreakerHook& hook_;
    const NewsHook& news_hook_;
    mutable std::mutex mutex_;
    Breaker breaker_;
};

/// All breakers of the process by name, one for each dependency and kind of call: "gateway.authorize", "gateway.refund",
/// "inventory.place". Names come from code, so their number is bounded. Thread safe.
class Breakers {
public:
    explicit Breakers(BreakerPolicy policy, BreakerHook hook = {}) : policy_(policy), hook_(std::move(hook)) {}
    Breakers(const Breakers&) = delete;
    Breakers& operator=(const Breakers&) = delete;

    /// The breaker of that name, made closed when it is first asked for; lives as long as this object.
    [[nodiscard]] SharedBreaker& at(std::string_view name);

    /// All of them, by name.
    [[nodiscard]] std::vector<BreakerView> snapshot(SteadyTime now) const;

    /// Who is to be called when there are news. Set before other threads come.
    void on_news(NewsHook hook) { news_hook_ = std::move(hook); }

    /// What the fleet does not know yet.
    [[nodiscard]] std::vector<BreakerNews> news(SteadyTime now) const;

    /// Takes over how all breakers stand in the fleet that was asked at `asked`. One that is not among them is one that nobody
    /// has told of; one that is not known here is left for later.
    void hear(const std::vector<BreakerStanding>& standings, SteadyTime asked, SteadyTime now);

private:
    const BreakerPolicy policy_;
    const BreakerHook hook_;
    NewsHook news_hook_;
    mutable std::mutex mutex_;
    std::map<std::string, std::unique_ptr<SharedBreaker>, std::less<>> breakers_;
};

}  // namespace tollgate
