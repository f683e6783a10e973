#include <catch2/catch.hpp>

#include "config_support.hpp"

using namespace tollgate;

namespace {

FraudRule rule_in(const std::string& keys) {
    Folder folder;
    const auto settings = load_settings(folder.write("t.toml", "[[fraud.rules]]\n" + keys), {});
    INFO(keys);
    REQUIRE(settings);
    return settings->fraud.rules.at(0);
}

/// The keys of a rule, the first of which is in line 2.
Problems problems_in(const std::string& keys) {
    return problems_of("[[fraud.rules]]\n" + keys);
}

const std::string velocity = "kind = \"velocity\"\nkey = \"customer\"\nmax_count = 3\nwindow = \"1h\"\n";

}  // namespace

TEST_CASE("a fraud rule takes its kind's name and action, and the values of keys that are left out") {
    const auto rule = rule_in(velocity);
    CHECK(rule.name == "velocity");
    CHECK(rule.action == "score");
    CHECK(rule.enabled);
    CHECK_FALSE(rule.shadow);
    const fraud::Values values = {
        {"key", "customer"}, {"max_count", std::int64_t{3}}, {"window", Milliseconds{3'600'000}}, {"failures_only", false}};
    CHECK(rule.values == values);
    CHECK(rule_in("kind = \"avs_cvv\"").action == "block");
    CHECK(rule_in("kind = \"country_mismatch\"").action == "challenge");
    CHECK(rule_in("kind = \"blocklist\"\nemails = [\"eve@example.com\"]").action == "block");
    CHECK(rule_in("kind = \"high_amount\"\nthreshold = {USD = 200000}").action == "challenge");
    CHECK(rule_in("kind = \"avs_cvv\"\naction = \"challenge\"").action == "challenge");
}

TEST_CASE("a rule that scores adds 50 unless it says otherwise, another adds nothing") {
    CHECK(rule_in(velocity).score == 50);
    CHECK(rule_in(velocity + "score = 0").score == 0);
    CHECK(rule_in(velocity + "action = \"block\"").score == 0);
    CHECK(rule_in("kind = \"avs_cvv\"\naction = \"score\"").score == 50);
}

TEST_CASE("a fraud rule of no known kind is told the nearest, and its other keys are left in peace") {
    const auto problems = problems_in("kind = \"velocty\"\nwindow = 3\nemails = []\n");
    INFO(all_of(problems));
    CHECK(problems.size() == 1);
    CHECK(tells(problems, 2, "fraud.rules[0].kind", "did you mean \"velocity\"?"));
    CHECK(tells(problems_in("name = \"a\"\n"), 1, "fraud.rules[0]", "lacks `kind`"));
}

TEST_CASE("a misspelt key of a fraud rule is told the nearest of its own kind's and of any") {
    CHECK(
        tells(problems_in(velocity + "failure_only = true"), 6, "fraud.rules[0].failure_only", "did you mean failures_only?"));
    CHECK(tells(problems_in("kind = \"avs_cvv\"\nshadwo = true"), 3, "fraud.rules[0].shadwo", "did you mean shadow?"));
    CHECK(tells(problems_in("kind = \"avs_cvv\"\ncolour = 1"), 3, "fraud.rules[0].colour", "is not a known key"));
}

TEST_CASE("a key of another kind is told whose it is") {
    const auto problems = problems_in("kind = \"avs_cvv\"\nwindow = \"1h\"\nthreshold = 3\nfile = \"x\"\n");
    INFO(all_of(problems));
    CHECK(problems.size() == 3);
    CHECK(tells(problems, 3, "fraud.rules[0].window", "belongs to kind \"velocity\", not to \"avs_cvv\""));
    CHECK(tells(problems, 4, "fraud.rules[0].threshold", "belongs to kind \"high_amount\""));
    CHECK(tells(problems, 5, "fraud.rules[0].file", "belongs to kind \"blocklist\""));
}

