#pragma once

#include <string>

#include "async/runtime.hpp"
#include "resilience/breakers.hpp"
#include "service/http/message.hpp"

namespace tollgate {

/// How the breakers of this process stand, by name: a JSON array of `{"name","state","retry_after"}`. `retry_after` is in whole
/// seconds, and there only where a call would be refused.
[[nodiscard]] std::string breakers_json(const Breakers& breakers, SteadyTime now);

/// For an operator: GET /admin/breakers, `{"data":…}`. What it borrows outlives the route.
[[nodiscard]] http::Route breakers_route(const Runtime& runtime, const Breakers& breakers);

}  // namespace tollgate
