#include <catch2/catch.hpp>
#include <map>

#include "signing/hmac.hpp"
#include "signing/signatures.hpp"
#include "webhooks/source.hpp"

using namespace tollgate;
using namespace tollgate::webhooks;
using std::chrono::seconds;

namespace {

/// Header lines as a request has them: a name may stand twice.
using Lines = std::multimap<std::string, std::string>;

HeaderOf of(const Lines& lines) {
    return [&lines](std::string_view name) -> std::optional<std::string_view> {
        const auto [first, last] = lines.equal_range(std::string(name));
        return first != last && std::next(first) == last ? std::optional<std::string_view>(first->second) : std::nullopt;
    };
}

const std::string body = R"({"id":"evt_1","object":"event"})";
const WallTime signed_at{seconds(1'492'774'577)};

Source source(Scheme scheme, std::vector<std::string> secrets) {
    Source made{.name = "shop", .scheme = scheme};
    for (const std::string& secret : secrets) made.keys.push_back(key_of(scheme, secret).value());
    return made;
}

const Source stripe = source(Scheme::stripe, {"whsec_test_secret"});
const std::string stripe_mac = "654b43d3508ecadb3f8cefc4bc7d3d2bdc5ba9e03bf2c89b2d0657a8e24e4543";

/// "good", or the code it is refused with.
std::string judged(const Source& by, const Lines& lines, std::string_view text, WallTime now) {
    const auto verified = verify(by, of(lines), text, now);
    return verified ? "good" : std::string(info(verified.error().code).name);
}

std::string judged(const std::string& header, WallTime now = signed_at) {
    return judged(stripe, {{"Stripe-Signature", header}}, body, now);
}

std::string flipped(std::string text, std::size_t bit) {
    text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << (bit % 8)));
    return text;
}

constexpr const char* bad_signature = "webhook_signature_invalid";
constexpr const char* bad_time = "webhook_timestamp_invalid";

const Source standard = source(Scheme::standard, {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"});
const std::string standard_body = R"({"test": 2432232314})";
const WallTime standard_at{seconds(1'614'265'330)};
const std::string standard_mac = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

/// The example of the specification's reference libraries, with another signature if wanted.
Lines standard_lines(const std::string& signature = standard_mac) {
    return {
        {"webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"}, {"webhook-timestamp", "1614265330"}, {"webhook-signature", signature}};
}

std::string judged_standard(const Lines& lines, WallTime now = standard_at) {
    return judged(standard, lines, standard_body, now);
}

}  // namespace

TEST_CASE("a Stripe signature is an HMAC-SHA256 in hexadecimal of the time, a dot and the raw body") {
    CHECK(judged("t=1492774577,v1=" + stripe_mac) == "good");
    CHECK(judged("v1=" + stripe_mac + ",t=1492774577") == "good");
    CHECK(judged(stripe_signature("whsec_test_secret", signed_at, body)) == "good");
    CHECK(judged("t=1492774577,v1=" + std::string(64, '0')) == bad_signature);
    CHECK(judged(stripe, {{"Stripe-Signature", "t=1492774577,v1=" + stripe_mac}}, body + " ", signed_at) == bad_signature);
}

TEST_CASE("no bit of body, time or signature can be changed") {
    const std::string good = "t=1492774577,v1=" + stripe_mac;
    for (std::size_t bit = 0; bit < body.size() * 8; ++bit)
        CHECK(judged(stripe, {{"Stripe-Signature", good}}, flipped(body, bit), signed_at) == bad_signature);
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        const std::string changed = flipped(good, bit);
        // Hexadecimal digits in upper case are the same digits.
        if (changed[bit / 8] + 32 == good[bit / 8] && bit / 8 > 16) continue;
        INFO(changed);
        CHECK(judged(changed) != "good");
    }
}

TEST_CASE("a Stripe signature that is malformed in any way is refused") {
    const std::string good = ",v1=" + stripe_mac;
    for (const std::string& header : std::vector<std::string>{
             std::string(), std::string(","), std::string("v1=" + stripe_mac), std::string("t=1492774577"),
             "t=1492774577,t=1492774577" + good, "t=1492774577,t=1" + good,
             "t=1492774577,v1=", "t=1492774577,v1=" + stripe_mac + "00", "t=1492774577,v1=" + stripe_mac.substr(2),
             "t=1492774577,v1=" + stripe_mac.substr(1), "T=1492774577" + good, "t=1492774577,V1=" + stripe_mac,
             "t=1492774577,v0=" + stripe_mac, "t=1492774577,v10=" + stripe_mac, "t=1492774577,v1 =" + stripe_mac,
             "t=1492774577,v1= " + stripe_mac, stripe_mac, "t=01492774577" + good, "t=1492774578" + good}) {
        INFO(header);
        CHECK(judged(header) == bad_signature);
    }
    for (const char* time : {"", "abc", "-1492774577", "+1492774577", "1492774577.0", "0x58f9e1b1", "1492774577 ", "1e9",
                             "14927745770000000000000000000000", "1492774577;v1", "\xd9\xa1"}) {
        INFO(time);
        CHECK(judged("t=" + std::string(time) + good) == bad_time);
    }
}

TEST_CASE("a signature stands on exactly one header line") {
    const std::string good = "t=1492774577,v1=" + stripe_mac;
    CHECK(judged(stripe, {}, body, signed_at) == bad_signature);
    CHECK(judged(stripe, {{"Stripe-Signature", good}, {"Stripe-Signature", good}}, body, signed_at) == bad_signature);
    CHECK(judged(stripe, {{"Webhook-Signature", good}}, body, signed_at) == bad_signature);
    Source renamed = stripe;
    renamed.signature_header = "X-Signature";
    CHECK(judged(renamed, {{"X-Signature", good}}, body, signed_at) == "good");
    CHECK(judged(renamed, {{"Stripe-Signature", good}}, body, signed_at) == bad_signature);
}

TEST_CASE("a signature is good at both ends of the tolerance and not a second beyond") {
    const std::string good = "t=1492774577,v1=" + stripe_mac;
    for (const int far : {-300, -1, 0, 1, 300}) CHECK(judged(good, signed_at + seconds(far)) == "good");
    CHECK(judged(good, signed_at + seconds(300) + Milliseconds(999)) == "good");
    for (const int far : {-301, 301, -100'000, 100'000}) CHECK(judged(good, signed_at + seconds(far)) == bad_time);
    const std::string ahead = "t=999999999999,v1=" + hex(hmac_sha256("whsec_test_secret", {"999999999999.", body}));
    CHECK(judged(ahead) == bad_time);
}

TEST_CASE("whoever cannot sign does not learn whether the time would do") {
    CHECK(judged("t=1,v1=" + std::string(64, 'a')) == bad_signature);
}

TEST_CASE("while a secret is rotated either one will do, and a signature of neither will not") {
    const Source both = source(Scheme::stripe, {"new", "old"});
    for (const char* secret : {"new", "old"})
        CHECK(judged(both, {{"Stripe-Signature", stripe_signature(secret, signed_at, body)}}, body, signed_at) == "good");
    CHECK(judged(both, {{"Stripe-Signature", stripe_signature("other", signed_at, body)}}, body, signed_at) == bad_signature);
    const std::string two = "t=1492774577,v1=" + std::string(64, '0') + ",v1=" + hex(hmac_sha256("old", {"1492774577.", body}));
    CHECK(judged(both, {{"Stripe-Signature", two}}, body, signed_at) == "good");
    CHECK(judged("t=1492774577,v1=" + stripe_mac + ",v1=" + std::string(64, '0')) == "good");
    CHECK(judged(source(Scheme::stripe, {}), {{"Stripe-Signature", two}}, body, signed_at) == bad_signature);
}

TEST_CASE("schemes other than v1 are passed over, and the good signature may be the last of a thousand") {
    std::string header = "t=1492774577";
    for (int i = 0; i < 1000; ++i) header += (i % 2 == 0 ? ",v0=" : ",v1=") + std::string(64, 'b');
    CHECK(judged(header) == bad_signature);
    CHECK(judged(header + ",v1=" + stripe_mac) == "good");
    CHECK(judged("t=1492774577,,x,scheme=1,v1=" + stripe_mac + ", v2=1") == "good");
}

TEST_CASE("the example of Standard Webhooks is verified") {
    CHECK(judged_standard(standard_lines()) == "good");
    CHECK(judged_standard(standard_lines("v1," + std::string(44, 'A') + " v1a,hnO3f9T8 " + standard_mac + " v2,x")) == "good");
    CHECK(judged_standard(standard_lines(standard_mac + " v1," + std::string(44, 'A'))) == "good");
    CHECK(judged(standard, standard_lines(), standard_body + "\n", standard_at) == bad_signature);
    CHECK(judged(source(Scheme::standard, {"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx"}), standard_lines(), standard_body,
                 standard_at) == bad_signature);
    CHECK(judged(source(Scheme::standard, {"bmV3", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}), standard_lines(), standard_body,
                 standard_at) == "good");
}

TEST_CASE("each header of Standard Webhooks is needed once, and is signed") {
    for (const char* name : {"webhook-id", "webhook-timestamp", "webhook-signature"}) {
        Lines without = standard_lines();
        without.erase(name);
        CHECK(judged_standard(without) == bad_signature);
        Lines twice = standard_lines();
        twice.emplace(name, twice.find(name)->second);
        CHECK(judged_standard(twice) == bad_signature);
    }
    Lines other_id = standard_lines();
    other_id.find("webhook-id")->second = "msg_other";
    CHECK(judged_standard(other_id) == bad_signature);
    Lines other_time = standard_lines();
    other_time.find("webhook-timestamp")->second = "1614265331";
    CHECK(judged_standard(other_time) == bad_signature);
    other_time.find("webhook-timestamp")->second = "1614265330.0";
    CHECK(judged_standard(other_time) == bad_time);
    Lines no_id = standard_lines();
    no_id.find("webhook-id")->second = "";
    CHECK(judged_standard(no_id) == bad_signature);
}

TEST_CASE("a signature of Standard Webhooks that is malformed in any way is refused") {
    const std::string bare = standard_mac.substr(3);
    for (const std::string& signature : std::vector<std::string>{
             std::string(), std::string(" "), bare, "v1 " + bare, "v1=" + bare, "v1a," + bare, "V1," + bare, "v1,," + bare,
             standard_mac + ",", standard_mac + "=", "v1,v1," + bare, std::string("v1,"), std::string("v1,A"),
             "v1," + bare.substr(4), standard_mac + ",v1," + bare}) {
        INFO(signature);
        CHECK(judged_standard(standard_lines(signature)) == bad_signature);
    }
    for (const int far : {-300, 300}) CHECK(judged_standard(standard_lines(), standard_at + seconds(far)) == "good");
    for (const int far : {-301, 301}) CHECK(judged_standard(standard_lines(), standard_at + seconds(far)) == bad_time);
}

TEST_CASE("a renamed signature header of Standard Webhooks leaves the names of id and time as they are") {
    Source renamed = standard;
    renamed.signature_header = "x-signature";
    Lines lines = standard_lines();
    lines.erase("webhook-signature");
    lines.emplace("x-signature", standard_mac);
    CHECK(judged(renamed, lines, standard_body, standard_at) == "good");
}

TEST_CASE("a secret has the form of its scheme") {
    CHECK(key_of(Scheme::stripe, "whsec_x") == "whsec_x");
    CHECK(key_of(Scheme::standard, "whsec_bmV3") == "new");
    CHECK_FALSE(key_of(Scheme::standard, "not base64"));
    CHECK(key_of(Scheme::adyen, "6e6577") == "new");
    CHECK_FALSE(key_of(Scheme::adyen, "6e657"));
    for (const Scheme scheme : {Scheme::stripe, Scheme::standard, Scheme::adyen}) CHECK_FALSE(key_of(scheme, ""));
}
