#include <toml++/toml.h>

#include <catch2/catch.hpp>
#include <sstream>

#include "config_support.hpp"

using namespace tollgate;

TEST_CASE("config/tollgate.toml is complete and holds the defaults") {
    // Regenerate it with `tollgate check-config --defaults > config/tollgate.toml`.
    const std::string path = TOLLGATE_SOURCE "/config/tollgate.toml";
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    CHECK(text.str() == default_config_file());
    auto from_file = load_settings(path, {});
    auto defaults = load_settings(std::nullopt, {});
    REQUIRE(from_file);
    REQUIRE(defaults);
    CHECK(*from_file == *defaults);
}

TEST_CASE("the examples in config/tollgate.toml are valid") {
    // Every commented-out assignment, and what continues it, is put into force.
    std::stringstream text(default_config_file());
    std::string example;
    std::string line;
    bool inside = false;
    while (std::getline(text, line)) {
        bool begins = line.starts_with("# keys = [") || line.starts_with("# sources = [") || line.starts_with("# rules = [");
        inside = begins || (inside && line.starts_with("# "));
        bool replaced = line == "keys = []" || line == "sources = []" || line == "rules = []";
        if (inside) example += line.substr(2) + "\n";
        if (!inside && !replaced && !line.starts_with("#")) example += line + "\n";
    }
    auto hash = example.find("hmac-sha256:…");
    REQUIRE(hash != std::string::npos);
    example.replace(hash, std::string("hmac-sha256:…").size(), some_hash);
    auto problems = problems_of(example, {{"WEBHOOK_SECRET", "whsec_x"}});
    INFO(all_of(problems));
    CHECK(problems.empty());
    CHECK(example.find("threshold") != std::string::npos);
}

TEST_CASE("printed settings read back as the same settings") {
    auto settings = load_settings(
        std::nullopt, {{"TOLLGATE_FRAUD_RULES",
                        "[{kind=\"velocity\",key=\"email\",max_count=2,window=\"90s\",shadow=true},"
                        "{kind=\"high_amount\",threshold={USD=5,KWD=7}},{kind=\"blocklist\",customers=[\"a\\\"b\",\"c\"]}]"},
                       {"TOLLGATE_RETRY_MULTIPLIER", "3"},
                       {"TOLLGATE_STORE_URL", "sqlite:odd \"name\\\".db"}});
    REQUIRE(settings);
    auto printed = to_masked_toml(*settings);
    INFO(printed);
    Folder folder;
    auto again = load_settings(folder.write("t.toml", printed), {});
    REQUIRE(again);
    again->webhook.sources = settings->webhook.sources;  // its secret is masked
    CHECK(*again == *settings);
}

TEST_CASE("a rule whose score is set to nothing is printed so") {
    const std::string rule = "kind = \"velocity\"\nkey = \"customer\"\nmax_count = 3\nwindow = \"1h\"\n";
    Folder folder;
    auto settings = load_settings(folder.write("a.toml", "[[fraud.rules]]\n" + rule + "score = 0\n"), {});
    REQUIRE(settings);
    auto again = load_settings(folder.write("b.toml", to_masked_toml(*settings)), {});
    REQUIRE(again);
    CHECK(again->fraud.rules.at(0).score == 0);
}

TEST_CASE("no secret is printed, whatever way it came in") {
    Folder folder;
    auto file = folder.write("key", "SECRET_gateway\n");
    auto path =
        folder.write("t.toml",
                     "[server]\nlisten = \"0.0.0.0:80\"\n"
                     "[store]\nurl = \"redis://user:SECRET_store@db:6379/0\"\n"
                     "[gateway]\nkind = \"stripe\"\napi_key = \"file:" +
                         file +
                         "\"\n"
                         "[notify]\nurl = \"https://shop.example/h?token=SECRET_query\"\nsecret = \"SECRETnotify\"\n"
                         "[page]\nurl = \"https://pager.example/p?k=SECRET_page\"\n"
                         "[[auth.keys]]\nid = \"shop\"\nhash = \"" +
                         some_hash +
                         "\"\nscopes = [\"charge\"]\n"
                         "[[webhook.sources]]\nname = \"s\"\nscheme = \"stripe\"\nsecrets = [\"env:HOOK\", \"SECRET_old\"]\n");
    auto settings = load_settings(path, {{"HOOK", "SECRET_new"}});
    REQUIRE(settings);
    CHECK(settings->gateway.api_key == "SECRET_gateway");
    auto printed = to_masked_toml(*settings);
    INFO(printed);
    CHECK(printed.find("SECRET") == std::string::npos);
    CHECK(printed.find("8453fb0b") == std::string::npos);
    CHECK(printed.find("b9e1ce50") == std::string::npos);
    CHECK(printed.find("redis://user:********@db:6379/0") != std::string::npos);
    CHECK(printed.find("api_key = \"********\"") != std::string::npos);
    CHECK(printed.find("secrets = [\"********\", \"********\"]") != std::string::npos);

    wipe_secrets(*settings);
    CHECK(to_masked_toml(*settings) == printed);
    CHECK(settings->gateway.api_key == "********");
    CHECK(settings->store.url == "redis://user:********@db:6379/0");
    CHECK(settings->notify.secret == "********");
    CHECK(settings->auth.keys.front().hash == "********");
    CHECK(settings->webhook.sources.front().secrets == std::vector<std::string>(2, "********"));
}

TEST_CASE("no secret is quoted in a problem") {
    auto problems = problems_of(
        "[server]\nlisten = \"env:KEY\"\ntls_certificate = \"env:KEY\"\n[store]\nurl = "
        "\"redis://user:SECRET@db:port/0\"\ntimeout = \"SECRET\"\n"
        "[gateway]\nkind = \"SECRET\"\napi_key = \"SECRET key\"\nurl = \"https://u:SECRET@h\"\n"
        "[[auth.keys]]\nid = \"SECRET id\"\nhash = \"SECRET\"\nscopes = [\"SECRET\"]\n"
        "[[webhook.sources]]\nname = \"a\"\nscheme = \"adyen\"\nsecrets = [\"SECRET\"]\n",
        {{"KEY", "SECRET"}, {"TOLLGATE_NOTIFY_SECRET", "SECRET two"}, {"TOLLGATE_AUTH_KEYS", "[{id=SECRET}]"}});
    INFO(all_of(problems));
    CHECK(problems.size() >= 10);
    for (const auto& problem : problems) CHECK(problem.why.find("SECRET") == std::string::npos);
}
