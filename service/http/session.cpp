#include "service/http/session.hpp"

#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <tuple>
#include <type_traits>

#include "service/http/exchange.hpp"

namespace tollgate::http {
namespace {

using boost::system::error_code;
using TlsStream = asio::ssl::stream<Socket>;
using Step = RequestReader::Step;

constexpr std::chrono::seconds linger_while_draining{1};

template <class Stream>
class Session final : public Watched {
public:
    Session(std::shared_ptr<ThreadState> state, Stream stream, std::string peer)
        : state_(std::move(state)),
          stream_(std::move(stream)),
          exchange_(*state_, std::move(peer)),
          reader_(exchange_.reader()) {
        state_->enter(*this);
        arm(limits().header_timeout);
    }
    ~Session() override {
        unlink();  // before `state_`, which holds the list, may go
        state_->left();
    }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    static Task<void> run(std::unique_ptr<Session> self) {
        if (!co_await self->handshake()) co_return;
        while (co_await self->serve_next()) {
        }
        if (self->linger_) co_await self->linger();
    }

    void interrupt() noexcept override {
        error_code ignored;
        socket().cancel(ignored);
    }

    void abort() noexcept override {
        error_code ignored;
        socket().close(ignored);
    }

private:
    static constexpr bool is_tls = std::is_same_v<Stream, TlsStream>;
    enum class Arrival : std::uint8_t { request, refused, nothing };

    const Limits& limits() const noexcept { return state_->options.limits; }

    Socket& socket() noexcept {
        if constexpr (is_tls)
            return stream_.next_layer();
        else
            return stream_;
    }

    void arm(std::chrono::milliseconds timeout) {
        expired = false;
        deadline = state_->now + timeout + ThreadState::sweep_interval;  // `now` may be that old
    }

    void disarm() {
        expired = false;
        deadline = never;
    }

    /// Completes with (error, count). Deferred, because `use_awaitable` costs a coroutine frame an operation.
    auto read() {
        const std::span<char> space = reader_.space();
        return stream_.async_read_some(asio::buffer(space.data(), space.size()), asio::as_tuple(asio::deferred));
    }

    bool took(const std::tuple<error_code, std::size_t>& outcome) {
        ec_ = std::get<0>(outcome);
        reader_.received(std::get<1>(outcome));
        return !ec_;
    }

    Task<bool> handshake();
    Task<bool> serve_next();
    Task<Arrival> receive();
    Task<Arrival> receive_body();
    Task<void> write_rest(std::size_t sent);
    Task<void> write_stream(const BodySource& next);
    bool has_left();
    Task<void> linger();
    Arrival refuse(const PaymentError& error);
    Arrival head_ended();
    Arrival body_ended();
    std::size_t write_now();

