#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "service/http/thread_state.hpp"

namespace tollgate::http {

using Endpoint = asio::ip::tcp::endpoint;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, IoExecutor>;

/// "127.0.0.1:8080", "[::1]:0", "localhost:8080"; addresses, not names. Fails with validation_failed.
[[nodiscard]] Result<Endpoint> parse_endpoint(std::string_view address);

[[nodiscard]] std::string to_string(const Endpoint& endpoint);

/// Opens the first listening socket; port 0 picks a free one, `local_endpoint()` tells which. Fails with `internal` and the
/// system's reason, also when another process listens there already.
[[nodiscard]] Result<Acceptor> listen_first(asio::io_context& io, const Endpoint& endpoint);

/// Opens one more on the same address for another thread; the kernel spreads connections over them (SO_REUSEPORT).
[[nodiscard]] Result<Acceptor> listen_again(asio::io_context& io, const Acceptor& first);

}  // namespace tollgate::http
