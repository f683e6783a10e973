#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/meter.hpp"

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

/// Metrics for Prometheus. Names get the prefix `tollgate_`; counters should be named …_total, as is the custom there.
///
/// Handles are looked up once (at start) and used often: a counter or gauge costs one atomic operation, a histogram one
/// uncontended lock. What a label says passes `redact` when its handle is made, so that no observation pays for it. They live
/// as long as their Metrics and are copied freely. Everything is safe from any thread.
namespace tollgate {

class CounterHandle {
public:
    void add(double amount = 1) const noexcept;  // never negative
    [[nodiscard]] double value() const noexcept;

private:
    friend class Metrics;
    explicit CounterHandle(prometheus::Counter& counter) : counter_(&counter) {}
    prometheus::Counter* counter_;
};

class GaugeHandle {
public:
    void set(double value) const noexcept;
    void add(double amount) const noexcept;  // negative: less

private:
    friend class Metrics;
    explicit GaugeHandle(prometheus::Gauge& gauge) : gauge_(&gauge) {}
    prometheus::Gauge* gauge_;
};

class HistogramHandle {
public:
    void observe(std::chrono::duration<double> took) const noexcept;

private:
    friend class Metrics;
    explicit HistogramHandle(prometheus::Histogram& histogram) : histogram_(&histogram) {}
    prometheus::Histogram* histogram_;
};

class Metrics final : public DurationMeter {
public:
    using Labels = std::vector<std::pair<std::string, std::string>>;

    /// A name has at most this many label sets; further ones share a set whose every value is "other", so that input
    /// which found its way into a label cannot use up the memory.
    static constexpr std::size_t series_max = 400;

    Metrics();
    ~Metrics() override;
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    [[nodiscard]] CounterHandle counter(std::string_view name, std::string_view help, const Labels& labels = {});
    [[nodiscard]] GaugeHandle gauge(std::string_view name, std::string_view help, const Labels& labels = {});
    /// Durations in seconds, in buckets from 0.5 ms to 60 s; the name gets the suffix `_seconds`.
    [[nodiscard]] HistogramHandle histogram(std::string_view name, std::string_view help, const Labels& labels = {});

    /// The histogram of this name with the label `outcome`. The series is found under a shared lock.
    void observe(std::string_view name, std::chrono::duration<double> took, std::string_view outcome) override;

    /// Called before each `text`, to set gauges that are dear to keep; not from within another one.
    void before_each_text(std::function<void()> update);

    /// The Prometheus text format 0.0.4, for `Content-Type: text/plain; version=0.0.4; charset=utf-8`.
    [[nodiscard]] std::string text() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace tollgate
