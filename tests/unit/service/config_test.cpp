#include <catch2/catch.hpp>

#include "config_support.hpp"

using namespace tollgate;

TEST_CASE("with no file and no environment the documented defaults hold") {
    auto settings = load_settings(std::nullopt, {});
    REQUIRE(settings);
    CHECK(settings->server.listen == "127.0.0.1:8080");
    CHECK(settings->store.url == "sqlite:tollgate.db");
    CHECK(settings->gateway.kind == "sandbox");
    CHECK(settings->idempotency.ttl == std::chrono::hours{24});
    CHECK(settings->webhook.retention == std::chrono::days{35});
    CHECK(settings->auth.keys.empty());
}

TEST_CASE("the environment goes over the file") {
    Folder folder;
    auto path = folder.write("t.toml", "[rate_limit]\nburst = 5\nper = \"2m\"\n[store]\nurl = \"sqlite:a.db\"\n");
    auto settings = load_settings(path, {{"TOLLGATE_RATE_LIMIT_BURST", "7"},
                                         {"TOLLGATE_STORE_URL", "sqlite:b.db"},
                                         {"TOLLGATE_SERVER_CHARGE_TIMEOUT", "250ms"},
                                         {"TOLLGATE_RETRY_MULTIPLIER", "1.5"},
                                         {"PATH", "/bin"}});
    REQUIRE(settings);
    CHECK(settings->rate_limit.burst == 7);
    CHECK(settings->rate_limit.per == std::chrono::minutes{2});
    CHECK(settings->store.url == "sqlite:b.db");
    CHECK(settings->server.charge_timeout == Milliseconds{250});
    CHECK(settings->retry.multiplier == 1.5);
}

TEST_CASE("arrays of tables can be given by the environment as they stand in TOML") {
    auto settings = load_settings(
        std::nullopt, {{"TOLLGATE_AUTH_KEYS", "[{id=\"shop\",hash=\"" + some_hash + "\",scopes=[\"charge\",\"admin\"]}]"},
                       {"TOLLGATE_SERVER_LISTEN", "0.0.0.0:9000"}});
    REQUIRE(settings);
    REQUIRE(settings->auth.keys.size() == 1);
    CHECK(settings->auth.keys[0] == AuthKey{"shop", some_hash, {"charge", "admin"}});
}

TEST_CASE("a value that is env:NAME or file:PATH is followed, without its last line break") {
    Folder folder;
    auto secret = folder.write("secret", "sk_from_file\r\n");
    auto path = folder.write("t.toml",
                             "[gateway]\napi_key = \"file:" + secret +
                                 "\"\n[notify]\nsecret = \"env:TOLLGATE_NOTIFY_TOKEN\"\nurl = \"https://shop.example/h\"\n"
                                 "[[webhook.sources]]\nname = \"a\"\nscheme = \"stripe\"\nsecrets = [\"env:OLD\", \"new\"]\n");
    auto settings = load_settings(path, {{"TOLLGATE_NOTIFY_TOKEN", "whsec_bmV3\n"}, {"OLD", "old"}});
    REQUIRE(settings);
    CHECK(settings->gateway.api_key == "sk_from_file");
    CHECK(settings->notify.secret == "whsec_bmV3");
    CHECK(settings->webhook.sources[0].secrets == std::vector<std::string>{"old", "new"});

    auto by_variable = load_settings(std::nullopt, {{"TOLLGATE_GATEWAY_API_KEY", "file:" + secret}});
    REQUIRE(by_variable);
    CHECK(by_variable->gateway.api_key == "sk_from_file");
}

TEST_CASE("a missing variable or file behind a value is named") {
    auto problems = problems_of("[gateway]\napi_key = \"env:NO_SUCH_VARIABLE\"\n[notify]\nsecret = \"file:/no/such/file\"\n");
    INFO(all_of(problems));
    CHECK(problems.size() == 2);
    CHECK(tells(problems, 2, "gateway.api_key", "NO_SUCH_VARIABLE"));
    CHECK(tells(problems, 4, "notify.secret", "/no/such/file"));
}

