#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/time.hpp"

namespace tollgate::sandbox {

/// Where the connection is cut instead of an answer.
enum class Cut : std::uint8_t { none, before, after };  // before or after it acted

/// What the outside world does about one request.
struct Reaction {
    int status = 200;
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;  // beside Content-Type: application/json
    Milliseconds delay{0};                                     // before the answer, or the cut
    Cut cut = Cut::none;
};

/// `{"error":…,"message":…}`.
[[nodiscard]] Reaction refuse(int status, std::string_view error, std::string_view message);

}  // namespace tollgate::sandbox
