#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/time.hpp"

namespace tollgate {

/// A whole number and a unit: "500ms", "30s", "1m", "24h", "35d"; at most ten years. Nothing for any other text.
[[nodiscard]] std::optional<Milliseconds> parse_duration(std::string_view text);

/// The shortest form that `parse_duration` reads back: "24h", "1m", "1500ms".
[[nodiscard]] std::string duration_text(Milliseconds duration);

}  // namespace tollgate
