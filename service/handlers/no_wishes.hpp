#pragma once

#include <string_view>

#include "core/error.hpp"

namespace tollgate {

/// For what takes no members, as a retry or a replay: an empty body, or an empty object. `what` is named in the error.
[[nodiscard]] Result<void> check_no_wishes(std::string_view body, std::string_view what);

}  // namespace tollgate
