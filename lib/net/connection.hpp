#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "async/deadlines.hpp"
#include "net/answer_reader.hpp"

namespace tollgate {

using NetError = boost::system::error_code;

/// One socket to one origin, with TLS when it has a context. Its deadline closes the socket, so every operation under way
/// then ends with an error. Not moved: operations and the sweep point to it.
class Connection final : public Deadline {
public:
    using Endpoint = asio::ip::tcp::endpoint;

    /// `tls` may be null (plain text) and is borrowed; `host` is who the certificate must name.
    Connection(const Executor& executor, asio::ssl::context* tls, std::string_view host);
    ~Connection() override;

    /// From closed to open; leaves it closed on an error.
    Task<NetError> connect(Endpoint endpoint);
    Task<NetError> handshake();

    struct Written {
        NetError error;
        bool nothing = true;    // certain: no byte of it has left
        std::size_t count = 0;  // of bytes
    };
    /// As much as can be written without waiting; nothing, over TLS.
    Written write_now(std::string_view bytes);
    /// The rest, after `write_now`.
    Task<Written> write_rest(std::string_view bytes, Written begun);

    /// Into these places; they complete with (error, count), `asio::error::eof` when the other end closed in an orderly way.
    /// Deferred, because `use_awaitable` costs a coroutine frame an operation.
    auto read_plain(std::span<char> space) {
        return socket_.async_read_some(asio::buffer(space.data(), space.size()), asio::as_tuple(asio::deferred));
    }
    auto read_tls(std::span<char> space) {
        return tls_->async_read_some(asio::buffer(space.data(), space.size()), asio::as_tuple(asio::deferred));
    }
    [[nodiscard]] bool is_tls() const noexcept { return tls_.has_value(); }

    /// Of the exchange under way. It stays with the connection, so that its memory serves the next one.
    [[nodiscard]] AnswerReader& answer() noexcept { return answer_; }

    [[nodiscard]] bool is_open() const noexcept { return socket_.is_open(); }
    [[nodiscard]] bool timed_out() const noexcept { return timed_out_; }

    /// Whether an idle connection may carry another request: open, and the other end has neither closed it nor said
    /// anything unasked.
    [[nodiscard]] bool fit_for_reuse();

    /// Orderly, or at once: a reset discards what the kernel has not sent yet, so that a request given up cannot arrive
    /// much later.
    void close() noexcept;
    void reset() noexcept;

    bool in_exchange = false;    // the deadline then means a reset
    bool used = false;           // it has carried a whole exchange before
    std::size_t busy_place = 0;  // the pool's own

private:
    using Socket = asio::ip::tcp::socket;

    void expire() noexcept override;

    Socket socket_;
    asio::ssl::context* tls_context_;
    std::string host_;
    std::optional<asio::ssl::stream<Socket&>> tls_;
    AnswerReader answer_;
    bool timed_out_ = false;
};

}  // namespace tollgate
