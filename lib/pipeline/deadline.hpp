#pragma once

#include <concepts>

#include "core/time.hpp"

namespace tollgate {

/// A request that says until when its whole step must be over, retries and waits included: `deadline_of(request)`, found by
/// argument-dependent lookup. That of a single call is set further inside, by whoever makes it.
template <class Request>
concept HasDeadline = requires(const Request& request) {
    { deadline_of(request) } -> std::same_as<SteadyTime>;
};

}  // namespace tollgate
