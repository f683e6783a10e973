#pragma once

#include <cstddef>
#include <string_view>

namespace tollgate {

/// Where the magnetic stripe's data (ISO/IEC 7813) ends whose card number ends at `at`: name, expiry, service code and what the
/// issuer put behind them, up to the end sentinel, which is not part of it, or as far as a track can be long. `at` when what
/// follows is no such data. It is read in every reading.
[[nodiscard]] std::size_t track_end(std::string_view text, std::size_t at) noexcept;

}  // namespace tollgate
