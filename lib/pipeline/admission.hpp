#pragma once

#include <functional>
#include <type_traits>
#include <utility>

#include "stores/ports.hpp"

/// How the layers of a charge are heard in a single store transition. `idempotent` asks the service inside it what it wants of
/// the store (`admit`, without I/O), begins the charge, and then calls it as `service(request, begun)` when the charge is its
/// own to run, or as `service.present(request, begun)` when it is to be told as it stands, or that an earlier one stands in its
/// way.
namespace tollgate {

/// A service handed over by `std::ref` is the one it refers to.
template <class Service>
[[nodiscard]] auto& bare(Service& service) noexcept {
    using Object = std::unwrap_reference_t<Service>;
    return static_cast<Object&>(service);
}

/// Lets a service contribute to the admission, when it has anything to say.
template <class Service, class Request>
void admit(Service& service, const Request& request, Admission& admission) {
    if constexpr (requires { bare(service).admit(request, admission); }) bare(service).admit(request, admission);
}

/// Base of the services between `idempotent` and the innermost one: what was admitted passes through untouched.
template <class Inner>
class AdmittingService {
public:
    explicit AdmittingService(Inner inner) : inner_(std::move(inner)) {}

    template <class Request>
    auto operator()(Request request, Begun begun) -> std::invoke_result_t<Inner&, Request, Begun> {
        return inner_(std::move(request), std::move(begun));
    }

    template <class Request>
    auto present(const Request& request, const Begun& begun) {
        return bare(inner_).present(request, begun);
    }

protected:
    Inner inner_;
};

}  // namespace tollgate
