#include "service/auth.hpp"

#include <catch2/catch.hpp>

#include "service/key_hash.hpp"

using namespace tollgate;
using http::Scope;

namespace {

const std::string shop = "shop-key-0123456789abcdef";
const std::string office = "office-key-0123456789abcd";
const std::string probe = "probe-key-0123456789abcdef";

Authenticator three_keys() {
    return Authenticator({{"shop", *hash_api_key(shop), {"charge"}},
                          {"office", *hash_api_key(office), {"admin"}},
                          {"probe", *hash_api_key(probe), {"metrics"}}});
}

std::string outcome(const Authenticator& keys, std::optional<std::string_view> header, Scope scope) {
    auto checked = keys.check(header, scope);
    return checked ? *checked : std::string(info(checked.error().code).name);
}

}  // namespace

TEST_CASE("a key with the scope acts for its own tenant") {
    auto keys = three_keys();
    CHECK(outcome(keys, "Bearer " + shop, Scope::charge) == "shop");
    CHECK(outcome(keys, "bearer " + shop, Scope::charge) == "shop");
    CHECK(outcome(keys, "BEARER   " + shop, Scope::charge) == "shop");
    CHECK(outcome(keys, "Bearer " + office, Scope::admin) == "office");
}

TEST_CASE("a missing, malformed or wrong key is 401, a right one without the scope 403") {
    auto keys = three_keys();
    CHECK(outcome(keys, std::nullopt, Scope::charge) == "unauthenticated");
    for (auto header : {std::string(), std::string("Bearer"), std::string("Bearer "), "Bearer" + shop, "Basic " + shop, shop,
                        "Bearer " + shop + "x", "Bearer " + shop.substr(1), "Bearer " + shop + " ",
                        "Bearer " + shop + "," + shop, "Bearer " + std::string(100'000, 'a')})
        CHECK(outcome(keys, header, Scope::charge) == "unauthenticated");
    CHECK(outcome(keys, "Bearer " + shop, Scope::admin) == "forbidden");
    CHECK(outcome(keys, "Bearer " + office, Scope::charge) == "forbidden");
    CHECK(outcome(keys, "Bearer " + probe, Scope::charge) == "forbidden");
}

TEST_CASE("metrics are open to the scopes metrics and admin") {
    auto keys = three_keys();
    CHECK(outcome(keys, "Bearer " + probe, Scope::metrics) == "probe");
    CHECK(outcome(keys, "Bearer " + office, Scope::metrics) == "office");
    CHECK(outcome(keys, "Bearer " + shop, Scope::metrics) == "forbidden");
}

TEST_CASE("without configured keys everybody is the tenant default, and a public route asks for none") {
    CHECK(outcome(Authenticator({}), std::nullopt, Scope::admin) == "default");
    CHECK(outcome(three_keys(), std::nullopt, Scope::none) == "default");
}

TEST_CASE("the error about a key does not repeat it") {
    auto refused = three_keys().check("Bearer secret-secret-secret", Scope::charge);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().detail.find("secret") == std::string::npos);
}

TEST_CASE("a key's hash is salted, has the documented form, and matches that key only") {
    auto once = *hash_api_key(shop);
    auto twice = *hash_api_key(shop);
    CHECK(once != twice);
    CHECK(is_key_hash(once));
    CHECK(once.size() == std::string("hmac-sha256:").size() + 32 + 1 + 64);
    CHECK(matches_key_hash(once, shop));
    CHECK(matches_key_hash(twice, shop));
    CHECK_FALSE(matches_key_hash(once, office));
    CHECK_FALSE(matches_key_hash(once, ""));
    CHECK_FALSE(matches_key_hash("", shop));
}

TEST_CASE("a hash is HMAC-SHA-256 of the key under its salt") {
    // Made with: printf 'abcdefghijklmnop' | openssl dgst -sha256 -mac HMAC -macopt hexkey:000102030405060708090a0b0c0d0e0f
    CHECK(matches_key_hash(
        "hmac-sha256:000102030405060708090a0b0c0d0e0f:21b8700d0ea387c2f7449b82a0287afc5b148f7b69aa816a4eda736d99f92021",
        "abcdefghijklmnop"));
}

TEST_CASE("what is no hash is told apart") {
    auto hash = *hash_api_key(shop);
    auto upper = hash;
    upper.back() = 'F';
    for (auto text : {std::string(), std::string("plain"), hash.substr(0, hash.size() - 1), hash + "0", upper, "x" + hash,
                      std::string("hmac-sha256:") + hash.substr(13)})
        CHECK_FALSE(is_key_hash(text));
}

TEST_CASE("keys that are short, long or cannot stand in a header are refused with a reason") {
    CHECK(hash_api_key("fifteen-letters").error().find("16 characters") != std::string::npos);
    CHECK(hash_api_key(std::string(16, 'a')));
    CHECK(hash_api_key(std::string(256, 'a')));
    CHECK_FALSE(hash_api_key(std::string(257, 'a')));
    CHECK(hash_api_key("sixteen letters and").error().find("without spaces") != std::string::npos);
    CHECK_FALSE(hash_api_key("two-lines-of-text\nare-no-key"));
    CHECK_FALSE(hash_api_key("umlaut-\xc3\xa4-0123456789"));
}
