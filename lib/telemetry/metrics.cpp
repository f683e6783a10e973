#include "telemetry/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <sstream>

#include "redaction/redact.hpp"

namespace tollgate {
namespace {

const prometheus::Histogram::BucketBoundaries& buckets() {
    static const prometheus::Histogram::BucketBoundaries seconds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                                 0.25,   0.5,   1,      2.5,   5,    10,    30,   60};
    return seconds;
}

/// Finds by views what is kept as strings.
struct SeriesLess {
    using is_transparent = void;
    bool operator()(const auto& a, const auto& b) const noexcept {
        return std::pair<std::string_view, std::string_view>(a.first, a.second) <
               std::pair<std::string_view, std::string_view>(b.first, b.second);
    }
};

}  // namespace

struct Metrics::State {
    prometheus::Registry registry;
    std::mutex making;  // guards `series`
    std::map<std::string, std::set<prometheus::Labels>, std::less<>> series;

    std::shared_mutex finding;  // guards `observed`
    std::map<std::pair<std::string, std::string>, HistogramHandle, SeriesLess> observed;

    std::mutex updating;
    std::vector<std::function<void()>> updates;

    prometheus::Labels bounded(const std::string& name, const Labels& given) {
        prometheus::Labels labels;
        for (const auto& [label, value] : given) labels.emplace(label, redact(value));
        std::lock_guard lock(making);
        auto& known = series[name];
        if (known.contains(labels)) return labels;
        if (known.size() >= series_max)
            for (auto& [key, value] : labels) value = "other";
        else
            known.insert(labels);
        return labels;
    }
};

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

void CounterHandle::add(double amount) const noexcept {
    counter_->Increment(amount);
}
double CounterHandle::value() const noexcept {
    return counter_->Value();
}
void GaugeHandle::set(double value) const noexcept {
    gauge_->Set(value);
}
void GaugeHandle::add(double amount) const noexcept {
    gauge_->Increment(amount);
}
void HistogramHandle::observe(std::chrono::duration<double> took) const noexcept {
    histogram_->Observe(took.count());
}

CounterHandle Metrics::counter(std::string_view name, std::string_view help, const Labels& labels) {
    auto full = "tollgate_" + std::string(name);
    auto& family = prometheus::BuildCounter().Name(full).Help(std::string(help)).Register(state_->registry);
    return CounterHandle(family.Add(state_->bounded(full, labels)));
}

GaugeHandle Metrics::gauge(std::string_view name, std::string_view help, const Labels& labels) {
    auto full = "tollgate_" + std::string(name);
    auto& family = prometheus::BuildGauge().Name(full).Help(std::string(help)).Register(state_->registry);
    return GaugeHandle(family.Add(state_->bounded(full, labels)));
}

HistogramHandle Metrics::histogram(std::string_view name, std::string_view help, const Labels& labels) {
    auto full = "tollgate_" + std::string(name) + "_seconds";
    auto& family = prometheus::BuildHistogram().Name(full).Help(std::string(help)).Register(state_->registry);
    return HistogramHandle(family.Add(state_->bounded(full, labels), buckets()));
}

void Metrics::observe(std::string_view name, std::chrono::duration<double> took, std::string_view outcome) {
    const std::pair wanted(name, outcome);
    {
        std::shared_lock lock(state_->finding);
        if (auto found = state_->observed.find(wanted); found != state_->observed.end()) return found->second.observe(took);
    }
    auto handle = histogram(name, "Durations by outcome.", {{"outcome", std::string(outcome)}});
    handle.observe(took);
    std::lock_guard lock(state_->finding);
    // Outcomes beyond the bound are not remembered either: they find the shared series the long way.
    if (state_->observed.size() < 10 * series_max) state_->observed.emplace(std::pair(name, outcome), handle);
}

void Metrics::before_each_text(std::function<void()> update) {
    std::lock_guard lock(state_->updating);
    state_->updates.push_back(std::move(update));
}

std::string Metrics::text() const {
    {
        std::lock_guard lock(state_->updating);
        for (const auto& update : state_->updates) update();
    }
    std::ostringstream out;
    prometheus::TextSerializer{}.Serialize(out, state_->registry.Collect());
    return std::move(out).str();
}

}  // namespace tollgate
