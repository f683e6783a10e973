#pragma once

#include <optional>
#include <string_view>

#include "core/time.hpp"

namespace tollgate {

/// An RFC 3339 timestamp with any offset, cut to the millisecond; nothing for anything else.
[[nodiscard]] std::optional<WallTime> parse_rfc3339(std::string_view text);

}  // namespace tollgate
