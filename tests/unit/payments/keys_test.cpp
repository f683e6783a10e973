#include "payments/keys.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <string>

using namespace tollgate;

// These values are at the gateways of everybody who runs Tollgate: another derivation would charge again what an earlier
// version has charged. Computed once with Python's hashlib and base64.b32encode over "4:call7:default5:key-1…".
TEST_CASE("derived ids and keys stay what they have always been") {
    CHECK(charge_id("default", "key-1") == "ch_fa5rfp52iqswqddsoxturflh6jyygokorc");
    CHECK(saga_id(charge_id("default", "key-1")) == "saga_fa5rfp52iqswqddsoxturflh6jyygokorc");
    CHECK(call_key("default", "key-1", 1, Step::authorize, 0) == "lxwdsazjrjosxcp2sw2snyh2y37oxbv3o5mqui3kdtax2hugae5a");
    CHECK(call_key("default", "key-1", 2, Step::void_authorization, 3) ==
          "gj6ht5iqhrwipr5hmwyaf4cronwuqcburtu6fhfb3wq75bb5mm3q");
    CHECK(fingerprint("{}") == "n5tamb3r3wqzbryejjrbkkb5clnlenivsjh7v7xji6jyh62lbtka");
}

TEST_CASE("a derived key fits into 64 visible characters, however long its parts are") {
    const std::string longest(255, '~');
    for (const auto& key : {call_key(longest, longest, 2'000'000'000, Step::cancel_shipment, 2'000'000'000), charge_id("", ""),
                            saga_id(charge_id(longest, longest)), fingerprint(longest)}) {
        CHECK(key.size() <= 64);
        CHECK(key.find_first_not_of("abcdefghijklmnopqrstuvwxyz234567_") == std::string::npos);
    }
}

TEST_CASE("no two calls share a key: any other tenant, key, attempt, step or round has its own") {
    std::set<std::string> keys;
    int made = 0;
    const auto add = [&](std::string key) {
        keys.insert(std::move(key));
        ++made;
    };
    for (const char* tenant : {"default", "shop", "default1", ""}) {
        for (const char* key : {"key-1", "key-11", "1key-1", "7:default", ""}) {
            add(charge_id(tenant, key));
            for (const int attempt : {1, 2, 11}) {
                for (int step = 0; step <= static_cast<int>(Step::release); ++step) {
                    for (const int round : {0, 1, 11}) add(call_key(tenant, key, attempt, static_cast<Step>(step), round));
                }
            }
        }
    }
    CHECK(keys.size() == static_cast<std::size_t>(made));
}

TEST_CASE("characters cannot move from the tenant into the key") {
    CHECK(charge_id("ab", "c") != charge_id("a", "bc"));
    CHECK(charge_id("a", "1:b") != charge_id("a1:", "b"));
    CHECK(call_key("ab", "c", 1, Step::reserve, 0) != call_key("a", "bc", 1, Step::reserve, 0));
    CHECK(call_key("a", "b", 11, Step::reserve, 0) != call_key("a", "b1", 1, Step::reserve, 0));
}
