#pragma once

#include <memory>
#include <string_view>

#include "fraud/screen.hpp"

namespace tollgate::simulation {

/// A rule of each effect, told by what the gateway tells of the card and by the token.
class TokenRule final : public fraud::Rule {
public:
    [[nodiscard]] fraud::Finding judge(const fraud::Facts& facts) const override {
        return {facts.subject.payment_method == "tok_listed", "token"};
    }
};

class CheckRule final : public fraud::Rule {
public:
    [[nodiscard]] fraud::Phase phase() const noexcept override { return fraud::Phase::after; }
    [[nodiscard]] fraud::Finding judge(const fraud::Facts& facts) const override {
        return {facts.authorization->cvv_result == "mismatch", "cvv"};
    }
};

class CountryRule final : public fraud::Rule {
public:
    [[nodiscard]] fraud::Phase phase() const noexcept override { return fraud::Phase::after; }
    [[nodiscard]] fraud::Finding judge(const fraud::Facts& facts) const override {
        const std::string& country = facts.authorization->card_country;
        return {!country.empty() && country != facts.subject.customer.country, "country"};
    }
};

/// What every process of every seed screens with.
inline const fraud::Screen& screen() {
    using fraud::Verdict;
    static const fraud::Screen all(
        {{.kind = "list", .name = "list", .action = Verdict::block, .rule = std::make_shared<TokenRule>()},
         {.kind = "check", .name = "check", .action = Verdict::block, .rule = std::make_shared<CheckRule>()},
         {.kind = "country", .name = "country", .action = Verdict::challenge, .rule = std::make_shared<CountryRule>()}},
        50);
    return all;
}

}  // namespace tollgate::simulation
