#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "fraud/screen.hpp"
#include "service/config.hpp"

namespace tollgate {

/// The rules of the configuration, those switched on, and the files they read: looked at once before the constructor returns
/// and then every so often by a thread of its own, so that no event loop ever waits for a disk. A list that cannot be read is
/// logged once for every change, as is the next good one; what was in force stays (nothing, when there was never a good one).
class Fraud {
public:
    /// The settings have been checked.
    explicit Fraud(const Settings::Fraud& settings, Milliseconds look_every = std::chrono::seconds(1));
    Fraud(const Fraud&) = delete;
    Fraud& operator=(const Fraud&) = delete;

    /// For every thread, as long as this lives.
    [[nodiscard]] const fraud::Screen& screen() const noexcept { return screen_; }

private:
    struct Watched {
        std::string name;
        std::shared_ptr<fraud::Rule> rule;
    };
    void watch(const std::stop_token& stop, Milliseconds look_every);

    std::vector<Watched> watched_;
    fraud::Screen screen_;
    std::mutex mutex_;  // for the wait alone
    std::condition_variable_any wake_;
    std::jthread watcher_;  // goes first
};

}  // namespace tollgate
