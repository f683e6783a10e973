#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tollgate::fraud {

/// What a rule says of a charge: that it does not hit, or what it asks for.
enum class Verdict : std::uint8_t { pass, score, challenge, block };

/// What becomes of the charge, the strictest last: review goes on like approve, flagged; a challenge asks the gateway to
/// authenticate the customer (3-D Secure).
enum class Decision : std::uint8_t { approve, review, challenge, block };

[[nodiscard]] std::string_view name(Verdict verdict) noexcept;
[[nodiscard]] std::string_view name(Decision decision) noexcept;
[[nodiscard]] std::optional<Verdict> verdict_from(std::string_view name) noexcept;

/// Kept on the charge for every rule that was judged.
struct RuleVerdict {
    std::string name;
    std::string kind;
    Verdict verdict = Verdict::pass;
    std::int64_t score = 0;  // what it adds, or would add
    bool shadow = false;     // recorded, never acted on
    std::string detail;      // why, in a sentence; no personal data

    friend bool operator==(const RuleVerdict&, const RuleVerdict&) = default;
};

struct Risk {
    Decision decision = Decision::approve;
    std::int64_t score = 0;  // the sum of what the rules add, shadows left out
    std::vector<RuleVerdict> rules;

    friend bool operator==(const Risk&, const Risk&) = default;
};

/// The rule whose block ended the evaluation; none without one.
[[nodiscard]] const RuleVerdict* blocking_rule(const Risk& risk) noexcept;

}  // namespace tollgate::fraud
