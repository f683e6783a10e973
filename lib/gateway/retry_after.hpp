#pragma once

#include <optional>
#include <string_view>

#include "core/time.hpp"

namespace tollgate {

/// The value of a Retry-After header (RFC 9110 section 10.2.3): delay seconds, or an HTTP date in its preferred form
/// ("Sun, 06 Nov 1994 08:49:37 GMT") as seen from `now`; a date gone by is no wait at all. Never more than a day, so that
/// a careless value cannot park a charge for ever. Nothing when it is neither.
[[nodiscard]] std::optional<Milliseconds> parse_retry_after(std::string_view value, WallTime now);

}  // namespace tollgate
