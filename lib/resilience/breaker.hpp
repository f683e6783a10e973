#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>
#include <vector>

#include "core/time.hpp"
#include "resilience/standing.hpp"

namespace tollgate {

struct BreakerPolicy {
    int failure_threshold = 5;              // this many failures in a row open it
    Milliseconds recovery_timeout{30'000};  // how long it stays open, and how long a probe may take; at most a year
    int success_threshold = 2;              // this many successful probes close it
};

enum class BreakerState : std::uint8_t { closed, open, half_open };

[[nodiscard]] std::string_view name(BreakerState state) noexcept;

/// How a call ended, in the breaker's eyes.
enum class CallVerdict : std::uint8_t {
    success,  // the dependency answered; "no" is an answer too
    failure,  // it could not be reached, broke down, or took too long
    ignored,  // says nothing about it: canceled, never sent, or told to come back later
};

/// Leaves a failing dependency alone for a while, then asks it carefully whether it is well again (Nygard, "Release It!";
/// states named as in resilience4j). A pure state machine: the caller tells the time and what became of each call. Not thread
/// safe; see Breakers.
///
/// closed     all calls pass; `failure_threshold` failures in a row open it
/// open       none pass for `recovery_timeout`
/// half-open  as many probes at once as successes are still wanted; one failure opens it again
///
/// In a fleet, from the first `hear` on, it also follows what other processes found, and only the process that was granted it
/// probes. When it has heard nothing for the recovery timeout (and for a few exchanges), it decides alone again.
class Breaker {
public:
    /// The right to make one call, to be handed back with `record`. One that outlived its state counts for nothing.
    struct Permit {
        std::uint64_t era = 0;    // the number of state changes before it
        std::uint64_t probe = 0;  // 0: an ordinary call
    };

    explicit Breaker(BreakerPolicy policy) noexcept;

    /// A permit, or how long to stay away: longer than zero.
    [[nodiscard]] std::expected<Permit, Milliseconds> admit(SteadyTime now);

    /// What `admit` would say, without taking a probe's place: zero when it would let a call pass.
    [[nodiscard]] Milliseconds refusal(SteadyTime now) const noexcept;

    /// A probe that has not reported within `recovery_timeout` has lost its place, and its late word is ignored.
    void record(Permit permit, CallVerdict verdict, SteadyTime now);

    /// A call was refused by what `refusal` said: where it waits for the fleet to let this process probe, that is now wished
    /// for. `admit` does it by itself.
    void note_refused(SteadyTime now) noexcept;

    /// What the fleet does not know yet, without the breaker's name. What was learned from it is no news.
    [[nodiscard]] std::optional<BreakerNews> news(SteadyTime now) const;

    /// Takes over how it stands in the fleet; `asked` is when the fleet was asked. News that was not heard stays news.
    void hear(const BreakerStanding& standing, SteadyTime asked, SteadyTime now);

    [[nodiscard]] BreakerState state() const noexcept { return state_; }
    [[nodiscard]] int failures_in_a_row() const noexcept { return failures_; }

private:
    struct Probe {
        std::uint64_t id;
        SteadyTime until;  // from then on its place is free
    };

    void enter(BreakerState state) noexcept;
    void open(SteadyTime now) noexcept;
    void stay_away(Milliseconds span, SteadyTime now) noexcept;
    void record_probe(std::uint64_t id, CallVerdict verdict, SteadyTime now);
    [[nodiscard]] Milliseconds left(SteadyTime until, SteadyTime now) const noexcept;
    [[nodiscard]] Milliseconds short_wait() const noexcept;
    [[nodiscard]] Milliseconds grant_wanted() const noexcept;
    [[nodiscard]] std::size_t probes_running(SteadyTime now) const noexcept;
    [[nodiscard]] bool in_fleet(SteadyTime now) const noexcept;
    [[nodiscard]] bool waits_for_grant(SteadyTime now) const noexcept;
    [[nodiscard]] bool opened_here(SteadyTime now) const noexcept;

    BreakerPolicy policy_;
    BreakerState state_ = BreakerState::closed;
    std::uint64_t era_ = 0;
    std::uint64_t last_probe_ = 0;
    int failures_ = 0;   // in a row, while closed
    int successes_ = 0;  // of probes, since the last failure
    SteadyTime open_until_{};
    std::vector<Probe> probes_;  // at most success_threshold

    struct Fleet {
        std::optional<SteadyTime> heard;  // when it last answered
        std::uint64_t era = 0;            // of the standing it told of
        bool open = false;                // in that standing: anything but closed
        std::optional<SteadyTime> until;  // what that standing set `open_until_` to
        bool forgotten = false;           // the store has lost what it knew: what stands here is told again
        std::optional<SteadyTime> may_probe_until;
        std::optional<SteadyTime> wished;  // to probe, and nobody was asked since
        bool probes_elsewhere = false;
    };
    Fleet fleet_;
};

}  // namespace tollgate
