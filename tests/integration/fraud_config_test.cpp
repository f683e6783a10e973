// Fraud rules as the operator writes them: what is wrong is told with its place before the service does anything.
#include <catch2/catch.hpp>
#include <fstream>

#include "integration/screening.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

/// What a command of the program says to a configuration, and its exit code.
struct Told {
    int exit_code;
    std::string said;
};

Told told(std::vector<std::string> arguments, const std::string& toml, const Folder& folder) {
    const std::string path = folder.path() + "/tollgate.toml";
    std::ofstream(path) << toml;
    arguments.insert(arguments.end(), {"--config", path});
    Program program({.arguments = std::move(arguments), .folder = folder.path()});
    const int exit_code = program.wait();
    return {exit_code, program.said()};
}

std::string one_rule(const std::string& rule) {
    return "[fraud]\nreview_threshold = 50\nrules = [\n  {" + rule + "},\n]\n";
}

}  // namespace

TEST_CASE("what is wrong with a fraud rule is told by file, line and key, and neither checked as valid nor served") {
    const std::vector<std::pair<std::string, std::string>> all{
        {"name = \"nameless\"", "kind"},
        {R"(kind = "blocklst", emails = ["eve@example.com"])", "kind"},
        {R"(kind = "blocklist")", "rules[0]"},
        {R"(kind = "blocklist", emails = [])", "rules[0]"},
        {R"(kind = "blocklist", email = ["eve@example.com"])", "email"},
        {R"(kind = "blocklist", emails = "eve@example.com")", "emails"},
        {R"(kind = "blocklist", countries = ["Korea"])", "countries"},
        {R"(kind = "blocklist", file = "/nowhere/blocked.txt")", "file"},
        {R"(kind = "blocklist", emails = ["eve@example.com"], action = "refuse")", "action"},
        {R"(kind = "blocklist", emails = ["eve@example.com"], shadow = "yes")", "shadow"},
        {R"(kind = "blocklist", emails = ["eve@example.com"], enabled = 1)", "enabled"},
        {R"(kind = "blocklist", emails = ["eve@example.com"], score = "many")", "score"},
        {R"(kind = "blocklist", emails = ["eve@example.com"], score = 1.5)", "score"},
        {R"(kind = "avs_cvv", window = "1h")", "window"},
        {R"(kind = "velocity", max_count = 3, window = "1h")", "key"},
        {R"(kind = "velocity", key = "card", max_count = 3, window = "1h")", "key"},
        {R"(kind = "velocity", key = "email", window = "1h")", "max_count"},
        {R"(kind = "velocity", key = "email", max_count = -1, window = "1h")", "max_count"},
        {R"(kind = "velocity", key = "email", max_count = 3)", "window"},
        {R"(kind = "velocity", key = "email", max_count = 3, window = "soon")", "window"},
        {R"(kind = "velocity", key = "email", max_count = 3, window = "0s")", "window"},
        {R"(kind = "high_amount")", "threshold"},
        {R"(kind = "high_amount", threshold = 200000)", "threshold"},
        {R"(kind = "high_amount", threshold = {})", "threshold"},
        {R"(kind = "high_amount", threshold = {XXQ = 1})", "threshold"},
        {R"(kind = "high_amount", threshold = {usd = 1})", "threshold"},
        {R"(kind = "high_amount", threshold = {USD = -1})", "threshold"},
        {R"(kind = "high_amount", threshold = {USD = "1000"})", "threshold"},
    };
    const Folder folder;
    const std::string path = folder.path() + "/tollgate.toml";
    for (const auto& [rule, key] : all) {
        INFO(rule);
        const Told checked = told({"check-config"}, one_rule(rule), folder);
        INFO(checked.said);
        CHECK(checked.exit_code == 2);
        CHECK(count_of(checked.said, path + ":4") >= 1);
        CHECK(count_of(checked.said, "fraud.rules[0]") >= 1);
        CHECK(count_of(checked.said, key) >= 1);
    }
    const Told served = told({"serve"}, one_rule(all[1].first), folder);
    CHECK(served.exit_code == 2);
    CHECK(count_of(served.said, path + ":4") == 1);
}

TEST_CASE("two rules of one name and several bad rules are all told at once") {
    const Folder folder;
    const Told same =
        told({"check-config"}, "[fraud]\nrules = [\n  {kind = \"avs_cvv\"},\n  {kind = \"avs_cvv\"},\n]\n", folder);
    INFO(same.said);
    CHECK(same.exit_code == 2);
    CHECK(count_of(same.said, "avs_cvv") >= 1);
    const Told many = told({"check-config"},
                           "[fraud]\nreview_threshold = -1\nrules = [\n  {kind = \"a\"},\n  {kind = \"country_mismatch\"},\n"
                           "  {kind = \"high_amount\"},\n]\n",
                           folder);
    INFO(many.said);
    CHECK(many.exit_code == 2);
    for (const std::string place : {":2", "review_threshold", ":4", "rules[0]", ":6", "rules[2]"})
        CHECK(count_of(many.said, place) >= 1);
    CHECK(count_of(many.said, "rules[1]") == 0);
}

TEST_CASE("rules from a file judge charges, and check-config prints what is in force so that it can be read again") {
    const Folder folder;
    const std::string rules =
        one_rule(R"(kind = "velocity", name = "many", key = "email", max_count = 1, window = "90m", )"
                 R"(score = 49, failures_only = false}, {kind = "high_amount", threshold = {JPY = 7, USD = 4999}, )"
                 R"(action = "score", score = 1}, {kind = "blocklist", emails = ["eve@example.com"], enabled = false)");
    const Told printed = told({"check-config"}, rules, folder);
    REQUIRE(printed.exit_code == 0);
    const Told once_more = told({"check-config"}, printed.said, folder);
    CHECK(once_more.exit_code == 0);
    CHECK(once_more.said == printed.said);

    EventStage stage(false);
    Program service({.arguments = {"serve", "--config", folder.path() + "/tollgate.toml"}, .variables = stage.settings});
    REQUIRE(service.listening());
    CHECK(judged(must(charge(service.port(), "key-1", from_eve))) == "approve 1: many pass, high_amount score 1");
    CHECK(judged(must(charge(service.port(), "key-2", again(from_eve, 2)))) == "review 50: many score 49, high_amount score 1");
}
