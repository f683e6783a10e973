#pragma once

#include <chrono>
#include <string_view>

namespace tollgate {

/// Where durations are reported. Telemetry implements it; called from any thread, so it is thread safe, and never blocks.
class DurationMeter {
public:
    virtual ~DurationMeter() = default;

    /// `name` is fixed in code ("charge_duration"); `outcome` comes from a short list ("ok", "201", "card_declined",
    /// "canceled"), so both are fit to be labels. Both are only lent for the call.
    virtual void observe(std::string_view name, std::chrono::duration<double> took, std::string_view outcome) = 0;
};

}  // namespace tollgate
