#pragma once

#include <chrono>
#include <string>

namespace tollgate {

using Milliseconds = std::chrono::milliseconds;

/// What the world agrees on: UTC, to the millisecond. May jump; only records and leases read it.
using WallTime = std::chrono::sys_time<Milliseconds>;

/// What deadlines are made of: never jumps.
using SteadyTime = std::chrono::steady_clock::time_point;

/// Where time comes from: the system's in production, a virtual one in simulation.
class Clock {
public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual WallTime wall() const noexcept = 0;
    [[nodiscard]] virtual SteadyTime steady() const noexcept = 0;
};

class SystemClock final : public Clock {
public:
    [[nodiscard]] WallTime wall() const noexcept override {
        return std::chrono::floor<Milliseconds>(std::chrono::system_clock::now());
    }
    [[nodiscard]] SteadyTime steady() const noexcept override { return std::chrono::steady_clock::now(); }
};

/// `2026-11-22T10:00:00.000Z` (RFC 3339 section 5.6, always UTC, always milliseconds).
[[nodiscard]] std::string to_rfc3339(WallTime time);

}  // namespace tollgate
