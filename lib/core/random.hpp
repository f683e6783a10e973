#pragma once

#include <cstdint>
#include <random>

namespace tollgate {

/// Where chance comes from: jitter and request ids only. Ids and keys of money are derived, never drawn.
/// One object a thread; not for secrets.
class Random {
public:
    virtual ~Random() = default;
    [[nodiscard]] virtual std::uint64_t next() noexcept = 0;

    /// 0 … bound - 1; 0 for a bound of 0.
    [[nodiscard]] std::uint64_t below(std::uint64_t bound) noexcept { return bound == 0 ? 0 : next() % bound; }
};

class SystemRandom final : public Random {
public:
    SystemRandom() : engine_((std::uint64_t{std::random_device{}()} << 32) | std::random_device{}()) {}
    [[nodiscard]] std::uint64_t next() noexcept override { return engine_(); }

private:
    std::mt19937_64 engine_;
};

}  // namespace tollgate
