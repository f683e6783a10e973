#include "fraud/screen.hpp"

#include <algorithm>

namespace tollgate::fraud {

std::vector<Velocity> Screen::counts(const Subject& subject) const {
    std::vector<Velocity> asked;
    for (const NamedRule& one : rules_) {
        if (auto velocity = one.rule->counts(subject)) asked.push_back(std::move(*velocity));
    }
    return asked;
}

std::vector<Count> Screen::counted(const Subject& subject, const std::vector<std::int64_t>& counts) const {
    std::vector<Count> named;
    auto next = counts.begin();
    for (const NamedRule& one : rules_) {
        if (next == counts.end()) break;
        if (one.rule->counts(subject)) named.push_back({one.name, *next++});
    }
    return named;
}

std::vector<Velocity> Screen::failure_counts(const Subject& subject) const {
    std::vector<Velocity> asked = counts(subject);
    std::erase_if(asked, &Velocity::counts_begin);
    return asked;
}

bool Screen::judges_authorizations() const noexcept {
    return std::ranges::any_of(rules_, [](const NamedRule& one) { return one.rule->phase() == Phase::after; });
}

Risk Screen::before(const Subject& subject, const std::vector<Count>& counted) const {
    Risk risk;
    judge(risk, Phase::before, subject, counted, nullptr);
    return risk;
}

Risk Screen::after(Risk risk, const Subject& subject, const Authorization& authorization) const {
    for (const NamedRule& one : rules_) {
        if (one.rule->phase() == Phase::after)
            std::erase_if(risk.rules, [&](const auto& kept) { return kept.name == one.name; });
    }
    if (blocking_rule(risk) == nullptr) judge(risk, Phase::after, subject, {}, &authorization);
    return risk;
}

void Screen::judge(Risk& risk, Phase phase, const Subject& subject, const std::vector<Count>& counted,
                   const Authorization* authorization) const {
    for (const NamedRule& one : rules_) {
        if (one.rule->phase() != phase) continue;
        Facts facts{subject, authorization, {}};
        const auto count = std::ranges::find(counted, one.name, &Count::rule);
        if (count != counted.end()) facts.count = count->count;
        Finding finding = one.rule->judge(facts);
        risk.rules.push_back({.name = one.name,
                              .kind = one.kind,
                              .verdict = finding.hit ? one.action : Verdict::pass,
                              .score = finding.hit ? one.score : 0,
                              .shadow = one.shadow,
                              .detail = std::move(finding.detail)});
        if (finding.hit && one.action == Verdict::block && !one.shadow) break;
    }
    decide(risk);
}

void Screen::decide(Risk& risk) const {
    risk.score = 0;
    risk.decision = Decision::approve;
    for (const RuleVerdict& rule : risk.rules) {
        if (rule.shadow) continue;
        risk.score += rule.score;
        if (rule.verdict == Verdict::challenge) risk.decision = std::max(risk.decision, Decision::challenge);
        if (rule.verdict == Verdict::block) risk.decision = Decision::block;
    }
    if (!risk.rules.empty() && risk.score >= review_threshold_) risk.decision = std::max(risk.decision, Decision::review);
}

const Screen& no_rules() noexcept {
    static const Screen none;
    return none;
}

}  // namespace tollgate::fraud
