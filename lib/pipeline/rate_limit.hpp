#pragma once

#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "pipeline/admission.hpp"
#include "pipeline/deadline.hpp"
#include "pipeline/fleet_pace.hpp"
#include "pipeline/service.hpp"
#include "resilience/outbound_limit.hpp"

namespace tollgate {

/// What a call is told that would have to wait past its deadline.
[[nodiscard]] inline PaymentError outbound_limit_used_up(Milliseconds until_next_place) {
    return {Code::gateway_busy, "our own limit on calls outward is used up until the deadline", until_next_place};
}

/// Gives out the moments to go, now or later: none after `latest`, but an error that says that the call is not to be made.
using Reserve = std::function<Task<Result<SteadyTime>>(SteadyTime latest)>;

/// Around a call: holds it back until the common pace allows it. One that would have to wait past its deadline is not made.
template <class Inner>
class PacedService {
public:
    PacedService(Inner inner, Reserve reserve, const Runtime& runtime)
        : inner_(std::move(inner)), reserve_(std::move(reserve)), runtime_(runtime) {}

    template <HasDeadline Request>
    auto operator()(Request request) -> std::invoke_result_t<Inner&, Request> {
        const auto start = co_await reserve_(deadline_of(request));
        if (!start) co_return fail(start.error());
        const SteadyTime now = runtime_.clock.steady();
        if (*start > now) co_await sleep_for(runtime_, *start - now);
        co_return co_await inner_(std::move(request));
    }

private:
    Inner inner_;
    Reserve reserve_;
    const Runtime& runtime_;
};

struct PaceLayer : Layer {
    Reserve reserve;
    const Runtime& runtime;

    template <class Inner>
    auto wrap(Inner inner) && {
        return PacedService<Inner>(std::move(inner), std::move(reserve), runtime);
    }
};

/// Keeps a pace that is shared by all threads. For requests with a deadline (pipeline/deadline.hpp).
[[nodiscard]] inline PaceLayer rate_limit(OutboundLimit& limit, const Runtime& runtime) {
    return {{},
            [&limit, &runtime](SteadyTime latest) -> Task<Result<SteadyTime>> {
                const auto start = limit.reserve(runtime.clock.steady(), latest);
                if (!start) co_return fail(outbound_limit_used_up(start.error()));
                co_return *start;
            },
            runtime};
}

/// Keeps a pace that is shared by all processes of a fleet.
[[nodiscard]] inline PaceLayer rate_limit(FleetPace& pace, const Runtime& runtime) {
    return {{}, [&pace](SteadyTime latest) { return pace.reserve(latest); }, runtime};
}

/// Inside `idempotent`: asks the store to count every new charge against an allowance.
template <class Inner, class KeyOf>
class AllowanceService : public AdmittingService<Inner> {
public:
    AllowanceService(Inner inner, std::optional<GcraPolicy> policy, KeyOf key_of)
        : AdmittingService<Inner>(std::move(inner)), policy_(policy), key_of_(std::move(key_of)) {}

    template <class Request>
    void admit(const Request& request, Admission& admission) {
        if (policy_) {
            admission.limit_key = key_of_(request);
            admission.limit = policy_;
        }
        tollgate::admit(this->inner_, request, admission);
    }

private:
    const std::optional<GcraPolicy> policy_;
    KeyOf key_of_;
};

template <class KeyOf>
struct AllowanceLayer : Layer {
    std::optional<GcraPolicy> policy;
    KeyOf key_of;

    template <class Inner>
    auto wrap(Inner inner) && {
        return AllowanceService<Inner, KeyOf>(std::move(inner), policy, std::move(key_of));
    }
};

/// `key_of(request)` names whose allowance is used ("tenant/customer"); without a policy nothing is limited.
template <class KeyOf>
[[nodiscard]] AllowanceLayer<KeyOf> rate_limit(std::optional<GcraPolicy> policy, KeyOf key_of) {
    return {{}, policy, std::move(key_of)};
}

}  // namespace tollgate
