#pragma once

#include <optional>

#include "net/redis/client.hpp"
#include "net/redis/errors.hpp"

namespace tollgate::redis {

/// Decides whether a command is sent again, and waits a moment before that. Remembers that an earlier sending may have been
/// executed: what a later one says of itself does not change that.
class Retries {
public:
    Retries(const Runtime& runtime, SteadyTime deadline, Repeat repeat)
        : runtime_(runtime), deadline_(deadline), repeat_(repeat) {}

    /// `answer` is a failure, or an error reply. True once it is time to send the command again; false: `failure` tells how it
    /// ended.
    Task<bool> again(const Answer& answer);
    [[nodiscard]] Failure failure() const;

private:
    const Runtime& runtime_;
    const SteadyTime deadline_;
    const Repeat repeat_;
    int times_ = 0;
    bool maybe_executed_ = false;
    Failure last_;
};

}  // namespace tollgate::redis
