#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fraud/risk.hpp"
#include "fraud/rule.hpp"

namespace tollgate::fraud {

/// A rule with what all kinds have in common.
struct NamedRule {
    std::string kind;
    std::string name;                // unlike every other's
    bool shadow = false;             // judged and recorded, never acted on
    std::int64_t score = 0;          // added when it hits
    Verdict action = Verdict::pass;  // what it asks for when it hits
    std::shared_ptr<const Rule> rule;
};

/// What the store counted for a rule when the charge was begun.
struct Count {
    std::string rule;
    std::int64_t count = 0;

    friend bool operator==(const Count&, const Count&) = default;
};

/// The rules in their order (contract section 7). Judged in two phases, each in that order; the first block ends it. Shared by
/// all threads.
class Screen {
public:
    Screen() = default;
    /// Rules that are switched off are left out by the caller. A sum of `review_threshold` or more is flagged for review.
    Screen(std::vector<NamedRule> rules, std::int64_t review_threshold)
        : rules_(std::move(rules)), review_threshold_(review_threshold) {}

    /// Counts that travel with `begin`, so that screening costs no round trip; and what was counted, by the same rules.
    [[nodiscard]] std::vector<Velocity> counts(const Subject& subject) const;
    [[nodiscard]] std::vector<Count> counted(const Subject& subject, const std::vector<std::int64_t>& counts) const;

    /// To be counted once more when the card was tried and refused.
    [[nodiscard]] std::vector<Velocity> failure_counts(const Subject& subject) const;

    /// Whether any rule looks at what the gateway tells with its authorization.
    [[nodiscard]] bool judges_authorizations() const noexcept;

    /// The rules that need no word of the gateway.
    [[nodiscard]] Risk before(const Subject& subject, const std::vector<Count>& counted) const;

    /// Adds those that do; what an earlier authorization of the same charge led to is replaced.
    [[nodiscard]] Risk after(Risk risk, const Subject& subject, const Authorization& authorization) const;

private:
    void judge(Risk& risk, Phase phase, const Subject& subject, const std::vector<Count>& counted,
               const Authorization* authorization) const;
    void decide(Risk& risk) const;

    std::vector<NamedRule> rules_;
    std::int64_t review_threshold_ = 0;
};

/// Without any rule.
[[nodiscard]] const Screen& no_rules() noexcept;

}  // namespace tollgate::fraud
