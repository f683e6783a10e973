#pragma once

#include <memory>
#include <utility>

#include "async/one_shot.hpp"
#include "core/error.hpp"

namespace tollgate {

/// What a question that is asked aside is answered, once it is.
template <class T>
using Told = OneShot<Result<T>>;

template <class T>
Task<void> answer_aside(Task<Result<T>> question, std::shared_ptr<Told<T>> told) {
    told->set(co_await std::move(question));
}

/// Asks and goes on: several questions run at once, and one that is not answered (`wait_until`) holds up nobody.
template <class T>
[[nodiscard]] std::shared_ptr<Told<T>> ask_aside(const Runtime& runtime, Task<Result<T>> question) {
    auto told = std::make_shared<Told<T>>(runtime);
    spawn(runtime.executor, answer_aside(std::move(question), told));
    return told;
}

}  // namespace tollgate
