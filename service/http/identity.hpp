#pragma once

#include <string>
#include <string_view>

#include "core/random.hpp"

namespace tollgate::http {

/// Whether a client's X-Request-Id may be used: 1–128 visible ASCII characters that hold no card number.
[[nodiscard]] bool is_fit_request_id(std::string_view id);

/// Whether this is a `traceparent` of W3C Trace Context: any version but ff, lower-case hexadecimal, no id all zeros.
[[nodiscard]] bool is_valid_traceparent(std::string_view value) noexcept;

/// Writes 32 hexadecimal digits over `id`.
void draw_request_id(Random& random, std::string& id);

/// Writes a new `traceparent` over `value`, not sampled.
void draw_traceparent(Random& random, std::string& value);

}  // namespace tollgate::http
