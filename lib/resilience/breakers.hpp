#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
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
};

/// Called on the thread that caused the change, outside every lock.
using BreakerHook = std::function<void(const BreakerChange&)>;

/// One Breaker that all threads share.
class SharedBreaker {
public:
    SharedBreaker(std::string name, BreakerPolicy policy, const BreakerHook& hook);

    [[nodiscard]] std::expected<Breaker::Permit, Milliseconds> admit(SteadyTime now);
    [[nodiscard]] Milliseconds refusal(SteadyTime now) const;
    void record(Breaker::Permit permit, CallVerdict verdict, SteadyTime now);

    [[nodiscard]] std::string_view name() const noexcept { return name_; }
    [[nodiscard]] BreakerState state() const;

private:
    template <class Make>
    void change(Make make);

    const std::string name_;
    const BreakerHook& hook_;
    mutable std::mutex mutex_;
    Breaker breaker_;
};

/// How one breaker stands.
struct BreakerView {
    std::string name;
    BreakerState state;
    Milliseconds retry_after;  // zero: a call would pass
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

private:
    const BreakerPolicy policy_;
    const BreakerHook hook_;
    mutable std::mutex mutex_;
    std::map<std::string, std::unique_ptr<SharedBreaker>, std::less<>> breakers_;
};

}  // namespace tollgate
