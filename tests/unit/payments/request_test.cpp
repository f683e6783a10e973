#include "payments/request.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "json/strict_json.hpp"

using namespace tollgate;

namespace {

const std::string valid = R"({"order_id":"ord_123","amount":4999,"currency":"USD","payment_method":"tok_visa",)"
                          R"("customer":{"id":"cus_1","email":"ann@example.com","country":"US"},)"
                          R"("items":[{"sku":"SKU-1","quantity":1}],"capture":"automatic","metadata":{"cart":"c_9"}})";

/// The valid body with one piece of its text replaced.
std::string with(const std::string& old, const std::string& now) {
    const auto at = valid.find(old);
    REQUIRE(at != std::string::npos);
    std::string body = valid;
    return body.replace(at, old.size(), now);
}

std::string with_amount(const std::string& literal) {
    return with("4999", literal);
}

/// The valid body with one more member at its end.
std::string and_also(const std::string& member) {
    return valid.substr(0, valid.size() - 1) + "," + member + "}";
}

Rejection refusal_of(const std::string& body) {
    auto parsed = parse_charge_request(body);
    INFO(body);
    REQUIRE_FALSE(parsed);
    return parsed.error();
}

Code code_of(const std::string& body) {
    return refusal_of(body).error.code;
}

/// The places complained about.
std::vector<std::string> places(const std::string& body) {
    const Rejection rejection = refusal_of(body);
    CHECK(rejection.error.code == Code::validation_failed);
    std::vector<std::string> pointers;
    for (const FieldError& error : rejection.errors) {
        CHECK_FALSE(error.detail.empty());
        pointers.push_back(error.pointer);
    }
    return pointers;
}

using Places = std::vector<std::string>;

std::string nested(int arrays) {
    return std::string(static_cast<std::size_t>(arrays), '[') + std::string(static_cast<std::size_t>(arrays), ']');
}

std::string fingerprint_of(const std::string& body) {
    const auto parsed = parse_charge_request(body);
    INFO(body);
    REQUIRE(parsed);
    return parsed->fingerprint;
}

}  // namespace

TEST_CASE("a charge is read whole") {
    const auto parsed = parse_charge_request(valid);
    REQUIRE(parsed);
    const ChargeRequest& request = parsed->request;
    CHECK(request.order_id == "ord_123");
    CHECK(request.amount == Money{4999, *Currency::from_code("USD")});
    CHECK(request.payment_method == "tok_visa");
    CHECK(request.customer == Customer{"cus_1", "ann@example.com", "US"});
    CHECK(request.items == std::vector<Item>{{"SKU-1", 1}});
    CHECK_FALSE(request.manual_capture);
    CHECK_FALSE(request.allow_duplicate);
    CHECK(request.metadata == std::vector<std::pair<std::string, std::string>>{{"cart", "c_9"}});
}

TEST_CASE("capture, metadata and allow_duplicate may be left out, and say what they say") {
    const auto bare = parse_charge_request(with(R"(,"capture":"automatic","metadata":{"cart":"c_9"})", ""));
    REQUIRE(bare);
    CHECK_FALSE(bare->request.manual_capture);
    CHECK(bare->request.metadata.empty());
    const auto full = parse_charge_request(with(R"("automatic")", R"("manual","allow_duplicate":true)"));
    REQUIRE(full);
    CHECK(full->request.manual_capture);
    CHECK(full->request.allow_duplicate);
}

TEST_CASE("every required member that is missing is named, all at once") {
    CHECK(places("{}") == Places{"/order_id", "/amount", "/currency", "/payment_method", "/customer", "/items"});
    CHECK(places(with(R"({"id":"cus_1","email":"ann@example.com","country":"US"})", "{}")) ==
          Places{"/customer/id", "/customer/email", "/customer/country"});
    CHECK(places(with(R"({"sku":"SKU-1","quantity":1})", "{}")) == Places{"/items/0/sku", "/items/0/quantity"});
}

