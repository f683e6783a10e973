#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "store_under_test.hpp"

namespace tollgate::test {

/// Runs `count` coroutines at once, spread over two event loops with a thread each; their results in order.
template <class T>
std::vector<T> at_once(Bench& bench, std::size_t count, const std::function<Task<T>(std::size_t)>& make) {
    std::array<Loop, 2>& loops = bench.loops.sides;
    std::vector<std::optional<T>> results(count);
    std::atomic<std::size_t> left = count;
    for (Loop& loop : loops) loop.io().restart();
    for (std::size_t i = 0; i < count; ++i) {
        asio::co_spawn(loops[i % loops.size()].io(), make(i), [&, i](const std::exception_ptr& thrown, T result) {
            if (!thrown) results[i].emplace(std::move(result));
            if (--left > 0) return;
            for (Loop& loop : loops) loop.io().stop();
        });
    }
    std::vector<std::thread> threads;
    for (Loop& loop : loops) threads.emplace_back([&loop] { loop.io().run(); });
    for (std::thread& thread : threads) thread.join();
    std::vector<T> all;
    for (std::optional<T>& result : results) all.push_back(std::move(result.value()));
    return all;
}

}  // namespace tollgate::test
