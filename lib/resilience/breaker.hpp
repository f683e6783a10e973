#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string_view>
#include <vector>

#include "core/time.hpp"

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

    [[nodiscard]] BreakerState state() const noexcept { return state_; }
    [[nodiscard]] int failures_in_a_row() const noexcept { return failures_; }

private:
    struct Probe {
        std::uint64_t id;
        SteadyTime until;  // from then on its place is free
    };

    void enter(BreakerState state) noexcept;
    void open(SteadyTime now) noexcept;
    void record_probe(std::uint64_t id, CallVerdict verdict, SteadyTime now);
    [[nodiscard]] Milliseconds left(SteadyTime until, SteadyTime now) const noexcept;
    [[nodiscard]] bool has_place(SteadyTime now) const noexcept;

    BreakerPolicy policy_;
    BreakerState state_ = BreakerState::closed;
    std::uint64_t era_ = 0;
    std::uint64_t last_probe_ = 0;
    int failures_ = 0;   // in a row, while closed
    int successes_ = 0;  // of probes, while half-open
    SteadyTime open_until_{};
    std::vector<Probe> probes_;  // at most success_threshold
};

}  // namespace tollgate