    std::shared_ptr<ThreadState> state_;
    Stream stream_;
    Exchange exchange_;
    RequestReader& reader_;
    Response early_;  // with Arrival::refused
    error_code ec_;
    bool close_ = false;   // after this answer
    bool linger_ = false;  // an answer was sent that the client may not have read
};

template <class Stream>
Task<bool> Session<Stream>::handshake() {
    if constexpr (is_tls) {
        arm(limits().handshake_timeout);
        co_await stream_.async_handshake(asio::ssl::stream_base::server, asio::redirect_error(asio::use_awaitable, ec_));
        if (ec_) {
            state_->counters.tls_failures.fetch_add(1, std::memory_order_relaxed);
            co_return false;
        }
        arm(limits().header_timeout);
    }
    co_return true;
}

/// An answer after which the connection closes, because where the next request begins is not known.
template <class Stream>
auto Session<Stream>::refuse(const PaymentError& error) -> Arrival {
    close_ = true;
    early_ = exchange_.unreadable(error);
    if (error.code == Code::request_timeout) state_->counters.timeouts.fetch_add(1, std::memory_order_relaxed);
    return Arrival::refused;
}

template <class Stream>
auto Session<Stream>::head_ended() -> Arrival {
    if (!reader_.started()) return Arrival::nothing;
    if (expired) return refuse({Code::request_timeout, "The head of the request did not arrive in time."});
    if (ec_ == asio::error::eof) return refuse({Code::bad_request, "The request ended in the middle of its head."});
    return Arrival::nothing;
}

template <class Stream>
auto Session<Stream>::body_ended() -> Arrival {
    if (expired) return refuse({Code::request_timeout, "The body did not arrive in time."});
    if (ec_ == asio::error::eof) return refuse({Code::bad_request, "The request ended in the middle of its body."});
    return Arrival::nothing;
}

template <class Stream>
auto Session<Stream>::receive() -> Task<Arrival> {
    for (bool begun = false;;) {
        const Step step = reader_.head();
        if (step == Step::failed) co_return refuse(reader_.error());
        if (step == Step::ready) break;
        if (reader_.started() && !begun) {
            begun = true;
            arm(limits().header_timeout);
        }
        idle = !begun && !fresh;
        if (idle && (leave || state_->draining)) co_return Arrival::nothing;
        const auto outcome = co_await read();
        idle = false;
        if (!took(outcome)) co_return head_ended();
    }
    if (auto refused = exchange_.check_head()) {
        // Only what is here already can be stepped over; waiting for a refused body would be a gift.
        close_ = !reader_.body_is_here();
        early_ = std::move(*refused);
        co_return Arrival::refused;
    }
    if (reader_.request().framing == Framing::none) co_return Arrival::request;
    co_return co_await receive_body();
}

template <class Stream>
auto Session<Stream>::receive_body() -> Task<Arrival> {
    arm(limits().body_timeout);
    for (bool invited = !reader_.request().expects_continue;;) {
        const Step step = reader_.body();
        if (step == Step::failed) co_return refuse(reader_.error());
        if (step == Step::ready) break;
        if (!invited) {
            invited = true;
            static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
            co_await asio::async_write(stream_, asio::buffer(go_on), asio::redirect_error(asio::use_awaitable, ec_));
            if (ec_) co_return body_ended();
        }
        const auto outcome = co_await read();
        if (!took(outcome)) co_return body_ended();
    }
    if (auto refused = exchange_.check_body()) {
        early_ = std::move(*refused);
        co_return Arrival::refused;
    }
    co_return Arrival::request;
}

template <class Stream>
Task<bool> Session<Stream>::serve_next() {
    close_ = false;
    const Arrival arrival = co_await receive();
    if (arrival == Arrival::nothing) co_return false;
    disarm();
    fresh = false;

    Response response;
    if (arrival == Arrival::request)
        response = co_await exchange_.handle();
    else
        response = std::move(early_);
    if (response.cut) co_return false;

    close_ = close_ || !exchange_.wants_keep_alive() || state_->draining || response.stream;
    exchange_.finish(response, close_);
    const std::size_t sent = write_now();
    if (!ec_ && sent < exchange_.out().size()) co_await write_rest(sent);
    exchange_.report(response.status, !ec_);
    if (response.stream && !exchange_.wants_head_only() && !ec_) co_await write_stream(response.stream);
    linger_ = close_ && !ec_;
    if (close_ || ec_) co_return false;

    exchange_.next();
    arm(limits().idle_timeout);
    co_return true;
}

/// Most answers fit into the socket's buffer, so waiting for it to be writable would only cost.
template <class Stream>
std::size_t Session<Stream>::write_now() {
    ec_ = {};
    if constexpr (is_tls) {
        return 0;  // Asio's TLS stream loses bytes when its socket would block
    } else {
        const std::size_t sent = stream_.write_some(asio::buffer(exchange_.out()), ec_);
        if (ec_ == asio::error::would_block) ec_ = {};
        return sent;
    }
}

template <class Stream>
Task<void> Session<Stream>::write_rest(std::size_t sent) {
    arm(limits().write_timeout);
    co_await asio::async_write(stream_, asio::buffer(exchange_.out()) + sent, asio::redirect_error(asio::use_awaitable, ec_));
    if (expired) state_->counters.timeouts.fetch_add(1, std::memory_order_relaxed);
    disarm();
}

/// While an answer goes on, a client of it has nothing to say but that it leaves: an end, or over TLS a goodbye before it.
template <class Stream>
bool Session<Stream>::has_left() {
    char byte = 0;
    const ssize_t got = ::recv(socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got < 0 ? errno != EAGAIN && errno != EWOULDBLOCK : got == 0 || is_tls;
}

template <class Stream>
Task<void> Session<Stream>::write_stream(const BodySource& next) {
    do {
        const std::optional<std::string> piece = co_await next();
        if (!piece) break;
        arm(limits().write_timeout);
        co_await asio::async_write(stream_, asio::buffer(*piece), asio::redirect_error(asio::use_awaitable, ec_));
        if (expired) state_->counters.timeouts.fetch_add(1, std::memory_order_relaxed);
        disarm();
    } while (!ec_ && !state_->draining && !has_left());
}

template <class Stream>
Task<void> Session<Stream>::linger() {
    const std::chrono::milliseconds timeout = limits().linger_timeout;
    arm(state_->draining ? std::min<std::chrono::milliseconds>(timeout, linger_while_draining) : timeout);
    if constexpr (is_tls) co_await stream_.async_shutdown(asio::redirect_error(asio::use_awaitable, ec_));
    socket().shutdown(Socket::shutdown_send, ec_);
    const std::size_t room = 16'384;
    Bytes dropped(room, '\0');
    for (std::size_t total = 0; !expired && !ec_ && total < limits().max_linger;)
        total += co_await socket().async_read_some(asio::buffer(dropped.data(), room),
                                                   asio::redirect_error(asio::use_awaitable, ec_));
}

}  // namespace

void start_session(std::shared_ptr<ThreadState> state, Socket socket) {
    error_code ec;
    const auto remote = socket.remote_endpoint(ec);
    if (ec) return;  // gone already
    std::string peer = remote.address().to_string();
    socket.set_option(asio::ip::tcp::no_delay(true), ec);
    socket.non_blocking(true, ec);
    const Executor executor = state->runtime.executor;
    if (const auto tls = state->options.tls) {
        auto session =
            std::make_unique<Session<TlsStream>>(std::move(state), TlsStream(std::move(socket), *tls), std::move(peer));
        spawn(executor, Session<TlsStream>::run(std::move(session)));
    } else {
        auto session = std::make_unique<Session<Socket>>(std::move(state), std::move(socket), std::move(peer));
        spawn(executor, Session<Socket>::run(std::move(session)));
    }
}

}  // namespace tollgate::http
