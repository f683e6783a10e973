// The floor of the benchmark: Beast and Asio as their examples use them, answering a constant to every request, without
// limits, deadlines, checks or routes. `bare_server PORT [THREADS]` listens on 127.0.0.1 until it is killed.
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

namespace {

asio::awaitable<void> serve(tcp::socket socket) {
    socket.set_option(tcp::no_delay(true));
    boost::beast::flat_buffer buffer;
    boost::system::error_code ec;
    for (bool keep_alive = true; keep_alive;) {
        http::request<http::string_body> request;
        co_await http::async_read(socket, buffer, request, asio::redirect_error(asio::use_awaitable, ec));
        if (ec) co_return;
        http::response<http::string_body> response(http::status::ok, request.version());
        keep_alive = request.keep_alive();
        response.keep_alive(keep_alive);
        response.set(http::field::content_type, "application/json");
        response.body() = R"({"status":"pass"})";
        response.prepare_payload();
        co_await http::async_write(socket, response, asio::redirect_error(asio::use_awaitable, ec));
        if (ec) co_return;
    }
}

asio::awaitable<void> accept(tcp::acceptor acceptor) {
    for (;;) {
        tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
        asio::co_spawn(acceptor.get_executor(), serve(std::move(socket)), asio::detached);
    }
}

void run(unsigned short port) {
    asio::io_context io(1);
    tcp::acceptor acceptor(io, tcp::v4());
    acceptor.set_option(tcp::acceptor::reuse_address(true));
    acceptor.set_option(asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>(true));
    acceptor.bind({asio::ip::address_v4::loopback(), port});
    acceptor.listen();
    asio::co_spawn(io, accept(std::move(acceptor)), asio::detached);
    io.run();
}

}  // namespace

int main(int argc, char** argv) {
    const int port = argc > 1 ? std::atoi(argv[1]) : 0;
    const int threads = argc > 2 ? std::atoi(argv[2]) : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    if (port < 1 || port > 65'535 || threads < 1) {
        std::fputs("usage: bare_server PORT [THREADS]\n", stderr);
        return 2;
    }
    std::vector<std::jthread> running;
    for (int i = 0; i < threads; ++i) running.emplace_back(run, static_cast<unsigned short>(port));
}
