#include <catch2/catch.hpp>

#include "config_support.hpp"

using namespace tollgate;

namespace {

std::expected<Settings, std::vector<ConfigProblem>> with_keys(const std::string& keys, Environment more = {}) {
    more["TOLLGATE_AUDIT_KEYS"] = keys;
    return load_settings(std::nullopt, more);
}

}  // namespace

TEST_CASE("the keys of the audit log come from wherever secrets do, and are shown masked") {
    Folder folder;
    const auto file = folder.write("key", "0123456789abcdef\n");
    const auto settings = with_keys("[\"env:AUDIT_KEY\", \"file:" + file + "\", \"\"]", {{"AUDIT_KEY", "fedcba9876543210"}});
    REQUIRE(settings);
    CHECK(settings->audit.keys == std::vector<std::string>{"fedcba9876543210", "0123456789abcdef", ""});
    CHECK(to_masked_toml(*settings).find("[audit]\nkeys = [\"********\", \"********\", \"\"]\n") != std::string::npos);
    CHECK(Settings{}.audit.keys.empty());
}

TEST_CASE("a key of the audit log that is short, and a missing one where one is to sign, are refused") {
    for (const std::string keys :
         {R"(["0123456789abcde"])", R"(["0123456789abcdef", "short"])", R"([""])", R"(["", "0123456789abcdef"])"}) {
        const auto settings = with_keys(keys);
        INFO(keys);
        REQUIRE_FALSE(settings);
        REQUIRE(settings.error().size() == 1);
        CHECK(settings.error()[0].key == "TOLLGATE_AUDIT_KEYS");
        CHECK(settings.error()[0].why.find("short") == std::string::npos);
    }
}
