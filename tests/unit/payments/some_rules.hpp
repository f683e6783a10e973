#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "fraud/screen.hpp"

namespace tollgate::test {

/// A rule that hits where it is told to.
class TestRule final : public fraud::Rule {
public:
    using Judge = std::function<bool(const fraud::Facts&)>;
    TestRule(fraud::Phase phase, Judge hits, std::optional<Velocity> velocity = {})
        : phase_(phase), hits_(std::move(hits)), velocity_(std::move(velocity)) {}

    [[nodiscard]] fraud::Phase phase() const noexcept override { return phase_; }
    [[nodiscard]] std::optional<Velocity> counts(const fraud::Subject&) const override { return velocity_; }
    [[nodiscard]] fraud::Finding judge(const fraud::Facts& facts) const override { return {hits_(facts), "as told"}; }

private:
    fraud::Phase phase_;
    Judge hits_;
    std::optional<Velocity> velocity_;
};

inline fraud::NamedRule named_rule(std::string name, fraud::Verdict action, std::shared_ptr<const fraud::Rule> rule,
                                   std::int64_t score = 0) {
    return {.kind = "test", .name = std::move(name), .score = score, .action = action, .rule = std::move(rule)};
}

inline fraud::NamedRule always(std::string name, fraud::Verdict action, fraud::Phase phase, std::int64_t score = 0) {
    auto rule = std::make_shared<TestRule>(phase, [](const fraud::Facts&) { return true; });
    return named_rule(std::move(name), action, std::move(rule), score);
}

/// One that always hits.
inline fraud::Screen one_rule(fraud::Verdict action, fraud::Phase phase) {
    return fraud::Screen({always("strict", action, phase)}, 50);
}

}  // namespace tollgate::test
