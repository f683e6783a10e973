#include "core/duration.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace tollgate {
namespace {

constexpr std::array<std::pair<std::string_view, std::int64_t>, 5> units{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
constexpr std::int64_t duration_max_ms = 3650LL * 86'400'000;

}  // namespace

std::optional<Milliseconds> parse_duration(std::string_view text) {
    const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
    std::int64_t number = 0;
    if (std::from_chars(text.data(), text.data() + digits, number).ec != std::errc{}) return std::nullopt;
    for (auto [unit, in_ms] : units)
        if (text.substr(digits) == unit && number <= duration_max_ms / in_ms) return Milliseconds{number * in_ms};
    return std::nullopt;
}

std::string duration_text(Milliseconds duration) {
    auto count = duration.count();
    if (count == 0) return "0s";
    for (auto [unit, in_ms] : units)
        if (count % in_ms == 0 && (unit != "d" || count > in_ms)) return std::to_string(count / in_ms) + std::string(unit);
    return std::to_string(count) + "ms";
}

}  // namespace tollgate
