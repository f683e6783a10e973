#pragma once

#include <sys/types.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tollgate::test {

using Variables = std::map<std::string, std::string>;

/// A folder that goes with its object. What cannot be made or started, here and below, throws.
class Folder {
public:
    Folder();
    ~Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
};

/// The real program as a process of its own: started, killed, stopped and listened to.
class Program {
public:
    struct Options {
        std::vector<std::string> arguments;
        Variables variables;                 // TOLLGATE_… of this process are not passed on
        std::string folder;                  // its working directory; empty: ours
        std::vector<std::string> before;     // a program that runs it, such as strace with its options
        std::string binary;                  // empty: the one that was built beside the tests
        std::function<void(pid_t)> started;  // is told of the process before it is waited for
    };

    /// Starts it, and waits for its line "listening on ADDR" or for its end.
    explicit Program(Options options);
    /// SIGKILL, if it still runs.
    ~Program();
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    /// Whether it listens; else see `said`.
    [[nodiscard]] bool listening() const noexcept { return port_ != 0; }
    [[nodiscard]] unsigned short port() const noexcept { return port_; }
    [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

    void signal(int number) const;
    void kill_hard();
    /// Waits for its end: the exit code, or 128 + the signal that ended it.
    int wait();
    /// Whether it left a core dump, after `wait`.
    [[nodiscard]] bool dumped_core() const noexcept { return dumped_core_; }
    /// SIGTERM and `wait`.
    int stop();

    /// What it has written to standard output and standard error so far; all of it after `wait`.
    [[nodiscard]] std::string said() const;

private:
    pid_t pid_ = -1;
    int exit_code_ = -1;
    bool dumped_core_ = false;
    unsigned short port_ = 0;
    mutable std::mutex mutex_;
    std::string said_;
    std::thread reader_;
};

/// `tollgate sandbox` on a free port.
[[nodiscard]] std::unique_ptr<Program> start_sandbox();

/// Settings of a service on a free port with its store in this folder, and the outside world at this URL (in process when
/// empty).
[[nodiscard]] Variables service_settings(const Folder& folder, const std::string& outside_url, Variables more = {});

[[nodiscard]] std::unique_ptr<Program> start_service(const Variables& settings, std::vector<std::string> before = {});

}  // namespace tollgate::test
