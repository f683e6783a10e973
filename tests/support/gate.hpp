#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace tollgate::test {

/// Stands between the service and the outside world, and calls back at each POST: before it is passed on, and after it was
/// answered but before the answer is passed back. One request a connection.
class Gate {
public:
    /// `call` counts from 1. Returning false cuts the connection.
    using Hook = std::function<bool(int call, bool acted, const std::string& path)>;

    Gate(unsigned short outside_port, Hook hook);
    ~Gate();
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;

    [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    [[nodiscard]] int calls() const noexcept { return calls_; }

private:
    void accept_all();
    void serve(int client);

    unsigned short outside_port_;
    Hook hook_;
    int listener_ = -1;
    unsigned short port_ = 0;
    std::atomic<int> calls_{0};
    std::vector<std::thread> servers_;
    std::thread acceptor_;
};

}  // namespace tollgate::test
