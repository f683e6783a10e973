#include <catch2/catch.hpp>

#include "service/config/values.hpp"

using namespace tollgate;
using namespace tollgate::config;

TEST_CASE("a duration is a whole number and a unit, and nothing else") {
    CHECK(parse_duration("500ms") == Milliseconds{500});
    CHECK(parse_duration("30s") == Milliseconds{30'000});
    CHECK(parse_duration("1m") == Milliseconds{60'000});
    CHECK(parse_duration("24h") == Milliseconds{86'400'000});
    CHECK(parse_duration("35d") == Milliseconds{3'024'000'000});
    CHECK(parse_duration("0s") == Milliseconds{0});
    for (auto text : {"", "30", "s", "-1s", "+1s", "1.5s", "1 s", " 1s", "1s ", "1h30m", "1S", "1w", "99999999999999999999s",
                      "4000d", "9223372036854775807d"})
        CHECK_FALSE(parse_duration(text));
}

TEST_CASE("a duration is printed the way it is best read, and reads back as the same") {
    for (auto text : {"0s", "1ms", "1500ms", "75s", "1m", "5m", "1h", "24h", "35d"})
        CHECK(duration_text(*parse_duration(text)) == text);
    CHECK(duration_text(Milliseconds{300'000}) == "5m");
}

TEST_CASE("a listen address is an IP address and a port, and knows whether it is loopback") {
    CHECK(parse_listen("127.0.0.1:8080")->port == 8080);
    CHECK(parse_listen("127.9.9.9:1")->loopback);
    CHECK(parse_listen("localhost:80")->host == "127.0.0.1");
    CHECK(parse_listen("[::1]:0")->host == "::1");
    CHECK(parse_listen("[::1]:0")->loopback);
    CHECK_FALSE(parse_listen("0.0.0.0:8080")->loopback);
    CHECK_FALSE(parse_listen("[::]:8080")->loopback);
    CHECK_FALSE(parse_listen("10.0.0.1:8080")->loopback);
    for (auto text : {"", ":8080", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:8080 ",
                      "::1:80", "[::1]", "[127.0.0.1]:80", "example.com:80", "127.1:80", "http://127.0.0.1:80"})
        CHECK_FALSE(parse_listen(text));
}

TEST_CASE("every form of store.url is understood") {
    CHECK(parse_store_url("sqlite:tollgate.db")->path == "tollgate.db");
    CHECK(parse_store_url("sqlite:/var/lib/t.db")->path == "/var/lib/t.db");
    CHECK(parse_store_url("sqlite::memory:")->memory);

    auto redis = parse_store_url("redis://ann:p%40ss@db.local:7000/3");
    REQUIRE(redis);
    CHECK(redis->user == "ann");
    CHECK(redis->password == "p@ss");
    CHECK(redis->hosts == std::vector<StoreUrl::Host>{{"db.local", 7000}});
    CHECK(redis->database == 3);
    CHECK(parse_store_url("redis://h")->hosts.front().port == 6379);
    CHECK(parse_store_url("redis://[::1]:7000")->hosts.front().name == "::1");
    CHECK(parse_store_url("redis://:pass@h")->password == "pass");
    CHECK(parse_store_url("rediss://h:6380/0")->tls);
    CHECK(parse_store_url("redis+unix:///run/redis.sock")->path == "/run/redis.sock");

    auto sentinel = parse_store_url("redis+sentinel://a,b:5000/main");
    REQUIRE(sentinel);
    CHECK(sentinel->hosts == std::vector<StoreUrl::Host>{{"a", 26379}, {"b", 5000}});
    CHECK(sentinel->master == "main");
    CHECK(parse_store_url("redis+cluster://a,b,c")->hosts.size() == 3);
}

TEST_CASE("a store.url of no known form is refused") {
    for (auto text : {"",
                      "tollgate.db",
                      "sqlite:",
                      "sqlite:///x.db",
                      "redis:",
                      "redis://",
                      "redis://h:0",
                      "redis://h:70000",
                      "redis://h/x",
                      "redis://a,b/0",
                      "redis://user@h",
                      "redis://u:@h",
                      "redis://u:p%zz@h",
                      "redis+unix://",
                      "redis+unix://x",
                      "redis+sentinel://a",
                      "redis+sentinel://a/",
                      "redis+cluster://a/1",
                      "redis+cluster://a,,b",
                      "mysql://h",
                      "redis://u:p@ss@h"})
        CHECK_FALSE(parse_store_url(text));
}

TEST_CASE("a password in a URL is masked, one with an @ too") {
    CHECK(mask_url_password("redis://ann:secret@h:1/0") == "redis://ann:********@h:1/0");
    CHECK(mask_url_password("redis://:secret@h") == "redis://:********@h");
    CHECK(mask_url_password("redis://u:sec@ret@h").find("ret") == std::string::npos);
    CHECK(mask_url_password("redis://h:6379/0") == "redis://h:6379/0");
    CHECK(mask_url_password("sqlite:a@b:c") == "sqlite:a@b:c");
}

TEST_CASE("an outward URL says what is wrong with it") {
    CHECK_FALSE(http_url_problem("http://127.0.0.1:9000", UrlUse::base));
    CHECK_FALSE(http_url_problem("https://api.example.com/base", UrlUse::base));
    CHECK_FALSE(http_url_problem("https://shop.example.com/hook?x=1", UrlUse::target));
    CHECK_FALSE(http_url_problem("http://localhost:9000/hook", UrlUse::target));
    CHECK_FALSE(http_url_problem("http://[::1]:9000/hook", UrlUse::target));
    CHECK(http_url_problem("http://shop.example.com/hook", UrlUse::target));
    CHECK(http_url_problem("http://localhost.example.com/hook", UrlUse::target));
    CHECK(http_url_problem("https://h/?q", UrlUse::base));
    for (auto text : {"", "h", "ftp://h", "http://", "http:///p", "http://:80", "https://user:pass@h", "https://h#f",
                      "http://h:0", "http://h:99999"}) {
        INFO(text);
        CHECK(http_url_problem(text, UrlUse::page));
    }
}

TEST_CASE("a misspelt word meets the nearest known one, a foreign one none") {
    std::vector<std::string> known{"listen", "threads", "max_body"};
    CHECK(nearest("listn", known) == "listen");
    CHECK(nearest("maxbody", known) == "max_body");
    CHECK_FALSE(nearest("colour", known));
}
