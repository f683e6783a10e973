#pragma once

#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace tollgate::test {

/// Stands between a client and a server on 127.0.0.1 and passes on what either says, after showing it to a hook.
class Relay {
public:
    enum class From : bool { client, server };
    /// `bytes` is what came in one piece; it is passed on when this returns true, else both connections are cut. Called by
    /// one thread at a time.
    using Hook = std::function<bool(From from, std::string_view bytes)>;

    Relay(unsigned short server_port, Hook hook);
    ~Relay();
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;

    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

private:
    void accept_all();
    void serve(int client, int server);
    bool pass_on(From from, int source, int sink);

    unsigned short server_port_;
    Hook hook_;
    std::mutex mutex_;  // of the hook
    int listener_ = -1;
    int ending_[2] = {-1, -1};  // a pipe that is closed at the end
    unsigned short port_ = 0;
    std::list<std::thread> servers_;
    std::thread acceptor_;
};

}  // namespace tollgate::test
