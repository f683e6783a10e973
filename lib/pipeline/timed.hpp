#pragma once

#include <string>
#include <type_traits>
#include <utility>

#include "core/meter.hpp"
#include "pipeline/outcome.hpp"
#include "pipeline/service.hpp"

namespace tollgate {

/// Reports how long each call took and how it ended; a call that nobody waits for any more ended "canceled".
template <class Inner>
class TimedService {
public:
    TimedService(Inner inner, DurationMeter& meter, std::string name, const Clock& clock)
        : inner_(std::move(inner)), meter_(meter), name_(std::move(name)), clock_(clock) {}

    template <class Request>
    auto operator()(Request request) -> std::invoke_result_t<Inner&, Request> {
        Measurement measurement{*this};
        auto result = co_await inner_(std::move(request));
        measurement.outcome = outcome_of(result);
        co_return result;
    }

private:
    struct Measurement {
        TimedService& service;
        SteadyTime begun = service.clock_.steady();
        std::string outcome = "canceled";
        ~Measurement() { service.meter_.observe(service.name_, service.clock_.steady() - begun, outcome); }
    };

    Inner inner_;
    DurationMeter& meter_;
    const std::string name_;
    const Clock& clock_;
};

struct TimedLayer : Layer {
    DurationMeter& meter;
    std::string name;
    const Clock& clock;

    template <class Inner>
    auto wrap(Inner inner) && {
        return TimedService<Inner>(std::move(inner), meter, std::move(name), clock);
    }
};

/// `name` is that of the histogram.
[[nodiscard]] inline TimedLayer timed(DurationMeter& meter, std::string name, const Runtime& runtime) {
    return {{}, meter, std::move(name), runtime.clock};
}

}  // namespace tollgate
