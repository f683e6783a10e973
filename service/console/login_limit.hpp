#pragma once

#include <array>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "core/time.hpp"
#include "resilience/gcra.hpp"

namespace tollgate::console {

/// How often a wrong key may be tried at the login of this process: ten times a minute and address. Its memory is fixed:
/// addresses share places as a secret decides, so that no number of them uses it up, and none can be picked to fill another's.
/// Safe from any thread.
class LoginLimit {
public:
    explicit LoginLimit(std::string secret) : secret_(std::move(secret)) {}

    /// Nothing: go on. Else how long to stay away.
    [[nodiscard]] std::optional<Milliseconds> refuses(std::string_view peer, SteadyTime now);

private:
    const std::string secret_;
    std::mutex mutex_;
    std::array<GcraTime, 4'096> places_{};  // guarded by `mutex_`
};

}  // namespace tollgate::console
