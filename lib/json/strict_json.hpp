#pragma once

#include <boost/json/value.hpp>
#include <string_view>

#include "core/error.hpp"

namespace tollgate {

/// Nesting deeper than this is refused (contract: `invalid_json`).
inline constexpr std::size_t json_depth_max = 32;

/// Parses one JSON text (RFC 8259) that means the same to every reader: valid UTF-8, no duplicate member names (RFC 7493
/// section 2.3), at most 32 levels deep, nothing after it. Fails with `invalid_json`, naming the place, never the content.
/// The value lies in `memory`.
[[nodiscard]] Result<boost::json::value> parse_strict_json(std::string_view text, boost::json::storage_ptr memory = {});

/// A text that is equal for values that are equal as JSON: white space and the order of members do not matter.
[[nodiscard]] std::string canonical_json(const boost::json::value& value);

}  // namespace tollgate
