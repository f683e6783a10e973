#include "lossy_relay.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <string_view>

namespace tollgate::test {
namespace {

sockaddr_in local(unsigned short port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

bool send_all(int to, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

/// "*2\r\n$3\r\nGET\r\n$1\r\na\r\n"; what is cut off at the end is left out.
void read_commands(const std::string& bytes, std::vector<std::vector<std::string>>& commands) {
    std::size_t at = 0;
    const auto number = [&]() -> std::size_t {
        const std::size_t end = bytes.find("\r\n", at);
        if (end == std::string::npos) throw std::out_of_range("cut off");
        const std::size_t value = std::stoul(bytes.substr(at + 1, end - at - 1));
        at = end + 2;
        return value;
    };
    try {
        while (at < bytes.size()) {
            std::vector<std::string> words(number());
            for (std::string& word : words) {
                const std::size_t size = number();
                word = bytes.substr(at, size);
                at += size + 2;
            }
            if (at > bytes.size()) return;
            commands.push_back(std::move(words));
        }
    } catch (const std::out_of_range&) {
    }
}

}  // namespace

LossyRelay::LossyRelay(unsigned short server_port) : server_port_(server_port) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = local(0);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(listener_, 64) != 0) {
        throw std::runtime_error("the relay cannot listen");
    }
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
}

LossyRelay::~LossyRelay() {
    over_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    for (std::thread& server : servers_) server.join();
    ::close(listener_);
}

void LossyRelay::forget() {
    const std::lock_guard hold(mutex_);
    for (std::string& bytes : passed_) bytes.clear();
}

std::vector<std::vector<std::string>> LossyRelay::commands() const {
    const std::lock_guard hold(mutex_);
    std::vector<std::vector<std::string>> all;
    for (const std::string& bytes : passed_) read_commands(bytes, all);
    return all;
}

void LossyRelay::accept_all() {
    for (;;) {
        const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (client < 0) return;
        servers_.emplace_back([this, client] {
            serve(client);
            ::close(client);
        });
    }
}

void LossyRelay::serve(int client) {
    const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = local(server_port_);
    std::size_t mine = 0;
    {
        const std::lock_guard hold(mutex_);
        mine = passed_.size();
        passed_.emplace_back();
    }
    bool open = ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    std::string buffer(1 << 16, '\0');
    while (open && !over_) {
        pollfd ends[]{{client, POLLIN, 0}, {server, POLLIN, 0}};
        if (::poll(ends, 2, 20) < 0) break;
        for (int i = 0; i < 2 && open; ++i) {
            if (ends[i].revents == 0) continue;
            const auto got = ::recv(ends[i].fd, buffer.data(), buffer.size(), 0);
            if (got <= 0) {
                open = false;
                break;
            }
            const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
            if (i == 0) {
                const std::lock_guard hold(mutex_);
                passed_[mine].append(bytes);
            }
            // The reply to a script of ours that ran, and not to what makes a connection ready.
            if (i == 1 && lose_ && passed_script(mine) && !bytes.starts_with("-NOSCRIPT")) {
                lose_ = false;
                open = false;
                break;
            }
            open = send_all(i == 0 ? server : client, bytes);
        }
    }
    ::close(server);
}

bool LossyRelay::passed_script(std::size_t connection) const {
    const std::lock_guard hold(mutex_);
    const std::string& bytes = passed_[connection];
    const std::size_t script = bytes.rfind("EVALSHA");
    const std::size_t load = bytes.rfind("\r\nSCRIPT\r\n");
    return script != std::string::npos && (load == std::string::npos || load < script);
}

}  // namespace tollgate::test
