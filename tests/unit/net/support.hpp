#pragma once

#include <catch2/catch.hpp>

#include "net/http_client.hpp"
#include "support/event_loop.hpp"
#include "support/scripted_server.hpp"

namespace tollgate::test {

using namespace std::chrono_literals;

inline OutboundRequest post(SteadyTime deadline, std::string body = "{\"amount\":4999}") {
    OutboundRequest request;
    request.method = "POST";
    request.path = "/v1/authorize";
    request.idempotency_key = "key-1";
    request.body = std::move(body);
    request.deadline = deadline;
    return request;
}

inline std::unique_ptr<HttpClient> client_of(EventLoop& loop, const std::string& url, HttpClientOptions options = {}) {
    auto made = HttpClient::make(loop.runtime(), url, std::move(options));
    REQUIRE(made.has_value());
    return std::move(*made);
}

/// One POST with its own client, to a server that does `conversation`.
inline Result<OutboundReply> post_to(ScriptedServer::Conversation conversation, Milliseconds within = 5s) {
    ScriptedServer server(std::move(conversation));
    EventLoop loop;
    const auto client = client_of(loop, server.url());
    return loop.run(client->exchange(post(loop.in(within))));
}

inline Code code_of(const Result<OutboundReply>& reply) {
    REQUIRE_FALSE(reply.has_value());
    return reply.error().code;
}

}  // namespace tollgate::test
