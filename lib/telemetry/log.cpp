#include "telemetry/log.hpp"

#include <spdlog/async.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <vector>

#include "telemetry/sink.hpp"

namespace tollgate::log {
namespace {

constexpr std::size_t urgent_lines = 256;
constexpr std::chrono::seconds stop_patience{2};

using ThreadPool = std::shared_ptr<spdlog::details::thread_pool>;
using Logger = std::shared_ptr<spdlog::logger>;

/// The loggers of one phase: before `start`, between `start` and `stop`, after it. Never destroyed, since another thread
/// may be inside one while the phase changes.
struct Phase {
    std::shared_ptr<LineSink> sink;
    ThreadPool pool, urgent_pool;
    Logger logger, urgent, foreign;
};

void configure(const Logger& logger, Level level) {
    logger->set_level(static_cast<spdlog::level::level_enum>(level));
    // spdlog would print its own failures unescaped; there is nowhere better to tell them.
    logger->set_error_handler([](const std::string&) {});
}

std::unique_ptr<Phase> synchronous(std::shared_ptr<LineSink> sink, Level level) {
    auto phase = std::make_unique<Phase>();
    phase->sink = std::move(sink);
    phase->logger = phase->urgent = std::make_shared<spdlog::logger>(std::string(logger_name), phase->sink);
    phase->foreign = std::make_shared<spdlog::logger>("", phase->sink);
    for (const auto& logger : {phase->logger, phase->foreign}) configure(logger, level);
    return phase;
}

std::unique_ptr<Phase> asynchronous(Options options) {
    auto phase = std::make_unique<Phase>();
    auto level = options.level;
    phase->pool = std::make_shared<spdlog::details::thread_pool>(std::max<std::size_t>(options.queue_lines, 1), 1);
    phase->urgent_pool = std::make_shared<spdlog::details::thread_pool>(urgent_lines, 1);
    phase->sink = std::make_shared<LineSink>(std::move(options));
    // Plain pointers: a worker that held the last reference would have to join itself. `stop` ends the counting first.
    phase->sink->count_drops_with([pool = phase->pool.get(), urgent = phase->urgent_pool.get()] {
        return pool->overrun_counter() + urgent->overrun_counter();
    });
    auto make = [&](std::string name, const ThreadPool& threads) {
        return std::make_shared<spdlog::async_logger>(std::move(name), phase->sink, threads,
                                                      spdlog::async_overflow_policy::overrun_oldest);
    };
    phase->logger = make(std::string(logger_name), phase->pool);
    phase->urgent = make(std::string(logger_name), phase->urgent_pool);
    phase->foreign = make("", phase->pool);
    for (const auto& logger : {phase->logger, phase->urgent, phase->foreign}) configure(logger, level);
    return phase;
}

struct State {
    std::mutex mutex;  // of phase changes only
    std::vector<std::unique_ptr<Phase>> phases;
    std::atomic<Phase*> current{nullptr};
    std::atomic<int> level{static_cast<int>(Level::warn)};

    State() {
        Options options;
        options.format = Format::text;
        enter(synchronous(std::make_shared<LineSink>(options), Level::warn), Level::warn);
    }

    void enter(std::unique_ptr<Phase> phase, Level least) {
        spdlog::set_default_logger(phase->foreign);
        level = static_cast<int>(least);
        current = phase.get();
        phases.push_back(std::move(phase));
    }
};

State& state() {
    static State* only = new State;  // never destroyed: threads and destructors may log until the very end
    return *only;
}

}  // namespace

void start(Options options) {
    stop();
    auto& s = state();
    std::lock_guard lock(s.mutex);
    auto level = options.level;
    s.enter(asynchronous(std::move(options)), level);
}

void stop() {
    auto& s = state();
    std::lock_guard lock(s.mutex);
    Phase* ending = s.current;
    if (!ending->pool) return;
    ending->sink->give_up_at(std::chrono::steady_clock::now() + stop_patience);
    // The same sink: what is said after the end must be redacted as well.
    s.enter(synchronous(ending->sink, Level::warn), Level::warn);
    ending->sink->stop_counting();
    ending->pool.reset();  // joins its thread
    ending->urgent_pool.reset();
}

bool enabled(Level level) noexcept {
    return static_cast<int>(level) >= state().level.load(std::memory_order_relaxed);
}

void write(Level level, std::string_view message, Fields fields) noexcept {
    if (!enabled(level)) return;
    try {
        thread_local std::string bytes;
        bytes.clear();
        encode(bytes, message, fields);
        const Phase& phase = *state().current.load(std::memory_order_acquire);
        const auto& logger = level >= Level::error ? phase.urgent : phase.logger;
        logger->log(static_cast<spdlog::level::level_enum>(level), spdlog::string_view_t(bytes.data(), bytes.size()));
    } catch (...) {
        // Out of memory: a line is not worth the process.
    }
}

}  // namespace tollgate::log
