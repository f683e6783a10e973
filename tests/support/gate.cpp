#include "support/gate.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

#include "support/client.hpp"

namespace tollgate::test {
namespace {

/// One whole request with a Content-Length; empty when the other end left.
std::string read_request(int client) {
    std::string got;
    std::size_t whole = std::string::npos;
    while (got.size() < whole) {
        char buffer[8192];
        const auto count = recv(client, buffer, sizeof buffer, 0);
        if (count <= 0) return {};
        got.append(buffer, static_cast<std::size_t>(count));
        const auto end = got.find("\r\n\r\n");
        if (whole != got.npos || end == got.npos) continue;
        const auto length = got.find("Content-Length: ");
        whole = end + 4 + (length < end ? std::stoul(got.substr(length + 16)) : 0);
    }
    return got;
}

}  // namespace

Gate::Gate(unsigned short outside_port, Hook hook) : outside_port_(outside_port), hook_(std::move(hook)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(listener_, 64) != 0)
        throw std::runtime_error("no port for a gate");
    socklen_t size = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
}

Gate::~Gate() {
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    for (std::thread& server : servers_) server.join();
    close(listener_);
}

void Gate::accept_all() {
    for (;;) {
        const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (client < 0) return;
        servers_.emplace_back([this, client] {
            serve(client);
            close(client);
        });
    }
}

void Gate::serve(int client) {
    const timeval patience{60, 0};
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const std::string wire = read_request(client);
    if (wire.empty()) return;
    const std::string path = wire.substr(wire.find(' ') + 1, wire.find(" HTTP/") - wire.find(' ') - 1);
    const bool counts = wire.starts_with("POST");
    const int number = counts ? ++calls_ : 0;
    if (counts && !hook_(number, false, path)) return;
    const Connection outside(outside_port_);
    if (!outside.open() || !outside.send(wire)) return;
    const auto reply = outside.read();
    if (!reply) return;
    if (counts && !hook_(number, true, path)) return;
    const std::string answer = "HTTP/1.1 " + std::to_string(reply->status) +
                               " Said\r\nContent-Type: application/json\r\nConnection: close\r\n" +
                               "Content-Length: " + std::to_string(reply->body.size()) + "\r\n\r\n" + reply->body;
    send(client, answer.data(), answer.size(), MSG_NOSIGNAL);
}

}  // namespace tollgate::test
