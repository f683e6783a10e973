#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "core/time.hpp"

/// Structured logging on standard error, one line a record. Lines are made and written by a background thread behind
/// bounded queues; a caller never waits. Never log a body, a key or a secret.
///
///     log::info("charge finished", {{"charge_id", id}, {"status", "succeeded"}});
///
/// json: {"time":"2026-11-22T10:00:00.000Z","level":"info","message":"charge finished","charge_id":"…","status":"succeeded"}
/// text: 2026-11-22T10:00:00.000Z info  charge finished charge_id=… status=succeeded
///
/// Control characters are escaped and bad UTF-8 is replaced, so no value can forge a line. Message, keys and values pass
/// `redact` (redaction/redact.hpp) on their way to the sink, whoever logs them and from the first line on; a number that it
/// changes becomes a string. A text of more than 2048 bytes is cut off there, at most 24 fields are kept. Safe from any thread.
namespace tollgate::log {

enum class Level : std::uint8_t { trace, debug, info, warn, error, critical };
enum class Format : std::uint8_t { json, text };

/// "trace" … "critical", as in `log.level`; nothing known is info.
[[nodiscard]] Level level_from(std::string_view name) noexcept;

/// Whatever can stand in a field. Text is only lent for the call.
class Value {
public:
    Value(std::string_view text) : value_(text) {}
    Value(const std::string& text) : value_(std::string_view(text)) {}
    Value(const char* text) : value_(std::string_view(text)) {}
    Value(bool truth) : value_(truth) {}
    Value(double number) : value_(number) {}
    Value(Milliseconds duration) : value_(std::int64_t{duration.count()}) {}  // name the field …_ms
    template <std::integral T>
        requires(!std::same_as<T, bool> && !std::same_as<T, char>)
    Value(T number) : value_(static_cast<std::int64_t>(number)) {}

    [[nodiscard]] const auto& get() const noexcept { return value_; }

private:
    std::variant<std::string_view, std::int64_t, double, bool> value_;
};

struct Field {
    std::string_view key;
    Value value;
};
using Fields = std::initializer_list<Field>;

struct Options {
    Level level = Level::info;
    Format format = Format::json;
    std::size_t queue_lines = 4096;  // when full the oldest is dropped, and a line tells how many were
    int fd = 2;                      // standard error; borrowed
};

/// Starts the background threads and routes spdlog's default logger here too. Errors and above have a small queue of
/// their own, so that a flood of lesser lines cannot push them out. Before `start` (as text) and after `stop` lines of warn
/// and above are written at once. Call it once, before other threads log; the process should ignore SIGPIPE.
void start(Options options);

/// Writes what is queued, for at most two seconds, and ends the threads. Idempotent. Call it also before ending a process
/// on purpose, or its last lines are lost.
void stop();

/// `start` for a scope.
class Running {
public:
    explicit Running(Options options) { start(std::move(options)); }
    ~Running() { stop(); }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
};

/// Whether lines of this level are written, for callers whose fields are dear.
[[nodiscard]] bool enabled(Level level) noexcept;

void write(Level level, std::string_view message, Fields fields) noexcept;

inline void debug(std::string_view message, Fields fields = {}) {
    write(Level::debug, message, fields);
}
inline void info(std::string_view message, Fields fields = {}) {
    write(Level::info, message, fields);
}
inline void warn(std::string_view message, Fields fields = {}) {
    write(Level::warn, message, fields);
}
inline void error(std::string_view message, Fields fields = {}) {
    write(Level::error, message, fields);
}
inline void critical(std::string_view message, Fields fields = {}) {
    write(Level::critical, message, fields);
}

}  // namespace tollgate::log
