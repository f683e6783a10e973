#include "telemetry/sink.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace tollgate::log {
namespace {

Level level_of(spdlog::level::level_enum level) {
    return static_cast<Level>(std::clamp(static_cast<int>(level), 0, static_cast<int>(Level::critical)));
}

}  // namespace

void LineSink::sink_it_(const spdlog::details::log_msg& message) {
    tell_drops(std::chrono::floor<Milliseconds>(message.time));
    Record record{std::chrono::floor<Milliseconds>(message.time), level_of(message.level), {}, {}};
    std::string_view payload(message.payload.data(), message.payload.size());
    if (std::string_view(message.logger_name.data(), message.logger_name.size()) == logger_name)
        decode(payload, record);
    else
        record.message = payload.substr(0, lent_bytes_max);
    emit(std::move(record));
}

void LineSink::tell_drops(WallTime now) {
    auto dropped = dropped_ ? dropped_() : 0;
    if (dropped <= dropped_told_) return;
    Record note{now, Level::warn, "log lines were dropped: the queue was full", {}};
    note.fields.push_back({"lines", std::to_string(dropped - dropped_told_), true});
    dropped_told_ = dropped;
    emit(std::move(note));
}

void LineSink::stop_counting() {
    std::lock_guard lock(mutex_);
    tell_drops(std::chrono::floor<Milliseconds>(std::chrono::system_clock::now()));
    dropped_ = nullptr;
}

void LineSink::emit(Record record) {
    make_fit(record);
    put(render(record, options_.format));
}

/// Waits for the reader in short turns, so that `give_up_at` is heard.
bool LineSink::writable() {
    while (true) {
        auto deadline = deadline_ms_.load(std::memory_order_relaxed);
        bool over = deadline != 0 && std::chrono::steady_clock::now().time_since_epoch() / Milliseconds{1} >= deadline;
        pollfd descriptor{options_.fd, POLLOUT, 0};
        int ready = ::poll(&descriptor, 1, over ? 0 : 50);
        if (ready > 0) return true;  // or an error, which the write will tell
        if (over || (ready < 0 && errno != EINTR)) return false;
    }
}

void LineSink::put(std::string_view line) {
    // At most PIPE_BUF bytes a time: a pipe that is writable takes so many without blocking.
    constexpr std::size_t chunk_bytes = 4096;
    while (!line.empty()) {
        if (!writable()) return;
        auto written = ::write(options_.fd, line.data(), std::min(line.size(), chunk_bytes));
        if (written < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (written <= 0) return;  // the reader has gone: there is nobody to tell
        line.remove_prefix(static_cast<std::size_t>(written));
    }
}

}  // namespace tollgate::log
