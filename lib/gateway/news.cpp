#include "gateway/news.hpp"

#include <array>

namespace tollgate {

std::string_view name(GatewayNews::Kind kind) noexcept {
    constexpr std::array<std::string_view, 7> names{"authorized", "captured",         "voided", "refunded",
                                                    "disputed",   "action_completed", "failed"};
    return names[static_cast<std::size_t>(kind)];
}

}  // namespace tollgate
