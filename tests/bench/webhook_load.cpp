// Webhooks as a gateway sends them, signed and each with an id of its own, as fast as they are answered: wrk cannot sign.
//
//   webhook_load PORT SECONDS CONNECTIONS PREFIX [TYPE CHARGES]
//
// Posts to /webhook of 127.0.0.1 in Stripe's scheme, with the sandbox's secret; PREFIX makes the ids of this run differ from
// those of others. Without a TYPE the events tell nothing about a charge; else they are of that type (payment.captured,
// payment.refunded), and about the charges of that file in turn, a line each: "CHARGE_ID AUTHORIZATION_ID CAPTURE_ID".
// Prints the rate, the quantiles of the time to the answer, and how many were not answered as a new event is.
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "signing/signatures.hpp"

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using SteadyClock = std::chrono::steady_clock;

namespace {

constexpr std::string_view secret = "whsec_sandbox";
constexpr std::size_t body_bytes = 500;
constexpr std::chrono::seconds patience{10};  // for the last answers

struct Known {
    std::string charge, authorization, capture;
};

struct Load {
    unsigned short port = 0;
    std::string prefix;
    std::string type;
    std::vector<Known> charges;
    SteadyClock::time_point end;
    std::uint64_t sent = 0;
    std::uint64_t failed = 0;
    std::vector<double> milliseconds{};  // of those that were answered well
};

/// Its data without the closing brace, so that a text can fill it up.
std::string data_of(const Load& load, const std::string& number) {
    if (load.charges.empty())
        return R"({"object":{"id":"cus_)" + number + R"(","object":"customer","email":"ann@example.com"})";
    const Known& known = load.charges[load.sent % load.charges.size()];
    const bool refund = load.type == "payment.refunded";
    return R"({"reference":")" + known.charge + R"(","authorization_id":")" + known.authorization + R"(","capture_id":")" +
           known.capture + (refund ? R"(","refund_id":"re_)" + number : "") + R"(","amount":)" + (refund ? "1" : "4999") +
           R"(,"currency":"USD")";
}

std::string next_body(Load& load, const std::string& now) {
    const std::string number = load.prefix + std::to_string(++load.sent);
    std::string body = R"({"id":"evt_)" + number + R"(","type":")" + load.type + R"(","created":)" + now + R"(,"data":)" +
                       data_of(load, number) + R"(,"description":")";
    body.append(body_bytes - std::min(body_bytes, body.size()), 'd');
    return body += R"("}})";
}

std::string next_request(Load& load) {
    const auto now = std::chrono::floor<tollgate::Milliseconds>(std::chrono::system_clock::now());
    const std::string body = next_body(load, tollgate::unix_seconds(now));
    return "POST /webhook HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nStripe-Signature: " +
           tollgate::stripe_signature(secret, now, body) + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           body;
}

asio::awaitable<void> post(Load& load, tcp::socket socket) {
    boost::system::error_code ec;
    co_await socket.async_connect({asio::ip::address_v4::loopback(), load.port}, asio::redirect_error(asio::use_awaitable, ec));
    if (!ec) socket.set_option(tcp::no_delay(true));
    boost::beast::flat_buffer buffer;
    while (SteadyClock::now() < load.end) {
        const std::string request = next_request(load);
        ++load.failed;  // until it is answered
        const SteadyClock::time_point began = SteadyClock::now();
        if (!ec) co_await asio::async_write(socket, asio::buffer(request), asio::redirect_error(asio::use_awaitable, ec));
        http::response<http::string_body> answer;
        if (!ec) co_await http::async_read(socket, buffer, answer, asio::redirect_error(asio::use_awaitable, ec));
        if (ec) co_return;
        if (answer.result() != http::status::ok || answer.body().find(R"("duplicate":true)") != std::string::npos) continue;
        --load.failed;
        load.milliseconds.push_back(std::chrono::duration<double, std::milli>(SteadyClock::now() - began).count());
    }
}

std::vector<Known> read_charges(const char* path) {
    std::vector<Known> charges;
    std::ifstream file(path);
    for (Known known; file >> known.charge >> known.authorization >> known.capture;) charges.push_back(known);
    return charges;
}

double quantile(std::vector<double>& values, double share) {
    if (values.empty()) return 0;
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
    std::ranges::nth_element(values, at);
    return *at;
}

}  // namespace

int main(int count, char** words) {
    if (count != 5 && count != 7) {
        std::fprintf(stderr, "usage: webhook_load PORT SECONDS CONNECTIONS PREFIX [TYPE CHARGES]\n");
        return 2;
    }
    const SteadyClock::time_point began = SteadyClock::now();
    const std::chrono::seconds time(std::atoi(words[2]));
    Load load{.port = static_cast<unsigned short>(std::atoi(words[1])),
              .prefix = words[4],
              .type = count == 7 ? words[5] : "customer.updated",
              .charges = count == 7 ? read_charges(words[6]) : std::vector<Known>(),
              .end = began + time};
    if (count == 7 && load.charges.empty()) {
        std::fprintf(stderr, "webhook_load: there are no charges in %s\n", words[6]);
        return 1;
    }
    asio::io_context io(1);
    for (int i = 0; i < std::atoi(words[3]); ++i) {
        asio::co_spawn(io, post(load, tcp::socket(io)), asio::detached);
    }
    io.run_for(time + patience);
    const double seconds = std::chrono::duration<double>(SteadyClock::now() - began).count();
    std::printf("sent=%llu rate=%.0f p50_ms=%.2f p99_ms=%.2f failed=%llu\n", static_cast<unsigned long long>(load.sent),
                static_cast<double>(load.milliseconds.size()) / seconds, quantile(load.milliseconds, 0.5),
                quantile(load.milliseconds, 0.99), static_cast<unsigned long long>(load.failed));
    return 0;
}
