#pragma once

#include <chrono>

#include "core/random.hpp"

/// How long to wait before asking again. `retry` counts from 0: the wait after the first failure. No result is negative or
/// above its cap, whatever goes in.
namespace tollgate {

struct Backoff {
    std::chrono::milliseconds base_delay{500};
    std::chrono::milliseconds max_delay{5000};
    double multiplier = 2.0;
};

/// min(max_delay, base_delay · multiplier^retry).
[[nodiscard]] std::chrono::milliseconds exponential(const Backoff& backoff, int retry) noexcept;

/// Uniform in 0 … exponential(…), both included, so that clients that failed together do not return together ("full jitter",
/// AWS Architecture Blog, "Exponential Backoff And Jitter").
[[nodiscard]] std::chrono::milliseconds full_jitter(const Backoff& backoff, int retry, Random& random) noexcept;

/// step, 2 · step, 3 · step …, at most max: for compensations.
[[nodiscard]] std::chrono::milliseconds linear(std::chrono::milliseconds step, int retry,
                                               std::chrono::milliseconds max) noexcept;

/// 1, 2, 4 … seconds, at most max: for looking up an unknown outcome.
[[nodiscard]] std::chrono::milliseconds look_up_delay(int retry, std::chrono::milliseconds max) noexcept;

}  // namespace tollgate
