#include "service/http/listener.hpp"

#include <sys/socket.h>

#include <charconv>

namespace tollgate::http {
namespace {

using boost::system::error_code;
using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

Result<Acceptor> cannot_listen(const Endpoint& endpoint, const error_code& ec) {
    return fail(Code::internal, "Cannot listen on " + to_string(endpoint) + ": " + ec.message() + ".");
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view address) {
    const auto wrong = [] {
        return fail(Code::validation_failed, "An address to listen on is IP:PORT, such as 127.0.0.1:8080 or [::1]:8080.");
    };
    const std::size_t colon = address.rfind(':');
    if (colon == std::string_view::npos) return wrong();
    std::string_view host = address.substr(0, colon);
    const std::string_view digits = address.substr(colon + 1);
    std::uint16_t port = 0;
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (problem != std::errc() || end != digits.data() + digits.size()) return wrong();
    const bool in_brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (in_brackets) host = host.substr(1, host.size() - 2);
    if (host == "localhost") host = "127.0.0.1";
    error_code ec;
    const auto ip = asio::ip::make_address(std::string(host), ec);
    if (ec || ip.is_v6() != in_brackets) return wrong();
    return Endpoint(ip, port);
}

std::string to_string(const Endpoint& endpoint) {
    const std::string ip = endpoint.address().to_string();
    return (endpoint.address().is_v6() ? "[" + ip + "]" : ip) + ":" + std::to_string(endpoint.port());
}

Result<Acceptor> listen_first(asio::io_context& io, const Endpoint& endpoint) {
    Acceptor acceptor(io.get_executor());
    error_code ec;
    acceptor.open(endpoint.protocol(), ec);
    if (!ec) acceptor.set_option(Acceptor::reuse_address(true), ec);
    if (!ec) acceptor.bind(endpoint, ec);
    // Only after bind: before it, another process' port would be shared instead of refused.
    if (!ec) acceptor.set_option(ReusePort(true), ec);
    if (!ec) acceptor.listen(Acceptor::max_listen_connections, ec);
    if (!ec) acceptor.non_blocking(true, ec);
    if (ec) return cannot_listen(endpoint, ec);
    return acceptor;
}

Result<Acceptor> listen_again(asio::io_context& io, const Acceptor& first) {
    Acceptor acceptor(io.get_executor());
    error_code ec;
    const Endpoint endpoint = first.local_endpoint(ec);
    if (!ec) acceptor.open(endpoint.protocol(), ec);
    if (!ec) acceptor.set_option(Acceptor::reuse_address(true), ec);
    if (!ec) acceptor.set_option(ReusePort(true), ec);
    if (!ec) acceptor.bind(endpoint, ec);
    if (!ec) acceptor.listen(Acceptor::max_listen_connections, ec);
    if (!ec) acceptor.non_blocking(true, ec);
    if (ec) return cannot_listen(endpoint, ec);
    return acceptor;
}

}  // namespace tollgate::http
