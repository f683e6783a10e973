#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "gateway/exchange.hpp"
#include "net/origin.hpp"
#include "net/vetting.hpp"

namespace tollgate {

struct HttpClientOptions {
    std::size_t connections_max = 128;
    std::size_t waiting_max = 1024;       // exchanges that wait for a connection; one more fails at once
    Milliseconds idle_timeout{50'000};    // shorter than what servers commonly allow, so that we are the first to close
    Milliseconds addresses_kept{10'000};  // after a successful name resolution
    AddressRule may_reach;                // asked at every resolution; what is connected to has passed it. None: any address
    std::string trusted_ca_file;          // PEM; trusted beside the system's own authorities
};

/// Exchanges with one origin over HTTP/1.1, with TLS (1.2 or newer, certificate and host name verified) for https. One
/// object a thread; any number of exchanges at once. Redirects are not followed; interim answers are skipped.
///
/// It knows what was sent. `network_error`: no byte of the request has left (not resolved, not connected, address or
/// certificate refused, no connection free in time). `gateway_timeout`: some has, and no whole answer came.
/// `unreadable_answer`: what came is no HTTP, too large, or framed so that its end is in doubt. A request is sent twice only
/// when none of its bytes had left on a connection that the other end had closed meanwhile.
///
/// Deadlines are swept every 50 ms, so an exchange may end that much late. Destroying the coroutine of an exchange, or
/// the client, closes the sockets concerned; one that still waited for an answer is reset.
class HttpClient final : public Exchange {
public:
    /// Fails with `bad_request` and the mend when the URL or the CA file cannot be used. The runtime must outlive it.
    static Result<std::unique_ptr<HttpClient>> make(const Runtime& runtime, std::string_view url,
                                                    HttpClientOptions options = {});
    ~HttpClient() override;
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    Task<Result<OutboundReply>> exchange(OutboundRequest request) override;

private:
    struct State;
    explicit HttpClient(std::shared_ptr<State> state) : state_(std::move(state)) {}

    std::shared_ptr<State> state_;
};

}  // namespace tollgate
