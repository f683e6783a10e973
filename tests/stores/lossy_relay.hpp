#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tollgate::test {

/// Stands between the store and a Redis server: keeps the commands that pass, and loses replies on demand.
class LossyRelay {
public:
    explicit LossyRelay(unsigned short server_port);
    ~LossyRelay();
    LossyRelay(const LossyRelay&) = delete;
    LossyRelay& operator=(const LossyRelay&) = delete;

    [[nodiscard]] unsigned short port() const noexcept { return port_; }

    /// Lets the next commands through and cuts the connection instead of passing their replies on, once.
    void lose_next_reply() { lose_ = true; }
    [[nodiscard]] bool has_lost_it() const noexcept { return !lose_; }

    /// The words of every command that passed from then on.
    void forget();
    [[nodiscard]] std::vector<std::vector<std::string>> commands() const;

private:
    void accept_all();
    void serve(int client);
    [[nodiscard]] bool passed_script(std::size_t connection) const;

    unsigned short server_port_;
    int listener_ = -1;
    unsigned short port_ = 0;
    std::atomic<bool> lose_{false};
    std::atomic<bool> over_{false};
    mutable std::mutex mutex_;
    std::vector<std::string> passed_;  // bytes of each connection
    std::vector<std::thread> servers_;
    std::thread acceptor_;
};

}  // namespace tollgate::test
