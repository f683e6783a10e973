#pragma once

#include <string_view>

namespace tollgate {

/// Whether the text is an officially assigned ISO 3166-1 alpha-2 code, in upper case ("US"). Reserved and user-assigned codes
/// (UK, EU, XK) are none.
[[nodiscard]] bool is_country(std::string_view code) noexcept;

}  // namespace tollgate
