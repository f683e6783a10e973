#include <set>

#include "support.hpp"

using namespace tollgate;
using namespace tollgate::test;

TEST_CASE("every kind of the contract is there with its own action") {
    const std::vector<std::pair<std::string, Verdict>> kinds = {{"blocklist", Verdict::block},
                                                                {"avs_cvv", Verdict::block},
                                                                {"velocity", Verdict::score},
                                                                {"country_mismatch", Verdict::challenge},
                                                                {"high_amount", Verdict::challenge}};
    CHECK(fraud::kinds().size() == kinds.size());
    for (const auto& [name, action] : kinds) {
        INFO(name);
        REQUIRE(fraud::kind_named(name) != nullptr);
        CHECK(fraud::kind_named(name)->action == action);
    }
    CHECK(fraud::kind_named("blocklists") == nullptr);
}

TEST_CASE("no kind or key is described twice, and none goes undocumented") {
    std::set<std::string> names;
    for (const fraud::Kind& kind : fraud::kinds()) {
        INFO(kind.name);
        CHECK(names.insert(kind.name).second);
        CHECK_FALSE(kind.doc.empty());
        std::set<std::string> keys = {"kind", "name", "enabled", "shadow", "score", "action"};  // of every rule
        for (const fraud::Parameter& parameter : kind.parameters) {
            INFO(parameter.name);
            CHECK(keys.insert(parameter.name).second);
            CHECK_FALSE(parameter.doc.empty());
        }
    }
}
