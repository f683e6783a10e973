#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <optional>

#include "net/redis/client.hpp"

namespace tollgate::redis {

/// Runs `work(runtime, client)` to its end on a loop and a connection of its own. Blocks.
template <class T>
Result<T> run_alone(const Options& options, const std::function<Task<T>(const Runtime&, Client&)>& work) {
    asio::io_context loop{1};
    const SystemClock clock;
    SystemRandom random;
    AsioTimers timers(loop.get_executor());
    const Runtime runtime{loop.get_executor(), clock, random, timers};
    Result<std::unique_ptr<Client>> client = Client::make(runtime, options);
    if (!client) return fail(std::move(client.error()));
    std::optional<T> result;
    spawn(runtime.executor, [](const auto& what, const Runtime& on, Client& with, auto& out) -> Task<void> {
        out.emplace(co_await what(on, with));
    }(work, runtime, **client, result));
    while (!result) loop.run_one();
    client->reset();
    return std::move(*result);
}

}  // namespace tollgate::redis
