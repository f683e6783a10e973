#include "net/redis/stream.hpp"

#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "net/tls/client_tls.hpp"

namespace tollgate::redis {

using asio::redirect_error;
using asio::use_awaitable;

namespace {

/// An idle connection that the network has forgotten is found out within half a minute, not by the next charge.
void keep_alive(int socket) {
    const auto set = [socket](int level, int name, int value) { ::setsockopt(socket, level, name, &value, sizeof value); };
    set(IPPROTO_TCP, TCP_NODELAY, 1);
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
    set(IPPROTO_TCP, TCP_KEEPIDLE, 15);  // seconds, like the next one
    set(IPPROTO_TCP, TCP_KEEPINTVL, 5);
    set(IPPROTO_TCP, TCP_KEEPCNT, 3);
}

}  // namespace

Stream::Stream(const Executor& executor, asio::ssl::context* tls) : socket_(executor), resolver_(executor), context_(tls) {}

Task<std::string> Stream::open(Address address) {
    std::string trouble = co_await connect(address);
    if (trouble.empty() && context_ != nullptr) trouble = co_await shake_hands(address.host);
    if (!trouble.empty()) close();
    if (!trouble.empty() && timed_out_) trouble = "it does not answer";
    if (timed_out_ && tls_) trouble += "; a server without TLS is reached with redis://";
    co_return trouble;
}

Task<std::string> Stream::connect(Address address) {
    NetError error;
    std::vector<Endpoint> endpoints;
    if (address.port == 0) {
        if (address.host.size() > 100) co_return "the path of a Unix socket has at most 100 characters";
        endpoints.emplace_back(asio::local::stream_protocol::endpoint(address.host));
    } else {
        const auto found =
            co_await resolver_.async_resolve(address.host, std::to_string(address.port), redirect_error(use_awaitable, error));
        if (error) co_return "its name cannot be resolved: " + error.message();
        for (const auto& one : found) endpoints.emplace_back(one.endpoint());
    }
    for (const Endpoint& endpoint : endpoints) {
        NetError ignored;
        socket_.close(ignored);
        if (timed_out_) break;
        co_await socket_.async_connect(endpoint, redirect_error(use_awaitable, error));
        if (!error) break;
    }
    if (error || !socket_.is_open()) co_return "it cannot be reached: " + error.message();
    socket_.non_blocking(true, error);
    if (address.port != 0) keep_alive(socket_.native_handle());
    co_return "";
}

Task<std::string> Stream::shake_hands(std::string host) {
    NetError error;
    tls_.emplace(socket_, *context_);
    expect_host(*tls_, host);
    co_await tls_->async_handshake(asio::ssl::stream_base::client, redirect_error(use_awaitable, error));
    if (!error) co_return "";
    const auto verdict = SSL_get_verify_result(tls_->native_handle());
    if (verdict != X509_V_OK) {
        co_return "its certificate is not trusted for the name " + host + ": " + X509_verify_cert_error_string(verdict) +
            "; SSL_CERT_FILE names authorities of your own";
    }
    co_return "it does not speak TLS as we do (" + error.message() + "); without TLS the address begins with redis://";
}

std::size_t Stream::write_now(std::string_view bytes, NetError& error) {
    if (tls_) return 0;
    const std::size_t count = socket_.write_some(asio::buffer(bytes), error);
    if (error == asio::error::would_block) error = {};
    return count;
}

Task<NetError> Stream::write(std::string_view bytes) {
    NetError error;
    if (tls_) {
        co_await asio::async_write(*tls_, asio::buffer(bytes), redirect_error(use_awaitable, error));
    } else {
        co_await asio::async_write(socket_, asio::buffer(bytes), redirect_error(use_awaitable, error));
    }
    co_return error;
}

void Stream::close() noexcept {
    disarm();
    resolver_.cancel();
    NetError ignored;
    socket_.close(ignored);
}

void Stream::expire() noexcept {
    timed_out_ = true;
    close();
}

}  // namespace tollgate::redis
