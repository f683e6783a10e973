#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

#include "async/runtime.hpp"
#include "core/error.hpp"

/// A service is anything called with a request that returns `Task<Result<Response>>`; a layer wraps a service into another
/// one. `a | b | service` reads from the outside in: `a` sees the request first and the response last (after tower's
/// Service and Layer).
namespace tollgate {

/// Base of every layer; a layer has `auto wrap(Inner inner) &&`, returning a service.
struct Layer {};

template <class T>
concept AnyLayer = std::derived_from<std::remove_cvref_t<T>, Layer>;

template <AnyLayer Outer, AnyLayer Inner>
struct Stack : Layer {
    Outer outer;
    Inner inner;
    Stack(Outer o, Inner i) : outer(std::move(o)), inner(std::move(i)) {}

    template <class Service>
    auto wrap(Service service) && {
        return std::move(outer).wrap(std::move(inner).wrap(std::move(service)));
    }
};

template <AnyLayer Outer, class Inner>
auto operator|(Outer outer, Inner inner) {
    if constexpr (AnyLayer<Inner>) {
        return Stack<Outer, Inner>(std::move(outer), std::move(inner));
    } else {
        return std::move(outer).wrap(std::move(inner));
    }
}

}  // namespace tollgate
