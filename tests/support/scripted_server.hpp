#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace tollgate::test {

/// One accepted connection, seen from a server that may do anything with it.
class Peer {
public:
    explicit Peer(int fd) : fd_(fd) {
        const timeval limit{20, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    }
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;
    ~Peer() { close(); }

    /// The server's side of the handshake; nothing to do without TLS.
    bool secure(SSL_CTX* tls) {
        if (tls == nullptr) return true;
        tls_ = SSL_new(tls);
        SSL_set_fd(tls_, fd_);
        if (SSL_accept(tls_) == 1) return true;
        close();
        return false;
    }

    /// One whole request, head and body; empty when the other end closed before it was whole.
    std::string read_request() {
        std::size_t head = std::string::npos;
        while ((head = unread_.find("\r\n\r\n")) == std::string::npos) {
            if (!read_more()) return {};
        }
        const std::size_t length = content_length(unread_.substr(0, head));
        while (unread_.size() < head + 4 + length) {
            if (!read_more()) return {};
        }
        std::string request = unread_.substr(0, head + 4 + length);
        unread_.erase(0, request.size());
        return request;
    }

    /// Whatever has come, at least one byte; empty when the other end has closed.
    std::string read_some() {
        if (unread_.empty() && !read_more()) return {};
        return std::exchange(unread_, {});
    }

    void send(std::string_view bytes) {
        while (!bytes.empty() && fd_ >= 0) {
            const auto sent = tls_ != nullptr ? SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()))
                                              : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }

    void answer(int status, std::string_view body, std::string_view more_headers = "") {
        send("HTTP/1.1 " + std::to_string(status) + " Whatever\r\nContent-Type: application/json\r\n" +
             std::string(more_headers) + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
    }

    /// Returns once the other end has closed.
    void wait_until_closed() {
        while (read_more()) {
        }
    }

    void close() {
        const std::scoped_lock lock(closing_);
        if (tls_ != nullptr) SSL_free(std::exchange(tls_, nullptr));
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }

    /// From another thread: whatever it waits for ends.
    void interrupt() {
        const std::scoped_lock lock(closing_);
        if (fd_ >= 0) ::shutdown(fd_, SHUT_RDWR);
    }

    void reset() {
        const linger at_once{1, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close();
    }

private:
    static std::size_t content_length(const std::string& head) {
        const std::size_t at = head.find("Content-Length: ");
        return at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
    }

    bool read_more() {
        if (fd_ < 0) return false;
        char piece[4096];
        const auto got = tls_ != nullptr ? SSL_read(tls_, piece, sizeof piece) : ::recv(fd_, piece, sizeof piece, 0);
        if (got <= 0) return false;
        unread_.append(piece, static_cast<std::size_t>(got));
        return true;
    }

    std::mutex closing_;
    int fd_;
    SSL* tls_ = nullptr;
    std::string unread_;
};

/// A TCP server on a free port of 127.0.0.1 that does with each connection what the test says, and may lie.
class ScriptedServer {
public:
    using Conversation = std::function<void(Peer&)>;

    /// The first connection gets the first conversation, and so on; the last one serves all that follow.
    explicit ScriptedServer(std::vector<Conversation> conversations, SSL_CTX* tls = nullptr)
        : conversations_(std::move(conversations)), tls_(tls), fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address = loopback();
        socklen_t size = sizeof address;
        if (fd_ < 0 || ::bind(fd_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(fd_, 128) != 0 ||
            ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
            throw std::runtime_error("no port to listen on");
        port_ = ntohs(address.sin_port);
        acceptor_ = std::thread([this] { accept_all(); });
    }
    explicit ScriptedServer(Conversation always) : ScriptedServer(std::vector<Conversation>{std::move(always)}) {}

    ~ScriptedServer() {
        stopping_ = true;
        ::shutdown(fd_, SHUT_RDWR);
        acceptor_.join();
        {
            const std::scoped_lock lock(mutex_);
            for (const auto& peer : peers_) peer->interrupt();
        }
        for (auto& one : threads_) one.join();
        ::close(fd_);
    }

    [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    [[nodiscard]] int port() const noexcept { return port_; }
    [[nodiscard]] int connections() const noexcept { return connections_; }

    /// A port on which nobody listens.
    static int dead_port() {
        const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address = loopback();
        socklen_t size = sizeof address;
        ::bind(fd, reinterpret_cast<sockaddr*>(&address), size);
        ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
        ::close(fd);
        return ntohs(address.sin_port);
    }

private:
    static sockaddr_in loopback() {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return address;
    }

    void accept_all() {
        while (!stopping_) {
            const int fd = ::accept(fd_, nullptr, nullptr);
            if (fd < 0) continue;
            const auto turn = static_cast<std::size_t>(connections_++);
            const std::scoped_lock lock(mutex_);
            const auto peer = std::make_shared<Peer>(fd);
            peers_.push_back(peer);
            threads_.emplace_back([this, peer, turn] {
                if (!peer->secure(tls_)) return;
                conversations_[std::min(turn, conversations_.size() - 1)](*peer);
                peer->close();
            });
        }
    }

    std::vector<Conversation> conversations_;
    SSL_CTX* tls_;
    int fd_;
    int port_ = 0;
    std::atomic<bool> stopping_ = false;
    std::atomic<int> connections_ = 0;
    std::mutex mutex_;
    std::vector<std::shared_ptr<Peer>> peers_;
    std::vector<std::thread> threads_;
    std::thread acceptor_;
};

}  // namespace tollgate::test
