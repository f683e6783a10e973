#include "net/connection.hpp"

#include <sys/socket.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "net/tls/client_tls.hpp"

namespace tollgate {

using asio::redirect_error;
using asio::use_awaitable;

Connection::Connection(const Executor& executor, asio::ssl::context* tls, std::string_view host)
    : socket_(executor), tls_context_(tls), host_(host) {}

Connection::~Connection() {
    if (in_exchange) {
        reset();
    } else {
        close();
    }
}

Task<NetError> Connection::connect(Endpoint endpoint) {
    NetError error;
    close();
    timed_out_ = used = false;
    co_await socket_.async_connect(endpoint, redirect_error(use_awaitable, error));
    if (!error) socket_.set_option(asio::ip::tcp::no_delay(true), error);
    if (!error) socket_.non_blocking(true, error);
    if (error) close();
    co_return error;
}

Task<NetError> Connection::handshake() {
    NetError error;
    if (tls_context_ == nullptr) co_return error;

    tls_.emplace(socket_, *tls_context_);
    expect_host(*tls_, host_);
    co_await tls_->async_handshake(asio::ssl::stream_base::client, redirect_error(use_awaitable, error));
    if (error) close();
    co_return error;
}

/// The socket's buffer nearly always takes all of it at once; only then is there something to wait for.
Connection::Written Connection::write_now(std::string_view bytes) {
    Written written;
    if (tls_) return written;
    written.count = socket_.write_some(asio::buffer(bytes), written.error);
    written.nothing = written.count == 0;
    if (written.error == asio::error::would_block) written.error = {};
    return written;
}

Task<Connection::Written> Connection::write_rest(std::string_view bytes, Written begun) {
    const auto rest = asio::buffer(bytes.substr(begun.count));
    std::size_t moved = 0;
    if (tls_) {
        // What TLS has put on the wire before it failed cannot be told from here: assume that it was the request.
        begun.nothing = false;
        moved = co_await asio::async_write(*tls_, rest, redirect_error(use_awaitable, begun.error));
    } else {
        moved = co_await asio::async_write(socket_, rest, redirect_error(use_awaitable, begun.error));
    }
    if (moved > 0) begun.nothing = false;
    begun.count += moved;
    co_return begun;
}

bool Connection::fit_for_reuse() {
    if (!socket_.is_open()) return false;
    char unasked = 0;
    const auto got = ::recv(socket_.native_handle(), &unasked, 1, MSG_PEEK | MSG_DONTWAIT);
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void Connection::close() noexcept {
    disarm();
    NetError ignored;
    socket_.close(ignored);
}

void Connection::reset() noexcept {
    NetError ignored;
    if (socket_.is_open()) socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    close();
}

void Connection::expire() noexcept {
    timed_out_ = true;
    if (in_exchange) {
        reset();
    } else {
        close();
    }
}

}  // namespace tollgate