TEST_CASE("a member this service does not know is refused wherever it stands, and named") {
    CHECK(places(and_also(R"("captrue":"manual")")) == Places{"/captrue"});
    CHECK(places(with(R"("country":"US")", R"("country":"US","phone":"1")")) == Places{"/customer/phone"});
    CHECK(places(with(R"("quantity":1)", R"("quantity":1,"price":5)")) == Places{"/items/0/price"});
    CHECK(places(with(R"("order_id")", R"("Order_ID")")) == Places{"/Order_ID", "/order_id"});
}

TEST_CASE("an amount is an integer literal of at least one minor unit and at most twelve digits") {
    for (const char* amount : {"1e2", "1E2", "100.0", "4999.5", "0", "-1", "-0", "9223372036854775807", "9223372036854775808",
                               "18446744073709551616", "1000000000000", "1e999", "\"4999\"", "null", "true", "[4999]", "{}"}) {
        CHECK(places(with_amount(amount)) == Places{"/amount"});
    }
    CHECK(parse_charge_request(with_amount("1")));
    CHECK(parse_charge_request(with_amount("999999999999")));
}

TEST_CASE("a number that JSON does not have is no JSON") {
    for (const char* amount : {"0100", "+1", ".5", "1.", "0x10", "NaN", "Infinity", "1_000", "--1", "1e"}) {
        CHECK(code_of(with_amount(amount)) == Code::invalid_json);
    }
}

TEST_CASE("the currency and the country are upper-case codes that exist") {
    for (const char* currency : {R"("usd")", R"("Usd")", R"("USDX")", R"("XXX")", R"("")", "840", "null"}) {
        CHECK(places(with(R"("USD")", currency)) == Places{"/currency"});
    }
    for (const char* country : {R"("us")", R"("USA")", R"("UK")", R"("ZZ")", R"("")", "1", "null"}) {
        CHECK(places(with(R"("US")", country)) != Places{});
    }
    CHECK(places(with(R"("country":"US")", R"("country":"XX")")) == Places{"/customer/country"});
    CHECK(parse_charge_request(with("USD", "JPY")));
}

TEST_CASE("each member has its type, its length and its characters") {
    const std::string too_long(256, 'x');
    CHECK(places(with(R"("ord_123")", "7")) == Places{"/order_id"});
    CHECK(places(with(R"("ord_123")", R"("")")) == Places{"/order_id"});
    CHECK(places(with(R"("ord_123")", R"("a\nb")")) == Places{"/order_id"});
    CHECK(places(with("ord_123", too_long)) == Places{"/order_id"});
    CHECK(parse_charge_request(with("ord_123", std::string(255, 'x'))));
    CHECK(parse_charge_request(with("ord_123", "Bestellung Ä 7")));
    CHECK(places(with("tok_visa", "tok visa")) == Places{"/payment_method"});
    CHECK(places(with("tok_visa", "tok_é")) == Places{"/payment_method"});
    for (const char* email : {"ann", "@example.com", "ann@", "a@b@c", "a b@c.de"}) {
        CHECK(places(with("ann@example.com", email)) == Places{"/customer/email"});
    }
    CHECK(places(with(R"({"id":"cus_1","email":"ann@example.com","country":"US"})", R"("cus_1")")) == Places{"/customer"});
    CHECK(places(with(R"("automatic")", R"("later")")) == Places{"/capture"});
    CHECK(places(with(R"("automatic")", "null")) == Places{"/capture"});
    CHECK(places(and_also(R"("allow_duplicate":"yes")")) == Places{"/allow_duplicate"});
    CHECK(places(and_also(R"("allow_duplicate":1)")) == Places{"/allow_duplicate"});
}

