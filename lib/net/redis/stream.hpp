#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "async/deadlines.hpp"
#include "net/redis/client.hpp"

namespace tollgate::redis {

using NetError = boost::system::error_code;

/// Bytes to and from one server: TCP, a Unix socket, or TLS over TCP. As a deadline it closes itself, so that whatever is
/// under way ends with an error. Not moved: operations point to it.
class Stream final : public Deadline {
public:
    /// `tls` may be null and is borrowed.
    Stream(const Executor& executor, asio::ssl::context* tls);
    ~Stream() override { close(); }

    /// Once, from closed to open, handshake included. Empty, or the sentence that says what went wrong.
    Task<std::string> open(Address address);

    /// What the kernel takes at once; nothing over TLS.
    std::size_t write_now(std::string_view bytes, NetError& error);
    /// All of it.
    Task<NetError> write(std::string_view bytes);

    auto read_plain(std::span<char> space) {
        return socket_.async_read_some(asio::buffer(space.data(), space.size()), asio::as_tuple(asio::deferred));
    }
    auto read_tls(std::span<char> space) {
        return tls_->async_read_some(asio::buffer(space.data(), space.size()), asio::as_tuple(asio::deferred));
    }

    [[nodiscard]] bool is_tls() const noexcept { return tls_.has_value(); }
    [[nodiscard]] bool timed_out() const noexcept { return timed_out_; }

    void close() noexcept;

private:
    using Socket = asio::generic::stream_protocol::socket;
    using Endpoint = asio::generic::stream_protocol::endpoint;

    void expire() noexcept override;
    Task<std::string> connect(Address address);
    Task<std::string> shake_hands(std::string host);

    Socket socket_;
    asio::ip::tcp::resolver resolver_;
    asio::ssl::context* context_;
    std::optional<asio::ssl::stream<Socket&>> tls_;
    bool timed_out_ = false;
};

}  // namespace tollgate::redis
