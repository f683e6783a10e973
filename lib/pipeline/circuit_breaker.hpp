#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "pipeline/admission.hpp"
#include "pipeline/service.hpp"
#include "resilience/breakers.hpp"

namespace tollgate {

/// What an error says about the dependency. A refusal is an answer, and so is not to know a key; to be told "later", or not to
/// have been let out at all, says nothing.
[[nodiscard]] CallVerdict verdict_on(const PaymentError& error) noexcept;

/// What a caller is told while a breaker is open.
[[nodiscard]] PaymentError circuit_open(std::string_view breaker, Milliseconds retry_after);

/// Around a call: refuses it with `circuit_open` while the breaker is, and tells the breaker how it ended.
/// Inside `idempotent`: refuses the admission of new charges instead; one that was admitted meets the breaker again at the call
/// itself, so here it passes, and no probe is used up.
template <class Inner>
class CircuitBreakerService : public AdmittingService<Inner> {
public:
    CircuitBreakerService(Inner inner, SharedBreaker& breaker, const Clock& clock, Milliseconds slow_call)
        : AdmittingService<Inner>(std::move(inner)), breaker_(breaker), clock_(clock), slow_call_(slow_call) {}

    using AdmittingService<Inner>::operator();

    template <class Request>
    auto operator()(Request request) -> std::invoke_result_t<Inner&, Request> {
        const SteadyTime begun = clock_.steady();
        const auto permit = breaker_.admit(begun);
        if (!permit) co_return fail(circuit_open(breaker_.name(), permit.error()));

        Call call{breaker_, clock_, *permit};
        auto result = co_await this->inner_(std::move(request));
        call.verdict = result ? CallVerdict::success : verdict_on(result.error());
        const bool slow = std::chrono::floor<Milliseconds>(clock_.steady() - begun) >= slow_call_;
        if (slow && call.verdict == CallVerdict::success) call.verdict = CallVerdict::failure;
        co_return result;
    }

    template <class Request>
    void admit(const Request& request, Admission& admission) {
        const auto wait = breaker_.refusal(clock_.steady());
        if (wait > Milliseconds(0) && !admission.refusal) admission.refusal = circuit_open(breaker_.name(), wait);
        tollgate::admit(this->inner_, request, admission);
    }

private:
    /// A call whose coroutine is dropped half-way gives its permit back like any other: breaker and clock outlive it, the
    /// service need not.
    struct Call {
        SharedBreaker& breaker;
        const Clock& clock;
        Breaker::Permit permit;
        CallVerdict verdict = CallVerdict::ignored;
        ~Call() { breaker.record(permit, verdict, clock.steady()); }
    };

    SharedBreaker& breaker_;
    const Clock& clock_;
    const Milliseconds slow_call_;
};

struct CircuitBreakerLayer : Layer {
    SharedBreaker& breaker;
    const Clock& clock;
    Milliseconds slow_call;

    template <class Inner>
    auto wrap(Inner inner) && {
        return CircuitBreakerService<Inner>(std::move(inner), breaker, clock, slow_call);
    }
};

/// `name` is that of the breaker: layers of the same name share it. A call that took `slow_call` or longer counts as a failure
/// even when it was answered; without it only those do that ended in a timeout.
[[nodiscard]] inline CircuitBreakerLayer circuit_breaker(Breakers& breakers, std::string_view name, const Runtime& runtime,
                                                         Milliseconds slow_call = std::chrono::hours(24)) {
    return {{}, breakers.at(name), runtime.clock, slow_call};
}

}  // namespace tollgate