TEST_CASE("items are 1 to 100 objects with a quantity of at least one") {
    const std::string one = R"({"sku":"SKU-1","quantity":1})";
    CHECK(places(with("[" + one + "]", "[]")) == Places{"/items"});
    CHECK(places(with("[" + one + "]", one)) == Places{"/items"});
    CHECK(places(with(one, "7")) == Places{"/items/0"});
    CHECK(places(with(R"("quantity":1)", R"("quantity":0)")) == Places{"/items/0/quantity"});
    CHECK(places(with(R"("quantity":1)", R"("quantity":1.0)")) == Places{"/items/0/quantity"});
    CHECK(places(with(R"("quantity":1)", R"("quantity":1000001)")) == Places{"/items/0/quantity"});
    std::string hundred = one;
    for (int i = 1; i < 100; ++i) hundred += "," + one;
    CHECK(parse_charge_request(with(one, hundred)));
    CHECK(places(with(one, hundred + "," + one)) == Places{"/items"});
}

TEST_CASE("metadata is at most 50 short strings") {
    const auto metadata = [](const std::string& members) { return with(R"({"cart":"c_9"})", "{" + members + "}"); };
    std::string fifty = R"("k0":"")";
    for (int i = 1; i < 50; ++i) fifty += ",\"k" + std::to_string(i) + "\":\"v\"";
    CHECK(parse_charge_request(metadata(fifty)));
    CHECK(places(metadata(fifty + R"(,"k50":"v")")) == Places{"/metadata"});
    CHECK(places(metadata(R"("k":1)")) == Places{"/metadata"});
    CHECK(places(metadata(R"("k":null)")) == Places{"/metadata"});
    CHECK(places(metadata(R"("":"v")")) == Places{"/metadata"});
    CHECK(places(metadata("\"" + std::string(41, 'k') + R"(":"v")")) == Places{"/metadata"});
    CHECK(places(metadata(R"("k":")" + std::string(501, 'v') + "\"")) == Places{"/metadata"});
    CHECK(parse_charge_request(metadata("\"" + std::string(40, 'k') + R"(":")" + std::string(500, 'v') + "\"")));
    CHECK(places(with(R"({"cart":"c_9"})", R"(["c_9"])")) == Places{"/metadata"});
}

TEST_CASE("a body that is JSON but no object is refused as a whole") {
    for (const char* body : {"[]", "7", "null", R"("x")", "true"}) CHECK(code_of(body) == Code::validation_failed);
}

TEST_CASE("what is no single JSON text is refused") {
    for (const std::string& body :
         {std::string(), std::string("   "), std::string("{"), std::string("nope"), valid + "x", valid + valid,
          valid.substr(0, valid.size() - 1), valid + ",", "\xEF\xBB\xBF" + valid, "// note\n" + valid, with("}]", "},]"),
          with("4999", "4999,"), std::string("{'a':1}"), valid + std::string(1, '\0')}) {
        CHECK(code_of(body) == Code::invalid_json);
    }
    CHECK(parse_charge_request(" \r\n\t" + valid + " \r\n\t"));
}

TEST_CASE("a member that stands twice in one object is refused, however it is written and however deep") {
    CHECK(code_of(and_also(R"("amount":1)")) == Code::invalid_json);
    CHECK(code_of(and_also(R"("amount":4999)")) == Code::invalid_json);
    CHECK(code_of(and_also(R"("amo\u0075nt":1)")) == Code::invalid_json);
    CHECK(code_of(with(R"("country":"US")", R"("country":"US","country":"US")")) == Code::invalid_json);
    CHECK(code_of(with(R"("cart":"c_9")", R"("cart":"c_9","cart":"c_9")")) == Code::invalid_json);
    CHECK(code_of(with(R"("quantity":1)", R"("quantity":1,"sku":"SKU-1")")) == Code::invalid_json);
    CHECK(parse_charge_request(with("[{", R"([{"sku":"SKU-1","quantity":2},{)")));
}

TEST_CASE("JSON may nest 32 levels deep and no deeper") {
    CHECK(parse_strict_json(nested(32)));
    const auto deeper = parse_strict_json(nested(33));
    REQUIRE_FALSE(deeper);
    CHECK(deeper.error().code == Code::invalid_json);
    CHECK_THAT(deeper.error().detail, Catch::Contains("32"));
    CHECK(code_of(nested(100'000)) == Code::invalid_json);
    CHECK(code_of(std::string(200'000, '[')) == Code::invalid_json);
    std::string objects;
    for (int i = 0; i < 33; ++i) objects += R"({"a":)";
    CHECK(code_of(objects + "1" + std::string(33, '}')) == Code::invalid_json);
}

TEST_CASE("text that is not UTF-8 is refused in values and in names") {
    for (const char* bytes : {"\xFF", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xC3", "\xE2\x82", "\x80"}) {
        CHECK(code_of(with("ord_123", bytes)) == Code::invalid_json);
        CHECK(code_of(and_also("\"" + std::string(bytes) + "\":1")) == Code::invalid_json);
    }
    CHECK(code_of(with("ord_123", R"(\ud800)")) == Code::invalid_json);
    CHECK(code_of(with("ord_123", R"(\udc00\ud800)")) == Code::invalid_json);
    CHECK(parse_charge_request(with("ord_123", R"(\ud83d\ude00)")));
    CHECK(code_of(with("ord_123", "a\nb")) == Code::invalid_json);
}

TEST_CASE("a card number is refused in any string, plain, grouped or escaped") {
    for (const char* number :
         {"4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111", R"(4\u0031111111111\u00311111)", "378282246310005",
          "my card: 5555555555554444.", "6011111111111117"}) {
        CHECK(code_of(with("tok_visa", number)) == Code::pan_not_accepted);
        CHECK(code_of(with("ord_123", number)) == Code::pan_not_accepted);
        CHECK(code_of(with("c_9", number)) == Code::pan_not_accepted);
        CHECK(code_of(with("ann@example.com", number)) == Code::pan_not_accepted);
        CHECK(code_of(with("SKU-1", number)) == Code::pan_not_accepted);
    }
    CHECK(parse_charge_request(with("ord_123", "4111111111111112")));      // not valid after Luhn
    CHECK(parse_charge_request(with("ord_123", "94111111111111111234")));  // within a longer run of digits
}

TEST_CASE("a card number is refused in a member's name, known or not, however deep") {
    CHECK(code_of(and_also(R"("4111111111111111":1)")) == Code::pan_not_accepted);
    CHECK(code_of(with(R"("cart")", R"("4111-1111-1111-1111")")) == Code::pan_not_accepted);
    CHECK(code_of(with(R"("cart")", R"("\u0034111111111111111")")) == Code::pan_not_accepted);
    CHECK(code_of(and_also(R"("x":[[{"4111111111111111":[]}]])")) == Code::pan_not_accepted);
    CHECK(code_of(R"(["4111111111111111"])") == Code::pan_not_accepted);
    CHECK(code_of(R"("4111111111111111")") == Code::pan_not_accepted);
}

TEST_CASE("a member named like a card's security code is refused, whatever it holds") {
    for (const char* name : {"cvv", "CVV", "cvc", "cvv2", "security_code", "cardCvc", R"(c\u0076v)"}) {
        CHECK(code_of(and_also("\"" + std::string(name) + R"(":null)")) == Code::pan_not_accepted);
        CHECK(code_of(with(R"("cart")", "\"" + std::string(name) + "\"")) == Code::pan_not_accepted);
    }
}

TEST_CASE("no refusal repeats a card number, whatever else is wrong with the body") {
    const std::string number = "4111111111111111";
    for (const std::string& body :
         {with("tok_visa", number), and_also("\"" + number + "\":1"), with_amount(number), with_amount(number + ".0"),
          "{" + valid + number, and_also("\"" + number + "\":1,\"" + number + "\":2"), "\"" + number, number + "x",
          with("ord_123", number + "\xFF"), and_also("\"x " + number + " y\":1")}) {
        const Rejection rejection = refusal_of(body);
        std::string said = rejection.error.detail;
        for (const FieldError& error : rejection.errors) said += error.pointer + error.detail;
        CHECK_THAT(said, !Catch::Contains(number));
        CHECK_THAT(said, !Catch::Contains("41111"));
    }
}

TEST_CASE("payloads that are equal as JSON values have one fingerprint") {
    const std::string same = fingerprint_of(valid);
    CHECK(fingerprint_of(" \n" + with(R"("amount":4999)", "\t\"amount\" :\r\n 4999 ") + "\n") == same);
    CHECK(fingerprint_of(with("USD", R"(\u0055SD)")) == same);
    CHECK(fingerprint_of(with(R"("order_id":"ord_123","amount":4999)", R"("amount":4999,"order_id":"ord_123")")) == same);
    CHECK(fingerprint_of(with(R"({"id":"cus_1","email":"ann@example.com","country":"US"})",
                              R"({"country":"US","email":"ann@example.com","id":"cus_1"})")) == same);
}

TEST_CASE("payloads that differ have different fingerprints") {
    const std::string same = fingerprint_of(valid);
    CHECK(fingerprint_of(with_amount("4998")) != same);
    CHECK(fingerprint_of(with("USD", "EUR")) != same);
    CHECK(fingerprint_of(with("c_9", "c_8")) != same);
    CHECK(fingerprint_of(with("cart", "Cart")) != same);
    CHECK(fingerprint_of(with(R"("capture":"automatic",)", "")) != same);
    const std::string a = R"({"sku":"A","quantity":1})";
    const std::string b = R"({"sku":"B","quantity":1})";
    const std::string one = R"({"sku":"SKU-1","quantity":1})";
    CHECK(fingerprint_of(with(one, a + "," + b)) != fingerprint_of(with(one, b + "," + a)));
    const auto metadata = [](const std::string& members) { return with(R"({"cart":"c_9"})", "{" + members + "}"); };
    CHECK(fingerprint_of(metadata(R"("a":"b\",\"c\":\"d")")) != fingerprint_of(metadata(R"("a":"b","c":"d")")));
}

TEST_CASE("a key is the same bare and as a quoted string") {
    CHECK(parse_idempotency_key("key-1").value() == "key-1");
    CHECK(parse_idempotency_key(R"("key-1")").value() == "key-1");
    CHECK(parse_idempotency_key(R"("a\"b\\c")").value() == R"(a"b\c)");
    CHECK(parse_idempotency_key(R"(a"b\c)").value() == R"(a"b\c)");
    CHECK(parse_idempotency_key(std::string(255, 'k')));
    CHECK(parse_idempotency_key('"' + std::string(255, 'k') + '"'));
    CHECK(parse_idempotency_key("8e03978e-40d5-43dd-bc93-6894a57f9324"));
}

TEST_CASE("a key that is empty, too long, or not visible ASCII is refused") {
    for (const std::string& key :
         {std::string(), std::string(R"("")"), std::string(256, 'k'), '"' + std::string(256, 'k') + '"', std::string("a b"),
          std::string(R"("a b")"), std::string("a\tb"), std::string("k\x7f"), std::string("k\xC3\xA9"), std::string(R"("abc)"),
          std::string(R"("a"b")"), std::string(R"("a\b")"), std::string(R"("a\")"), std::string(R"("abc";x=1)"),
          std::string("\"\\\""), std::string("k\0k", 3)}) {
        const auto parsed = parse_idempotency_key(key);
        INFO(key);
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().code == Code::idempotency_key_invalid);
        CHECK(parsed.error().detail.find(key.empty() ? "\n" : key) == std::string::npos);
    }
}

TEST_CASE("a key that holds a card number is refused and not repeated") {
    for (const char* key : {"4111111111111111", "order-4111-1111-1111-1111", R"("4111111111111111")"}) {
        const auto parsed = parse_idempotency_key(key);
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().code == Code::pan_not_accepted);
        CHECK_THAT(parsed.error().detail, !Catch::Contains("4111"));
    }
}
