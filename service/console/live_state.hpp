#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <string>

#include "async/runtime.hpp"
#include "resilience/breakers.hpp"
#include "service/config.hpp"
#include "service/http/limits.hpp"
#include "service/metered_store.hpp"
#include "stores/census.hpp"

namespace tollgate::console {

struct LiveParts {
    const Settings& settings;
    const Breakers& breakers;
    const http::Counters& counters;
    const MeteredCharges& charges;
    CensusStore& census;
};

/// How the service stands right now: of this process what it can tell at once, of the store what is not done yet. One for all
/// threads, so that the store is asked at most once in five seconds, and never while an answer is awaited, however many look.
class LiveState {
public:
    /// What the parts name outlives it and whatever asks.
    explicit LiveState(LiveParts parts) : parts_(parts) {}

    /// As JSON: the members of an object, from `"breakers"` on, without its braces. Waits for the store when it is due to be
    /// asked, but not for longer than store.timeout; what it did not answer is null.
    Task<std::string> tell(const Runtime& runtime);

private:
    struct Told {
        Census census;
        WallTime at{};
    };
    Task<Result<void>> ask(const Runtime& runtime);
    [[nodiscard]] bool is_due(SteadyTime now);

    const LiveParts parts_;
    std::mutex mutex_;  // guards what follows
    std::optional<Told> told_;
    std::optional<SteadyTime> asked_at_;
    bool asking_ = false;
};

}  // namespace tollgate::console
