#include "net/origin.hpp"

#include <catch2/catch.hpp>

using namespace tollgate;

TEST_CASE("an origin is read out of a URL, with the scheme's port and without a slash at the end") {
    const auto plain = parse_origin("http://pay.example");
    REQUIRE(plain.has_value());
    CHECK_FALSE(plain->tls);
    CHECK(plain->host == "pay.example");
    CHECK(plain->port == "80");
    CHECK(plain->authority == "pay.example");
    CHECK(plain->prefix.empty());

    const auto full = parse_origin("https://[::1]:8443/api/v2/");
    REQUIRE(full.has_value());
    CHECK(full->tls);
    CHECK(full->host == "::1");
    CHECK(full->port == "8443");
    CHECK(full->authority == "[::1]:8443");
    CHECK(full->prefix == "/api/v2");
}

TEST_CASE("an address that cannot be used is refused with the mend") {
    const std::string_view url = GENERATE("", "pay.example", "ftp://pay.example", "https://", "https://user:secret@pay.example",
                                          "https://pay.example/?a=1", "https://pay.example/#x", "https://pay.example:0",
                                          "https://pay.example:99999", "https://pay example");
    CAPTURE(url);
    const auto origin = parse_origin(url);
    REQUIRE_FALSE(origin.has_value());
    CHECK(origin.error().code == Code::bad_request);
    CHECK_FALSE(origin.error().detail.empty());
    CHECK(origin.error().detail.find("secret") == std::string::npos);
}

TEST_CASE("a target is split into whom to connect to and what to ask for there") {
    using Parts = std::pair<std::string, std::string>;
    CHECK(split_target("https://shop.example/hooks/pay?token=1") == Parts("https://shop.example", "/hooks/pay?token=1"));
    CHECK(split_target("http://127.0.0.1:8080") == Parts("http://127.0.0.1:8080", "/"));
    CHECK(split_target("https://[::1]:8443?a=b/c") == Parts("https://[::1]:8443", "/?a=b/c"));
}