TEST_CASE("every problem of a file and the environment is found in one run, each with its place") {
    auto problems = problems_of(
        "[server]\n"
        "listn = \"127.0.0.1:1\"\n"
        "max_body = \"big\"\n"
        "threads = -1\n"
        "header_timeout = 10\n"
        "[sever]\n"
        "[saga]\n"
        "ttl = \"1h\"\n"
        "[log]\n"
        "format = \"jsn\"\n"
        "[retry]\n"
        "base_delay = \"1m\"\n",
        {{"TOLLGATE_STORE_ULR", "x"}, {"TOLLGATE_SERVER_DRAIN_TIMEOUT", "soon"}, {"TOLLGATE_RATE_LIMIT_BURST", "many"}});
    INFO(all_of(problems));
    CHECK(tells(problems, 2, "server.listn", "did you mean listen?"));
    CHECK(tells(problems, 3, "server.max_body", "whole number"));
    CHECK(tells(problems, 4, "server.threads", "from 0 to 1024"));
    CHECK(tells(problems, 5, "server.header_timeout", "string"));
    CHECK(tells(problems, 6, "sever", "did you mean server?"));
    CHECK(tells(problems, 8, "saga.ttl", "belongs to [idempotency]"));
    CHECK(tells(problems, 10, "log.format", "did you mean \"json\"?"));
    CHECK(tells(problems, 12, "retry.base_delay", "retry.max_delay"));
    CHECK(tells(problems, 0, "TOLLGATE_STORE_ULR", "did you mean TOLLGATE_STORE_URL?"));
    CHECK(tells(problems, 0, "TOLLGATE_SERVER_DRAIN_TIMEOUT", "duration"));
    CHECK(tells(problems, 0, "TOLLGATE_RATE_LIMIT_BURST", "TOML"));
    CHECK(problems.size() == 11);
    for (const auto& problem : problems) CHECK_FALSE(problem.file.empty());
}

TEST_CASE("a file that is no TOML is told with its line, and its text is not quoted") {
    auto problems = problems_of("[gateway]\napi_key = sk_live_secret\n");
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].line == 2);
    CHECK(all_of(problems).find("sk_live") == std::string::npos);
    CHECK(all_of(problems_of("[gateway]\napi_key = 123456789012345678901234567890\n")).find("12345678901") ==
          std::string::npos);
}

TEST_CASE("a missing configuration file is told") {
    auto settings = load_settings("/no/such/tollgate.toml", {});
    REQUIRE_FALSE(settings);
    CHECK(to_string(settings.error()[0]).find("/no/such/tollgate.toml: the configuration file cannot be read") == 0);
}

TEST_CASE("without API keys only loopback may be listened on") {
    CHECK(tells(problems_of("[server]\nlisten = \"0.0.0.0:8080\"\n"), 2, "server.listen", "API keys"));
    CHECK(tells(problems_of("", {{"TOLLGATE_SERVER_LISTEN", "[::]:80"}}), 0, "TOLLGATE_SERVER_LISTEN", "API keys"));
    CHECK(problems_of("[server]\nlisten = \"[::1]:0\"\n").empty());
    CHECK(problems_of("[server]\nlisten = \"0.0.0.0:8080\"\n[[auth.keys]]\nid = \"a\"\nhash = \"" + some_hash +
                      "\"\nscopes = [\"charge\"]\n")
              .empty());
}

TEST_CASE("nobody is called as the service or the gateway is in what is written down") {
    const std::string key = "\nhash = \"" + some_hash + "\"\nscopes = [\"admin\"]\n";
    for (const std::string taken : {"gateway", "tollgate"})
        CHECK(tells(problems_of("[[auth.keys]]\nid = \"" + taken + "\"" + key), 2, "auth.keys[0].id", "choose another"));
    CHECK(problems_of("[[auth.keys]]\nid = \"gateway-team\"" + key).empty());
    const std::string secrets = "scheme = \"stripe\"\nsecrets = [\"whsec_1\"]\n";
    CHECK(tells(problems_of("[[webhook.sources]]\nname = \"reconciliation\"\n" + secrets), 2, "webhook.sources[0].name",
                "choose another"));
}

