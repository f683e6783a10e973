#include "fraud/kind.hpp"
#include "fraud/rule.hpp"

namespace tollgate::fraud {
namespace {

std::string told(std::string_view result) {
    if (result == "match") return "matches";
    if (result == "mismatch") return "does not match";
    return result.empty() ? "was not told" : "is unavailable";
}

class AvsCvv final : public Rule {
public:
    /// The issuer checks both when it authorizes.
    [[nodiscard]] Phase phase() const noexcept override { return Phase::after; }

    [[nodiscard]] Finding judge(const Facts& facts) const override {
        if (facts.authorization == nullptr) return {false, "the gateway was not asked"};
        const std::string& address = facts.authorization->avs_result;
        const std::string& code = facts.authorization->cvv_result;
        return {address == "mismatch" || code == "mismatch",
                "the address " + told(address) + ", the security code " + told(code)};
    }
};

}  // namespace

Kind avs_cvv() {
    return {
        .name = "avs_cvv",
        .action = Verdict::block,
        .doc = "Hits when the issuer says that the address or the security code does not match; what was not checked passes.",
        .example = "",
        .parameters = {},
        .make = [](const std::string&, const Values&) { return std::make_shared<AvsCvv>(); }};
}

}  // namespace tollgate::fraud
