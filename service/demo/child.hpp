#pragma once

#include <sys/types.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/error.hpp"

namespace tollgate::demo {

/// Another run of this very program, on a free port; ended with SIGTERM when it goes out of scope, and by the kernel when
/// this process dies first.
class Child {
public:
    /// Starts `tollgate ARGUMENTS` with these variables over the environment, and waits for its line "listening on ADDR".
    /// Fails with `internal` and what it said instead. Blocks.
    static Result<Child> start(std::vector<std::string> arguments, std::vector<std::pair<std::string, std::string>> variables);

    Child(Child&& other) noexcept;
    Child& operator=(Child&&) = delete;
    ~Child();

    /// "http://127.0.0.1:PORT".
    [[nodiscard]] const std::string& url() const noexcept { return url_; }

private:
    Child() = default;

    pid_t pid_ = -1;
    std::string url_;
    std::thread drain_;  // reads what it says, so that it never waits for a reader
};

}  // namespace tollgate::demo
