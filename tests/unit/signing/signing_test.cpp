#include <catch2/catch.hpp>

#include "signing/hmac.hpp"
#include "signing/signatures.hpp"

using namespace tollgate;

TEST_CASE("HMAC-SHA256 is that of RFC 4231 however its text is cut into parts") {
    const std::string key(20, '\x0b');
    CHECK(hex(hmac_sha256(key, {"Hi There"})) == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    CHECK(hex(hmac_sha256("Jefe", {"what do ya want ", "", "for nothing?"})) ==
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    CHECK(hex(hmac_sha256(std::string(131, '\xaa'), {"Test Using Larger Than Block-Size Key - Hash Key First"})) ==
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("a signature is the same only when every byte is") {
    const Mac mac = hmac_sha256("key", {"text"});
    std::string bytes(mac.begin(), mac.end());
    CHECK(same(mac, bytes));
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    CHECK_FALSE(same(mac, bytes));
    CHECK_FALSE(same(mac, ""));
    CHECK_FALSE(same(mac, bytes + "x"));
}

TEST_CASE("base64 is that of RFC 4648 and nothing else is taken for it") {
    const std::pair<std::string, std::string> vectors[] = {{"", ""},
                                                           {"f", "Zg=="},
                                                           {"fo", "Zm8="},
                                                           {"foo", "Zm9v"},
                                                           {"foob", "Zm9vYg=="},
                                                           {"fooba", "Zm9vYmE="},
                                                           {"foobar", "Zm9vYmFy"}};
    for (const auto& [bytes, text] : vectors) {
        CHECK(base64(bytes) == text);
        CHECK(from_base64(text) == bytes);
        CHECK(from_base64(text.substr(0, text.find('='))) == bytes);
    }
    for (const char* wrong : {"Z", "Zg=", "Zg===", "Zh==", "Zm9v!", "Zm-_", "Zg==Zg==", " Zm9v", "===="})
        CHECK_FALSE(from_base64(wrong));
}

TEST_CASE("hexadecimal digits are read in either case and in pairs") {
    CHECK(from_hex("00fFA9") == std::string("\x00\xff\xa9", 3));
    CHECK_FALSE(from_hex("0"));
    CHECK_FALSE(from_hex("0g"));
}

TEST_CASE("the example of Standard Webhooks has the signature that it gives") {
    const auto key = standard_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    REQUIRE(key);
    CHECK(standard_signature(*key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", R"({"test": 2432232314})") ==
          "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST_CASE("a secret of Standard Webhooks is base64 with or without its prefix") {
    CHECK(standard_key("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw") == standard_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    CHECK_FALSE(standard_key("whsec_"));
    CHECK_FALSE(standard_key("not base64"));
}

TEST_CASE("a signature as Stripe makes it covers the time and the body") {
    const WallTime at{Milliseconds(1'614'265'330'999)};
    const std::string body = R"({"id":"evt_1"})";
    const std::string expected = hex(hmac_sha256("whsec_sandbox", {"1614265330." + body}));
    CHECK(stripe_signature("whsec_sandbox", at, body) == "t=1614265330,v1=" + expected);
}
