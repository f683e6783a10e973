#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "net/redis/client.hpp"
#include "support/event_loop.hpp"
#include "support/redis_server.hpp"

namespace tollgate::test {

using namespace std::chrono_literals;

/// An event loop and a client on it.
struct Caller {
    explicit Caller(redis::Options options) {
        client = redis::Client::make(loop.runtime(), std::move(options), [this](const redis::LinkChange& change) {
                     changes.push_back(change);
                 }).value();
    }

    [[nodiscard]] static redis::Options to(const RedisServer& server) {
        redis::Options options;
        options.servers = {{"127.0.0.1", server.port()}};
        return options;
    }

    redis::Answer ask(std::initializer_list<std::string_view> words, Milliseconds patience = 5s,
                      redis::Repeat repeat = redis::Repeat::safe) {
        return loop.run(client->call(redis::Command(words), 0, loop.in(patience), repeat));
    }

    EventLoop loop;
    std::vector<redis::LinkChange> changes;
    std::unique_ptr<redis::Client> client;
};

}  // namespace tollgate::test
