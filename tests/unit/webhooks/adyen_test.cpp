#include <catch2/catch.hpp>

#include "signing/hmac.hpp"
#include "webhooks/message.hpp"
#include "webhooks/source.hpp"

using namespace tollgate;
using namespace tollgate::webhooks;

namespace {

const std::string key = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056";
const Source adyen{.name = "adyen", .scheme = Scheme::adyen, .keys = {*key_of(Scheme::adyen, key)}};
const WallTime now{Milliseconds(1'795'341'600'000)};

std::string envelope(const std::string& items) {
    return R"({"live":"false","notificationItems":[)" + items + "]}";
}

std::string wrapped(const std::string& members, const std::string& signature) {
    return R"({"NotificationRequestItem":{)" + members + R"(,"additionalData":{"hmacSignature":")" + signature + R"("}}})";
}

std::string signature_of(const std::string& text) {
    const Mac mac = hmac_sha256(adyen.keys.front(), {text});
    return base64({reinterpret_cast<const char*>(mac.data()), mac.size()});
}

/// Adyen's own example: docs.adyen.com, "Verify HMAC signatures", and the tests of its libraries.
const std::string example_members =
    R"("amount":{"value":1130,"currency":"EUR"},"pspReference":"7914073381342284","eventCode":"AUTHORISATION",)"
    R"("eventDate":"2019-05-06T17:15:34.121+02:00","merchantAccountCode":"TestMerchant","operations":["CANCEL","CAPTURE","REFUND"],)"
    R"("merchantReference":"TestPayment-1407325143704","paymentMethod":"visa","success":"true")";
const std::string example_signature = "coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0=";
const std::string example = wrapped(example_members, example_signature);

std::string judged(const std::string& body, const Source& source = adyen) {
    const auto verified = verify(source, [](std::string_view) { return std::optional<std::string_view>(); }, body, now);
    return verified ? "good" : std::string(info(verified.error().code).name);
}

constexpr const char* bad = "webhook_signature_invalid";

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    return text.replace(text.find(what), what.size(), with);
}

}  // namespace

TEST_CASE("the example of Adyen's documentation is verified, whatever its age and its headers") {
    CHECK(judged(envelope(example)) == "good");
    Source rotated = adyen;
    rotated.keys.insert(rotated.keys.begin(), "another");
    CHECK(judged(envelope(example), rotated) == "good");
    rotated.keys.pop_back();
    CHECK(judged(envelope(example), rotated) == bad);
}

TEST_CASE("each of the eight fields that Adyen signs is held to what was signed") {
    for (const auto& [what, with] : std::vector<std::pair<std::string, std::string>>{
             {"1130", "1131"},
             {"EUR", "USD"},
             {"7914073381342284", "7914073381342285"},
             {"AUTHORISATION", "CAPTURE"},
             {"TestMerchant\"", "OtherMerchant\""},
             {"TestPayment-1407325143704", "TestPayment-1407325143705"},
             {R"("success":"true")", R"("success":"false")"},
             {R"("paymentMethod")", R"("originalReference":"x","paymentMethod")"}}) {
        INFO(with);
        CHECK(judged(envelope(replaced(example, what, with))) == bad);
    }
}

TEST_CASE("amounts and success are signed as they are printed, what is missing or null as nothing") {
    const std::string bare =
        R"("pspReference":"1","originalReference":null,"eventCode":"CAPTURE","amount":{"value":-5},"success":true)";
    CHECK(judged(envelope(wrapped(bare, signature_of("1::::-5::CAPTURE:true")))) == "good");
    CHECK(judged(envelope(wrapped(R"("x":1)", signature_of(":::::::")))) == "good");
    const std::string colons = R"("pspReference":"a:b\\c","eventCode":"X")";
    CHECK(judged(envelope(wrapped(colons, signature_of("a:b\\c::::::X:")))) == "good");
}

TEST_CASE("one item that is not signed refuses all of them") {
    const std::string forged = replaced(example, "1130", "9999");
    CHECK(judged(envelope(example + "," + example)) == "good");
    CHECK(judged(envelope(example + "," + forged)) == bad);
    CHECK(judged(envelope(forged + "," + example)) == bad);
    CHECK(judged(envelope(example + ",{}")) == bad);
    CHECK(judged(envelope(example + ",null")) == bad);
}

TEST_CASE("a hundred items are taken and one more is not") {
    std::string items = example;
    for (int i = 1; i < 100; ++i) items += "," + example;
    CHECK(judged(envelope(items)) == "good");
    CHECK(judged(envelope(items + "," + example)) == bad);
}

TEST_CASE("a body of Adyen's in which there is nothing to verify is not signed") {
    for (const std::string& body : std::vector<std::string>{
             std::string(), std::string("null"), std::string("[]"), std::string("{}"), envelope(""), std::string("not JSON"),
             std::string(R"({"notificationItems":{}})"), envelope("[]"), envelope(R"({"NotificationRequestItem":[]})"),
             envelope(replaced(example, "hmacSignature", "signature")), envelope(wrapped(example_members, "")),
             envelope(wrapped(example_members, "not base64")),
             envelope(wrapped(R"("pspReference":{})", signature_of(":::::::"))),
             envelope(wrapped(R"("amount":{"value":1.5})", signature_of("::::1.5:::"))),
             envelope(replaced(example, R"("amount")", R"("amount":{"value":1,"currency":"USD"},"amount")")),
             envelope(example) + "x"}) {
        INFO(body.substr(0, 200));
        CHECK(judged(body) == bad);
    }
}

TEST_CASE("each item of Adyen's is an event of its own, told by what was signed") {
    const std::string other =
        wrapped(R"("pspReference":"2","eventCode":"CAPTURE","success":"true")", signature_of("2::::::CAPTURE:true"));
    const auto events = read(adyen, envelope(example + "," + other), now);
    REQUIRE(events);
    REQUIRE(events->size() == 2);
    CHECK(events->front().name == "AUTHORISATION:7914073381342284");
    CHECK(events->front().type == "AUTHORISATION");
    CHECK(events->front().body.find("CAPTURE:") == std::string::npos);
    CHECK(events->back().name == "CAPTURE:2");
    CHECK(events->front().id != events->back().id);

    // Adyen sends the same again with another date, or alone.
    const auto again = read(adyen, envelope(replaced(example, "2019-05-06", "2019-05-07")), now);
    REQUIRE(again);
    CHECK(again->front().id == events->front().id);
    CHECK(again->front().fingerprint == events->front().fingerprint);
    CHECK(again->front().fingerprint != events->back().fingerprint);
}

TEST_CASE("a signed item of Adyen's without a code or a reference is no event") {
    for (const std::string& members :
         std::vector<std::string>{std::string(R"("pspReference":"1")"), std::string(R"("eventCode":"CAPTURE")"),
                                  std::string(R"("pspReference":"1\n","eventCode":"CAPTURE")")}) {
        const auto events = read(adyen, envelope(wrapped(members, "x")), now);
        REQUIRE_FALSE(events);
        CHECK(events.error().code == Code::invalid_json);
    }
}
