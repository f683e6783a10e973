#include "fraud/kind.hpp"
#include "fraud/rule.hpp"

namespace tollgate::fraud {
namespace {

class HighAmount final : public Rule {
public:
    explicit HighAmount(Amounts thresholds) : thresholds_(std::move(thresholds)) {}

    [[nodiscard]] Finding judge(const Facts& facts) const override {
        const std::string currency(facts.subject.amount.currency.code());
        const auto threshold = thresholds_.find(currency);
        if (threshold == thresholds_.end()) return {false, "there is no threshold for " + currency};
        if (facts.subject.amount.minor < threshold->second) return {false, "the amount is below the threshold for " + currency};
        return {true, "the amount is at or above the threshold for " + currency};
    }

private:
    const Amounts thresholds_;
};

}  // namespace

Kind high_amount() {
    return {.name = "high_amount",
            .action = Verdict::challenge,
            .doc = "Hits at or above the threshold of the charge's currency.",
            .example = "threshold = {USD = 200000, JPY = 300000}",
            .parameters = {{.name = "threshold",
                            .initial = Amounts(),
                            .needed = true,
                            .doc = "Minor units by currency; one that is not named passes."}},
            .make = [](const std::string&, const Values& values) {
                return std::make_shared<HighAmount>(get<Amounts>(values, "threshold"));
            }};
}

}  // namespace tollgate::fraud
