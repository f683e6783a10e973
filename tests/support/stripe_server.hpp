#pragma once

#include <algorithm>
#include <cctype>
#include <functional>
#include <string>

#include "support/lies.hpp"
#include "support/scripted_server.hpp"
#include "support/stripe_stand_in.hpp"

namespace tollgate::test {

/// The stand-in of Stripe's API behind a real socket of 127.0.0.1, with connections that are kept, lies on demand and, when it
/// is given a context, TLS. What it searches lags only when it is told to lie so.
class StripeServer {
public:
    /// Told of every call, before it acts and before its answer leaves; false cuts the connection.
    using Hook = std::function<bool(std::string_view step, bool acted)>;

    explicit StripeServer(Hook hook = nullptr, SSL_CTX* tls = nullptr)
        : stand_in({.search_lag = Milliseconds{0}}),
          hook_(std::move(hook)),
          server_({[this](Peer& peer) { serve(peer); }}, tls) {}

    [[nodiscard]] std::string url() const { return server_.url(); }
    [[nodiscard]] int port() const noexcept { return server_.port(); }
    [[nodiscard]] int connections() const noexcept { return server_.connections(); }
    [[nodiscard]] WallTime now() const { return clock_.wall(); }

    StripeStandIn stand_in;
    Liar liar;

private:
    static std::string header(std::string_view head, std::string_view name) {
        for (std::size_t at = head.find("\r\n"); at != head.npos; at = head.find("\r\n", at + 2)) {
            const std::string_view line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
            const bool named =
                line.size() > name.size() + 1 && line[name.size()] == ':' &&
                std::ranges::equal(line.substr(0, name.size()), name, [](char a, char b) {
                    return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
                });
            if (named) return std::string(line.substr(line.find_first_not_of(' ', name.size() + 1)));
        }
        return {};
    }

    static StripeRequest parse(const std::string& wire) {
        const std::size_t end = wire.find("\r\n\r\n");
        const std::string_view head = std::string_view(wire).substr(0, end + 2);
        const std::size_t target = head.find(' ') + 1;
        return {.method = std::string(head.substr(0, target - 1)),
                .target = std::string(head.substr(target, head.find(' ', target) - target)),
                .authorization = header(head, "Authorization"),
                .idempotency_key = header(head, "Idempotency-Key"),
                .version = header(head, "Stripe-Version"),
                .content_type = header(head, "Content-Type"),
                .body = wire.substr(end + 4)};
    }

    void serve(Peer& peer) {
        for (std::string wire; !(wire = peer.read_request()).empty();) {
            const StripeRequest request = parse(wire);
            const std::string_view step = step_of(request.method, request.target);
            if (hook_ && !hook_(step, false)) return;
            const Wire answer = liar.answer(request.method, request.target, request.idempotency_key, [&] {
                const StripeReply reply = stand_in.handle(request, now());
                return Wire{reply.status, reply.body, reply.headers};
            });
            if (hook_ && !hook_(step, true)) return;
            if (!send(peer, answer)) return;
        }
    }

    /// Whether the connection goes on.
    static bool send(Peer& peer, const Wire& answer) {
        using End = Wire::End;
        std::string headers;
        for (const auto& [name, value] : answer.headers) headers += name + ": " + value + "\r\n";
        if (answer.end == End::never || answer.end == End::late) peer.wait_until_closed();
        if (answer.end == End::cut_in_body)
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(answer.body.size()) + "\r\n\r\n" +
                      answer.body.substr(0, answer.body.size() / 2));
        if (answer.end != End::whole) return false;
        peer.answer(answer.status, answer.body, headers);
        return true;
    }

    SystemClock clock_;
    Hook hook_;
    ScriptedServer server_;  // goes first: its threads use all the rest
};

}  // namespace tollgate::test