TEST_CASE("an API key needs an id, a hash and known scopes, and its id is its own") {
    auto problems =
        problems_of("[[auth.keys]]\nid = \"a b\"\nhash = \"plain\"\nscopes = [\"charges\"]\n[[auth.keys]]\nid = \"c\"\n");
    INFO(all_of(problems));
    CHECK(tells(problems, 2, "auth.keys[0].id", "letters"));
    CHECK(tells(problems, 3, "auth.keys[0].hash", "hash-key"));
    CHECK(tells(problems, 4, "auth.keys[0].scopes", "did you mean \"charge\"?"));
    CHECK(tells(problems, 5, "auth.keys[1]", "lacks `hash`"));
    CHECK(tells(problems, 5, "auth.keys[1]", "lacks `scopes`"));

    std::string key = "id = \"a\"\nhash = \"" + some_hash + "\"\nscopes = [\"charge\"]\n";
    CHECK(tells(problems_of("[[auth.keys]]\n" + key + "[[auth.keys]]\n" + key), 6, "auth.keys[1].id", "unique"));
}

TEST_CASE("a TLS certificate and its key come together and can be read") {
    Folder folder;
    auto pem = folder.write("c.pem", "-----BEGIN CERTIFICATE-----\n");
    auto text = folder.write("c.txt", "hello\n");
    CHECK(tells(problems_of("[server]\ntls_certificate = \"" + pem + "\"\n"), 2, "server.tls_certificate", "tls_private_key"));
    CHECK(tells(problems_of("[server]\ntls_private_key = \"" + pem + "\"\n"), 2, "server.tls_private_key", "tls_certificate"));
    CHECK(tells(problems_of("[server]\ntls_client_ca = \"" + pem + "\"\n"), 2, "server.tls_client_ca", "tls_certificate"));
    CHECK(tells(problems_of("[server]\ntls_client_ca = \"/no/such.pem\"\n"), 2, "server.tls_client_ca", "No such file"));
    CHECK(tells(problems_of("[server]\ntls_client_ca = \"" + text + "\"\n"), 2, "server.tls_client_ca", "no PEM"));
    CHECK(tells(problems_of("[server]\ntls_client_ca = \"file:" + pem + "\"\n"), 2, "server.tls_client_ca", "without `file:`"));
    CHECK(problems_of("[server]\ntls_certificate = \"" + pem + "\"\ntls_private_key = \"" + pem + "\"\n").empty());
}

TEST_CASE("a gateway that could not work is refused") {
    CHECK(tells(problems_of("[gateway]\nkind = \"http\"\n"), 2, "gateway.kind", "gateway.url"));
    CHECK(tells(problems_of("[gateway]\nkind = \"stripe\"\n"), 2, "gateway.kind", "gateway.api_key"));
    CHECK(tells(problems_of("[gateway]\nurl = \"http://127.0.0.1:1\"\n"), 2, "gateway.url", "gateway.kind"));
    CHECK(tells(problems_of("[gateway]\nkind = \"htp\"\n"), 2, "gateway.kind", "did you mean \"http\"?"));
    CHECK(problems_of("[gateway]\nkind = \"http\"\nurl = \"http://127.0.0.1:1\"\n").empty());
}

TEST_CASE("Stripe's API key is sent nowhere in the clear but to this host") {
    const auto with_url = [](const std::string& url) {
        return problems_of("[gateway]\nkind = \"stripe\"\napi_key = \"sk_1\"\nurl = \"" + url + "\"\n");
    };
    CHECK(tells(with_url("http://stripe.example"), 4, "gateway.url", "https"));
    CHECK(with_url("https://stripe.example").empty());
    CHECK(with_url("http://127.0.0.1:1").empty());
    CHECK(problems_of("[gateway]\nkind = \"stripe\"\napi_key = \"sk_1\"\n").empty());
}

