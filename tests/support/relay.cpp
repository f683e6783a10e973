#include "support/relay.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace tollgate::test {
namespace {

sockaddr_in loopback(unsigned short port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

bool send_all(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

}  // namespace

Relay::Relay(unsigned short server_port, Hook hook) : server_port_(server_port), hook_(std::move(hook)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (::pipe2(ending_, O_CLOEXEC) != 0 || ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listener_, 64) != 0 || ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
        throw std::runtime_error("no relay");
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
}

Relay::~Relay() {
    ::close(ending_[1]);  // wakes everybody who waits
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    for (std::thread& server : servers_) server.join();
    ::close(listener_);
    ::close(ending_[0]);
}

void Relay::accept_all() {
    for (;;) {
        const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (client < 0) return;
        const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        servers_.emplace_back([this, client, server] {
            serve(client, server);
            ::close(client);
            ::close(server);
        });
    }
}

void Relay::serve(int client, int server) {
    const sockaddr_in address = loopback(server_port_);
    if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return;
    for (;;) {
        pollfd ready[] = {{client, POLLIN, 0}, {server, POLLIN, 0}, {ending_[0], POLLIN, 0}};
        if (::poll(ready, 3, -1) < 0 || ready[2].revents != 0) return;
        if (ready[0].revents != 0 && !pass_on(From::client, client, server)) return;
        if (ready[1].revents != 0 && !pass_on(From::server, server, client)) return;
    }
}

bool Relay::pass_on(From from, int source, int sink) {
    char buffer[64 << 10];
    const auto count = ::recv(source, buffer, sizeof buffer, 0);
    if (count <= 0) return false;
    const std::string_view bytes(buffer, static_cast<std::size_t>(count));
    {
        const std::lock_guard lock(mutex_);
        if (!hook_(from, bytes)) return false;
    }
    return send_all(sink, bytes);
}

}  // namespace tollgate::test
