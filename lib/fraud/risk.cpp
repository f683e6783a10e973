#include "fraud/risk.hpp"

#include <algorithm>
#include <array>

namespace tollgate::fraud {

namespace {
constexpr std::array<std::string_view, 4> verdicts{"pass", "score", "challenge", "block"};
}

std::string_view name(Verdict verdict) noexcept {
    return verdicts[static_cast<std::size_t>(verdict)];
}

std::optional<Verdict> verdict_from(std::string_view name) noexcept {
    const auto found = std::ranges::find(verdicts, name);
    if (found == verdicts.end()) return std::nullopt;
    return static_cast<Verdict>(found - verdicts.begin());
}

std::string_view name(Decision decision) noexcept {
    static constexpr std::array<std::string_view, 4> names{"approve", "review", "challenge", "block"};
    return names[static_cast<std::size_t>(decision)];
}

const RuleVerdict* blocking_rule(const Risk& risk) noexcept {
    const auto blocks = [](const RuleVerdict& rule) { return rule.verdict == Verdict::block && !rule.shadow; };
    const auto found = std::ranges::find_if(risk.rules, blocks);
    return found == risk.rules.end() ? nullptr : &*found;
}

}  // namespace tollgate::fraud
