#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "support/program.hpp"
#include "support/redis_server.hpp"

namespace tollgate::test {

/// A place of the service: one port, where process after process lives and dies. A process ends with this object, and with
/// the thread that started it. For one thread at a time, except where another is named.
class Instance {
public:
    /// `binary`: which program; empty: the one that was built.
    Instance(Variables settings, std::string binary) : settings_(std::move(settings)), binary_(std::move(binary)) {}

    [[nodiscard]] unsigned short port() const noexcept { return port_.number(); }

    /// A process that is there to stay. Throws when it does not listen.
    void start();
    /// The same behind another program, such as strace with its options: whether it listens.
    bool start_behind(std::vector<std::string> before);
    /// SIGTERM, and its exit code or 128 + the signal that ended it; at once when it has ended.
    int stop();
    /// Waits for its end.
    int wait();
    void kill_hard();

    /// What `tollgate audit verify` finds wrong with its store; empty: nothing.
    [[nodiscard]] std::string broken_audit() const;

    /// What `tollgate reconcile` finds between its ledger and the gateway's books, of today and yesterday; empty: nothing.
    [[nodiscard]] std::string broken_books() const;

    struct Death {
        bool listened = false;  // else it ended while it started
        int code = 0;           // as `stop`
    };
    /// A whole life: a process that is killed after this time, whether it listens by then or not. `with_it` is called at
    /// that moment, by another thread.
    Death live(std::chrono::milliseconds span, const std::function<void()>& with_it);
    /// Kills whoever lives its life here, if anybody does; from any thread.
    void kill_now();

    /// What the last processes said, the present one included.
    [[nodiscard]] std::vector<std::string> logs() const;

private:
    [[nodiscard]] Program::Options options() const;
    int bury();

    Variables settings_;
    std::string binary_;
    ReservedPort port_;
    std::mutex mutex_;  // of `victim_`
    pid_t victim_ = 0;  // may be killed: nobody has waited for it yet, so the number is its own
    std::unique_ptr<Program> program_;
    std::deque<std::string> logs_;
};

/// Settings of a tortured service: short leases and retries, so that everything settles soon.
[[nodiscard]] Variables hasty_settings(const Folder& folder, const std::string& outside_url, Variables more = {});

/// Options of strace that do this ("signal=KILL", "error=EIO") to the calls of that name at these times ("3", "3+"),
/// counted by each thread for itself; what it did goes to that file.
[[nodiscard]] std::vector<std::string> injecting(const std::string& call, const std::string& what, const std::string& when,
                                                 const std::string& trace);

}  // namespace tollgate::test
