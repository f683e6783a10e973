#include "telemetry/labelled.hpp"

#include <mutex>

namespace tollgate {

LabelledHistogram::LabelledHistogram(Metrics& metrics, std::string name, std::string help, std::vector<std::string> labels)
    : metrics_(metrics), name_(std::move(name)), help_(std::move(help)), labels_(std::move(labels)) {}

void LabelledHistogram::observe(std::initializer_list<std::string_view> values, std::chrono::duration<double> took) {
    {
        const std::shared_lock lock(finding_);
        if (const auto found = found_.find(values); found != found_.end()) return found->second.observe(took);
    }
    Metrics::Labels labels;
    for (std::size_t i = 0; i < labels_.size(); ++i) labels.emplace_back(labels_[i], std::string(values.begin()[i]));
    const HistogramHandle handle = metrics_.histogram(name_, help_, labels);
    handle.observe(took);
    const std::lock_guard lock(finding_);
    // What is beyond the bound is not remembered: it finds the shared series the long way.
    if (found_.size() < Metrics::series_max) found_.emplace(std::vector<std::string>(values.begin(), values.end()), handle);
}

}  // namespace tollgate