TEST_CASE("what a kind cannot do without is named") {
    const auto problems = problems_in("kind = \"velocity\"\n");
    for (const std::string key : {"key", "max_count", "window"})
        CHECK(tells(problems, 1, "fraud.rules[0]", "lacks `" + key + "`"));
    CHECK(tells(problems_in("kind = \"high_amount\"\n"), 1, "fraud.rules[0]", "lacks `threshold`"));
}

TEST_CASE("a bad value of a fraud rule is refused at its line with the mend") {
    const auto problem = [](const std::string& rule, const std::string& line, const std::string& key, const std::string& why) {
        const auto problems = problems_in(rule + line);
        INFO(rule + line + "\n" + all_of(problems));
        const auto at = static_cast<unsigned>(std::ranges::count(rule, '\n')) + 2;
        CHECK(tells(problems, at, "fraud.rules[0]." + key, why));
        CHECK(problems.size() == 1);
    };
    const std::string window = "kind = \"velocity\"\nkey = \"customer\"\nmax_count = 3\n";
    problem(window, "window = \"1 hour\"", "window", "is not a duration");
    problem(window, "window = 3600", "window", "must be a string in quotes");
    problem(window, "window = \"999ms\"", "window", "must be 1s or longer");
    const std::string max_count = "kind = \"velocity\"\nkey = \"customer\"\nwindow = \"1h\"\n";
    problem(max_count, "max_count = 0", "max_count", "must be from 1 to 1000000");
    problem(max_count, "max_count = 1000001", "max_count", "must be from 1 to 1000000");
    problem(max_count, "max_count = 1.5", "max_count", "must be a whole number");
    const std::string key = "kind = \"velocity\"\nmax_count = 3\nwindow = \"1h\"\n";
    problem(key, "key = \"costumer\"", "key", "did you mean \"customer\"?");
    problem(key, "key = [\"customer\"]", "key", "must be a string in quotes");
    problem(velocity, "failures_only = \"yes\"", "failures_only", "must be true or false");
    const std::string blocklist = "kind = \"blocklist\"\n";
    problem(blocklist, "emails = \"eve@example.com\"", "emails", "must be an array of strings");
    problem(blocklist, "emails = [\"\"]", "emails", "must not hold an empty text");
    problem(blocklist, "countries = [\"Iran\"]", "countries", "two-letter codes");
    problem(blocklist, "countries = [\"us\"]", "countries", "upper case");
    const std::string high_amount = "kind = \"high_amount\"\n";
    problem(high_amount, "threshold = 200000", "threshold", "must be a table of amounts");
    problem(high_amount, "threshold = {}", "threshold", "at least one amount");
    problem(high_amount, "threshold = {USX = 1}", "threshold", "USX");
    problem(high_amount, "threshold = {USD = 0}", "threshold", "outside 1 to 999999999999");
    problem(high_amount, "threshold = {USD = \"5\"}", "threshold.USD", "must be a whole number");
    const std::string any = "kind = \"avs_cvv\"\n";
    problem(any, "action = \"review\"", "action", "must be one of \"block\", \"challenge\", \"score\"");
    problem(any, "score = -1", "score", "must be from 0 to 1000000");
    problem(any, "name = \"a b\"", "name", "1 to 64 letters");
    problem(any, "enabled = 1", "enabled", "must be true or false");
}

TEST_CASE("a blocklist that blocks nobody is refused") {
    for (const std::string keys : {"", "emails = []\n", "emails = []\nfile = \"\"\n", "shadow = true\n"})
        CHECK(tells(problems_in("kind = \"blocklist\"\n" + keys), 1, "fraud.rules[0]", "blocks nobody"));
}

