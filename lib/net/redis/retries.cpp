#include "net/redis/retries.hpp"

#include "resilience/backoff.hpp"

namespace tollgate::redis {
namespace {

using namespace std::chrono_literals;

constexpr Backoff between_sendings{.base_delay = 10ms, .max_delay = 200ms, .multiplier = 2.0};

Failure failure_of(const Answer& answer) {
    if (!answer) return answer.error();
    const ErrorKind kind = kind_of(answer->text());
    return {execution_of(kind), "Redis answers " + std::string(without_our_words(answer->text())),
            kind == ErrorKind::no_rights};
}

/// Whether the same command may well succeed a moment later.
bool may_pass(const Answer& answer) {
    if (!answer) return true;
    switch (kind_of(answer->text())) {
        case ErrorKind::not_now:
        case ErrorKind::demoted:
        case ErrorKind::unknown_script:
        case ErrorKind::moved:
        case ErrorKind::ask:
            return true;
        case ErrorKind::no_room:
        case ErrorKind::no_rights:
        case ErrorKind::other:
            return false;
    }
    return false;
}

}  // namespace

Task<bool> Retries::again(const Answer& answer) {
    last_ = failure_of(answer);
    if (last_.execution == Execution::unknown) maybe_executed_ = true;
    if (maybe_executed_ && repeat_ == Repeat::never) co_return false;
    if (last_.execution == Execution::refused || last_.settings_at_fault || last_.outage || !may_pass(answer)) co_return false;
    const SteadyTime next = runtime_.clock.steady() + full_jitter(between_sendings, times_++, runtime_.random);
    if (next >= deadline_) co_return false;
    co_await sleep_for(runtime_, next - runtime_.clock.steady());
    co_return true;
}

Failure Retries::failure() const {
    Failure failure = last_;
    if (maybe_executed_ && failure.execution == Execution::not_executed) failure.execution = Execution::unknown;
    return failure;
}

}  // namespace tollgate::redis
