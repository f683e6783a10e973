#include <catch2/catch.hpp>
#include <fstream>
#include <regex>
#include <sstream>

#include "config_support.hpp"
#include "service/auth.hpp"

using namespace tollgate;

// What docker-compose.yml mounts and the containers tell each other: nobody but these files would notice a mistake.
namespace {

std::string text_of(const std::string& path) {
    std::stringstream text;
    text << std::ifstream(TOLLGATE_SOURCE "/" + path).rdbuf();
    REQUIRE(text);
    return text.str();
}

/// The first group of the pattern's only match.
std::string only(const std::string& text, const std::string& pattern) {
    const std::regex wanted(pattern);
    const std::sregex_iterator first(text.begin(), text.end(), wanted);
    REQUIRE(std::distance(first, {}) == 1);
    return (*first)[1];
}

Settings stack_settings() {
    auto settings = load_settings(TOLLGATE_SOURCE "/config/compose.toml", {});
    REQUIRE(settings);
    return *settings;
}

}  // namespace

TEST_CASE("the local stack's replicas accept the key that its proxy adds, for charges and nothing else") {
    const Authenticator door(stack_settings().auth.keys);
    const auto key = only(text_of("docker/haproxy.cfg"), R"re(set-header Authorization "([^"]+)")re");
    CHECK(door.check(key, http::Scope::charge).value_or("refused") == "demo");
    CHECK_FALSE(door.check(key, http::Scope::metrics));
    CHECK_FALSE(door.check(key, http::Scope::admin));
}

TEST_CASE("the local stack's replicas accept Prometheus for metrics and nothing else") {
    const Authenticator door(stack_settings().auth.keys);
    const auto key = "Bearer " + only(text_of("docker/prometheus.yml"), R"(credentials: (\S+))");
    CHECK(door.check(key, http::Scope::metrics));
    CHECK_FALSE(door.check(key, http::Scope::charge));
    CHECK_FALSE(door.check(key, http::Scope::admin));
}

TEST_CASE("the local stack has one password for Redis and one address for the sandbox") {
    const auto settings = stack_settings();
    const auto compose = text_of("docker-compose.yml");
    const auto password = only(text_of("docker/redis.conf"), R"(\nrequirepass (\S+))");
    CHECK(settings.store.url == "redis://:" + password + "@redis:6379/0");
    CHECK(only(compose, R"(REDISCLI_AUTH: ([^}\s]+))") == password);
    const auto sandbox = "http://sandbox:" + only(compose, R"re(sandbox, --listen, "0\.0\.0\.0:(\d+)")re");
    CHECK(settings.gateway.kind == "http");
    CHECK(settings.gateway.url == sandbox);
    CHECK(settings.inventory.url == sandbox);
    CHECK(settings.shipping.url == sandbox);
}

TEST_CASE("the proxy waits longer than a charge, and its containers are stopped later than they drain") {
    const auto settings = stack_settings();
    const auto compose = text_of("docker-compose.yml");
    const auto proxy = text_of("docker/haproxy.cfg");
    auto seconds = [](const std::string& text) { return Milliseconds(1000 * std::stoll(text)); };
    CHECK(seconds(only(proxy, R"(timeout server (\d+)s)")) > settings.server.charge_timeout);
    CHECK(seconds(only(compose, R"(stop_grace_period: (\d+)s\s+# longer than server\.drain_timeout)")) >
          settings.server.drain_timeout);
    CHECK(seconds(only(compose, R"(stop_grace_period: (\d+)s\s+# longer than its hard-stop-after)")) >
          seconds(only(proxy, R"(hard-stop-after (\d+)s)")));
}
