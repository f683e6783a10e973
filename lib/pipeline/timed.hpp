#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "core/meter.hpp"
#include "pipeline/outcome.hpp"
#include "pipeline/service.hpp"

namespace tollgate {

/// Reports how long each call took and how it ended. A call whose coroutine is dropped half-way ended "canceled": meter and
/// clock outlive every coroutine, the service itself need not.
template <class Inner>
class TimedService {
public:
    TimedService(Inner inner, DurationMeter& meter, std::string name, const Clock& clock)
        : inner_(std::move(inner)), meter_(meter), name_(std::make_shared<const std::string>(std::move(name))), clock_(clock) {}

    template <class Request>
    auto operator()(Request request) -> std::invoke_result_t<Inner&, Request> {
        Measurement measurement{meter_, clock_, name_};
        auto result = co_await inner_(std::move(request));
        measurement.outcome = outcome_of(result);
        co_return result;
    }

private:
    struct Measurement {
        DurationMeter& meter;
        const Clock& clock;
        std::shared_ptr<const std::string> name;
        SteadyTime begun = clock.steady();
        std::string outcome = "canceled";
        ~Measurement() { meter.observe(*name, clock.steady() - begun, outcome); }
    };

    Inner inner_;
    DurationMeter& meter_;
    const std::shared_ptr<const std::string> name_;
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
