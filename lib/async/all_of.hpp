#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "async/runtime.hpp"

namespace tollgate {

template <class T>
struct AllOf {
    std::vector<std::optional<T>> results;
    std::size_t left = 0;
    std::unique_ptr<Timer> timer;

    static Task<void> one(std::shared_ptr<AllOf> all, std::size_t index, Task<T> task) {
        all->results[index].emplace(co_await std::move(task));
        if (--all->left == 0) all->timer->wake();
    }
};

/// Runs tasks side by side on the runtime's thread, where it is called too; their results in order.
template <class T>
Task<std::vector<T>> all_of(const Runtime& runtime, std::vector<Task<T>> tasks) {
    auto all = std::make_shared<AllOf<T>>();
    all->results.resize(tasks.size());
    all->left = tasks.size();
    all->timer = runtime.timers.make();
    for (std::size_t i = 0; i < tasks.size(); ++i) spawn(runtime.executor, AllOf<T>::one(all, i, std::move(tasks[i])));
    while (all->left > 0) co_await all->timer->wait_until(SteadyTime::max());
    std::vector<T> results;
    for (std::optional<T>& result : all->results) results.push_back(std::move(*result));
    co_return results;
}

}  // namespace tollgate