TEST_CASE("a blocklist's file must be a list that can be read, and may be empty") {
    Folder folder;
    const auto problem = [](const std::string& path, const std::string& why) {
        const auto problems = problems_in("kind = \"blocklist\"\nfile = \"" + path + "\"\n");
        INFO(all_of(problems));
        CHECK(problems.size() == 1);
        CHECK(tells(problems, 3, "fraud.rules[0].file", why));
    };
    problem(folder.at("missing"), "names a file that cannot be read: No such file or directory");
    problem(folder.at(""), "names a file that is a folder");
    problem(folder.write("long", "a\n" + std::string(1025, 'x')),
            "names a file that holds a line of more than 1024 bytes: line 2");
    const auto rule = rule_in("kind = \"blocklist\"\nfile = \"" + folder.write("empty", "# none yet\n") + "\"\n");
    CHECK(std::get<std::string>(rule.values.at("file")) == folder.at("empty"));
}

TEST_CASE("names of fraud rules are unique, and a rule without one is told to take one") {
    const auto unnamed = problems_of("[[fraud.rules]]\nkind = \"avs_cvv\"\n[[fraud.rules]]\nkind = \"avs_cvv\"\n");
    INFO(all_of(unnamed));
    CHECK(unnamed.size() == 1);
    CHECK(tells(unnamed, 3, "fraud.rules[1]", "is called `avs_cvv` like another"));
    const auto named =
        problems_of("[[fraud.rules]]\nkind = \"avs_cvv\"\n[[fraud.rules]]\nkind = \"country_mismatch\"\nname = \"avs_cvv\"\n");
    CHECK(tells(named, 5, "fraud.rules[1].name", "is a second `avs_cvv`"));
    CHECK(problems_of("[[fraud.rules]]\nkind = \"avs_cvv\"\n[[fraud.rules]]\nkind = \"avs_cvv\"\nname = \"other\"\n").empty());
}

TEST_CASE("fraud rules come by the environment as well, and their problems are found there") {
    const auto settings =
        load_settings(std::nullopt, {{"TOLLGATE_FRAUD_RULES", "[{kind=\"blocklist\", emails=[\"eve@example.com\"]}]"}});
    REQUIRE(settings);
    CHECK(std::get<std::vector<std::string>>(settings->fraud.rules.at(0).values.at("emails")) ==
          std::vector<std::string>{"eve@example.com"});
    const auto refused = load_settings(
        std::nullopt, {{"TOLLGATE_FRAUD_RULES", "[{kind=\"velocity\",key=\"customer\",max_count=1,window=\"0s\"}]"}});
    REQUIRE_FALSE(refused);
    CHECK(tells(refused.error(), 0, "TOLLGATE_FRAUD_RULES[0].window", "must be 1s or longer"));
}

TEST_CASE("every kind of fraud rule prints as a file that is read back the same") {
    const std::string every =
        "[[fraud.rules]]\nkind = \"blocklist\"\nemails = [\"eve@example.com\", \"a\\\"b\"]\ncountries = [\"KP\"]\n"
        "[[fraud.rules]]\nkind = \"avs_cvv\"\nenabled = false\n"
        "[[fraud.rules]]\n" +
        velocity +
        "failures_only = true\nname = \"testing\"\naction = \"block\"\n"
        "[[fraud.rules]]\nkind = \"country_mismatch\"\nshadow = true\nscore = 7\n"
        "[[fraud.rules]]\nkind = \"high_amount\"\nthreshold = {USD = 5, KWD = 7}\n";
    Folder folder;
    const auto settings = load_settings(folder.write("a.toml", every), {});
    REQUIRE(settings);
    const auto printed = to_masked_toml(*settings);
    INFO(printed);
    const auto again = load_settings(folder.write("b.toml", printed), {});
    REQUIRE(again);
    CHECK(again->fraud == settings->fraud);
    CHECK(printed.find("{kind = \"high_amount\", name = \"high_amount\", score = 0, action = \"challenge\", threshold = {KWD = "
                       "7, USD = 5}}") != std::string::npos);
}
