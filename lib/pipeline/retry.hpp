#pragma once

#include <algorithm>
#include <type_traits>
#include <utility>

#include "pipeline/attempts.hpp"
#include "pipeline/deadline.hpp"
#include "pipeline/service.hpp"
#include "resilience/backoff.hpp"

namespace tollgate {

struct RetryPolicy {
    int attempts_max = 3;  // the first one included
    Backoff backoff{};
};

/// Asks again, with full jitter and never sooner than the other side wants, while the wait ends before the step's deadline.
/// Safe only because every attempt carries the same idempotency key.
template <class Inner>
class RetryService {
public:
    RetryService(Inner inner, const Runtime& runtime, RetryPolicy policy)
        : inner_(std::move(inner)), runtime_(runtime), policy_(policy) {}

    template <HasDeadline Request>
    auto operator()(Request request) -> std::invoke_result_t<Inner&, Request> {
        const SteadyTime deadline = deadline_of(request);
        Attempts attempts;
        for (int attempt = 1;; ++attempt) {
            auto result = co_await inner_(request);
            if (result) co_return result;

            const PaymentError error = result.error();
            const auto delay = delay_after(attempt, error);
            const bool again = is_worth_retrying(error) && attempt < policy_.attempts_max && has_time(delay, deadline);
            PaymentError known = attempts.after(error);
            if (!again) co_return fail(std::move(known));
            co_await sleep_for(runtime_, delay);
        }
    }

private:
    [[nodiscard]] Milliseconds delay_after(int attempt, const PaymentError& error) {
        const auto jitter = full_jitter(policy_.backoff, attempt - 1, runtime_.random);
        return std::max(jitter, error.retry_after.value_or(Milliseconds(0)));
    }

    [[nodiscard]] bool has_time(Milliseconds delay, SteadyTime deadline) const {
        // Milliseconds on both sides: a longest delay has no nanoseconds.
        return delay < std::chrono::floor<Milliseconds>(deadline - runtime_.clock.steady());
    }

    Inner inner_;
    const Runtime& runtime_;
    const RetryPolicy policy_;
};

struct RetryLayer : Layer {
    const Runtime& runtime;
    RetryPolicy policy;

    template <class Inner>
    auto wrap(Inner inner) && {
        return RetryService<Inner>(std::move(inner), runtime, policy);
    }
};

/// For requests with a deadline (pipeline/deadline.hpp) that may be copied.
[[nodiscard]] inline RetryLayer retry(const Runtime& runtime, RetryPolicy policy) {
    return {{}, runtime, policy};
}

}  // namespace tollgate
