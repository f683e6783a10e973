#pragma once

#include <spdlog/sinks/base_sink.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>

#include "telemetry/record.hpp"

namespace tollgate::log {

/// Our records carry this logger's name; whatever else comes through spdlog is a plain message.
inline constexpr std::string_view logger_name = "tollgate";

/// The one place where a record becomes a line, and the one way out: whatever passes is redacted.
class LineSink final : public spdlog::sinks::base_sink<std::mutex> {
public:
    explicit LineSink(Options options) : options_(std::move(options)) {}

    /// How many lines the queues have dropped so far.
    void count_drops_with(std::function<std::size_t()> dropped) { dropped_ = std::move(dropped); }
    /// Tells the last drops; the function is not called again.
    void stop_counting();

    /// From now on a reader who does not read is waited for until then, and the rest is lost.
    void give_up_at(SteadyTime deadline) { deadline_ms_ = deadline.time_since_epoch() / Milliseconds{1}; }

private:
    void sink_it_(const spdlog::details::log_msg& message) override;
    void flush_() override {}
    void tell_drops(WallTime now);
    void emit(Record record);
    void put(std::string_view line);
    [[nodiscard]] bool writable();

    Options options_;
    std::function<std::size_t()> dropped_;
    std::size_t dropped_told_ = 0;
    std::atomic<std::int64_t> deadline_ms_{0};  // 0: none
};

}  // namespace tollgate::log
