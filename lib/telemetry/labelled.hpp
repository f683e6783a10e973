#pragma once

#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <map>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/metrics.hpp"

namespace tollgate {

/// The histograms of one name, told apart by several labels; each is made when it is first observed, so that what never happens
/// takes no room in /metrics. May be used from any thread.
class LabelledHistogram {
public:
    /// A name as `Metrics::histogram` has it; `metrics` outlives this.
    LabelledHistogram(Metrics& metrics, std::string name, std::string help, std::vector<std::string> labels);

    /// The values in the order of the labels, as many as there are; from short lists.
    void observe(std::initializer_list<std::string_view> values, std::chrono::duration<double> took);

private:
    struct Less {
        using is_transparent = void;
        bool operator()(const auto& a, const auto& b) const noexcept {
            return std::ranges::lexicographical_compare(a, b, {}, view, view);
        }
        static std::string_view view(std::string_view text) noexcept { return text; }
    };

    Metrics& metrics_;
    const std::string name_;
    const std::string help_;
    const std::vector<std::string> labels_;
    std::shared_mutex finding_;  // guards `found_`
    std::map<std::vector<std::string>, HistogramHandle, Less> found_;
};

}  // namespace tollgate
