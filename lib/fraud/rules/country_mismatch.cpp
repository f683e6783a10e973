#include "fraud/kind.hpp"
#include "fraud/rule.hpp"

namespace tollgate::fraud {
namespace {

class CountryMismatch final : public Rule {
public:
    /// The card's country comes with the authorization.
    [[nodiscard]] Phase phase() const noexcept override { return Phase::after; }

    [[nodiscard]] Finding judge(const Facts& facts) const override {
        if (facts.authorization == nullptr || facts.authorization->card_country.empty())
            return {false, "the card's country was not told"};
        if (facts.authorization->card_country == facts.subject.customer.country)
            return {false, "card and customer are from the same country"};
        return {true, "card and customer are from different countries"};
    }
};

}  // namespace

Kind country_mismatch() {
    return {.name = "country_mismatch",
            .action = Verdict::challenge,
            .doc = "Hits when the card, as the gateway tells, is from another country than the customer.",
            .example = "",
            .parameters = {},
            .make = [](const std::string&, const Values&) { return std::make_shared<CountryMismatch>(); }};
}

}  // namespace tollgate::fraud