TEST_CASE("the sandbox gateway brings its own webhook source, another gateway does not") {
    auto sandbox = load_settings(std::nullopt, {});
    REQUIRE(sandbox);
    REQUIRE(sandbox->webhook.sources.size() == 1);
    CHECK(sandbox->webhook.sources[0].name == "sandbox");
    CHECK(sandbox->webhook.sources[0].scheme == "stripe");
    CHECK(sandbox->webhook.sources[0].secrets == std::vector<std::string>{"whsec_sandbox"});
    auto http =
        load_settings(std::nullopt, {{"TOLLGATE_GATEWAY_KIND", "http"}, {"TOLLGATE_GATEWAY_URL", "http://127.0.0.1:1"}});
    REQUIRE(http);
    CHECK(http->webhook.sources.empty());
}

TEST_CASE("webhook sources need a name, a scheme and secrets, in hexadecimal for adyen") {
    auto problems = problems_of(
        "[[webhook.sources]]\nname = \"a\"\nscheme = \"strip\"\nsecrets = []\n"
        "[[webhook.sources]]\nname = \"b\"\nscheme = \"adyen\"\nsecrets = [\"xyz\"]\n");
    INFO(all_of(problems));
    CHECK(tells(problems, 3, "webhook.sources[0].scheme", "did you mean \"stripe\"?"));
    CHECK(tells(problems, 4, "webhook.sources[0].secrets", "at least one"));
    CHECK(tells(problems, 5, "webhook.sources[1].secrets", "hexadecimal"));
}

TEST_CASE("a webhook source that could never verify anything is refused") {
    auto problems = problems_of(
        "[[webhook.sources]]\nname = \"..\"\nscheme = \"stripe\"\nsecrets = [\"any text\"]\n"
        "[[webhook.sources]]\nname = \"b\"\nscheme = \"standard\"\nsecrets = [\"whsec_bmV3\", \"no base64\"]\n"
        "[[webhook.sources]]\nname = \"c\"\nscheme = \"adyen\"\nsecrets = [\"00ff\"]\nsignature_header = \"X-Signature\"\n"
        "[[webhook.sources]]\nname = \"b\"\nscheme = \"standard\"\nsecrets = [\"bmV3\"]\nsignature_header = \"X-Sig\"\n");
    INFO(all_of(problems));
    CHECK(problems.size() == 4);
    CHECK(tells(problems, 2, "webhook.sources[0].name", "POST /webhook/NAME"));
    CHECK(tells(problems, 5, "webhook.sources[1].secrets", "base64"));
    CHECK(tells(problems, 9, "webhook.sources[2].signature_header", "leave it out"));
    CHECK(problems.back().why.find("unique") != std::string::npos);
}

TEST_CASE("events go out signed and encrypted") {
    CHECK(tells(problems_of("[notify]\nurl = \"https://shop.example/h\"\n"), 2, "notify.url", "notify.secret"));
    CHECK(tells(problems_of("[notify]\nsecret = \"no base64\"\n"), 2, "notify.secret", "base64"));
    CHECK(tells(problems_of("[notify]\nsecret = \"whsec_bmV3\"\nurl = \"http://shop.example/h\"\n"), 3, "notify.url", "https"));
    CHECK(tells(problems_of("[page]\nurl = \"http://pager.example/\"\n"), 2, "page.url", "https"));
    for (const char* never : {"169.254.169.254", "[fe80::1]", "0.0.0.0", "[::ffff:169.254.169.254]", "224.0.0.1"})
        CHECK(tells(problems_of("[page]\nurl = \"https://" + std::string(never) + "/\"\n"), 2, "page.url", "link-local"));
    for (const char* own : {"10.0.0.1", "[fd00::1]", "127.0.0.1", "localhost", "pager.example"})
        CHECK(problems_of("[page]\nurl = \"https://" + std::string(own) + "/\"\n").empty());
}

TEST_CASE("a time of day is in UTC, from 00:00 to 23:59") {
    for (auto good : {"", "00:00", "02:30", "19:59", "23:59"})
        CHECK(problems_of("[reconcile]\nat = \"" + std::string(good) + "\"\n").empty());
    for (auto bad : {"24:00", "2:30", "02:60", "02-30", "02:30Z", "ab:cd"})
        CHECK_FALSE(problems_of("[reconcile]\nat = \"" + std::string(bad) + "\"\n").empty());
}
