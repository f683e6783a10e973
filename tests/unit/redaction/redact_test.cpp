#include "redaction/redact.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "redaction/card_number.hpp"

using namespace tollgate;

TEST_CASE("of a card number its last four digits stay, as ASCII") {
    CHECK(redact("card 4242424242424242, exp 12/29") == "card ************4242, exp 12/29");
    CHECK(redact("378282246310005 and 4111-1111-1111-1111.") == "************0005 and ************1111.");
    CHECK(redact("٤١١١١١١١١١١١١١١١") == "************1111");
    CHECK(redact("x4111111111111111y") == "x************1111y");
}

TEST_CASE("text without card data stays as it is, byte for byte") {
    for (const std::string text :
         {"", "visa ending in 4242, 12/29", "Visa •••• 1111 exp 11/2029", "%", "\\", "\\u", "%4", "\xff\xfe",
          "************4242", "status 402 after 120 ms", R"({"a":[1,2,3],"path":"C:\\x","q":"50%"})"}) {
        CAPTURE(text);
        CHECK(redact(text) == text);
        CHECK_FALSE(holds_card_data(text));
    }
    const std::string zero("a\0b 4111111111111111\0", 21);
    CHECK(redact(zero) == std::string("a\0b ************1111\0", 21));
}

TEST_CASE("a labelled verification code becomes three asterisks and its label stays") {
    for (const auto& [text, clean] : std::vector<std::pair<std::string, std::string>>{
             {"CVV: 123", "CVV: ***"},
             {"cvv=1234;", "cvv=***;"},
             {"CVV2 123", "CVV2 ***"},
             {"cvv 2345", "cvv ***"},
             {"cvv2:345", "cvv2:***"},
             {"Cvc2 = '999'", "Cvc2 = '***'"},
             {"cvv123", "cvv***"},
             {"CVV2123", "CVV***"},
             {"cid: 4321", "cid: ***"},
             {"CSC #123", "CSC #***"},
             {"CVN (123)", "CVN (***)"},
             {"the cvv is 123.", "the cvv is ***."},
             {"CVV code: 123", "CVV code: ***"},
             {"security code 123", "security code ***"},
             {"Security Code is: 123", "Security Code is: ***"},
             {"card_security_code=123", "card_security_code=***"},
             {"card verification value 123", "card verification value ***"},
             {"Card Verification Number: 9876", "Card Verification Number: ***"},
             {"cardVerificationValue=123", "cardVerificationValue=***"},
             {R"({"cvv":"123","amount":4999})", R"({"cvv":"***","amount":4999})"},
             {R"({"cvc" : 123})", R"({"cvc" : ***})"},
             {R"({"card_cvc":"123"})", R"({"card_cvc":"***"})"},
             {R"({"securityCode":"123"})", R"({"securityCode":"***"})"},
             {R"("{\"cvv\":\"123\"}")", R"("{\"cvv\":\"***\"}")"},
             {R"("{\\\"cvv\\\":\\\"123\\\"}")", R"("{\\\"cvv\\\":\\\"***\\\"}")"},
             {R"({\u0022cvv\u0022:\u0022123\u0022})", R"({\u0022cvv\u0022:\u0022***\u0022})"},
             {R"({"\u0063vv":"\u003123"})", R"({"\u0063vv":"***"})"},
             {"cvv%3D123&x=1", "cvv%3D***&x=1"},
             {"%22cvv%22%3A%22123%22", "%22cvv%22%3A%22***%22"},
             {"security%20code%3A%20123", "security%20code%3A%20***"},
             {"card+verification+value=%31%32%33", "card+verification+value=***"},
             {"card[cvc]=123&card[exp]=12", "card[cvc]=***&card[exp]=12"},
             {"card%5Bcvc%5D=123", "card%5Bcvc%5D=***"},
             {"<cvv>123</cvv>", "<cvv>***</cvv>"},
             {"c-v-v 123", "c-v-v ***"},
             {"CVV：１２３", "CVV：***"},
             {"ＣＶＶ ١٢٣", "ＣＶＶ ***"},
             {"cvv\t\u00a0123", "cvv\t\u00a0***"},
             {"cvv 123 cvc 4567", "cvv *** cvc ***"},
         }) {
        CAPTURE(text);
        CHECK(redact(text) == clean);
        CHECK(redact(clean) == clean);
        CHECK(holds_card_data(text));
        CHECK_FALSE(holds_card_data(clean));
    }
}

TEST_CASE("three digits that no such label names stay") {
    for (const std::string text : {"cvv 12",
                                   "cvv 12345",
                                   "cvv: 123456789",
                                   "cvv failed with 402",
                                   "cvv_result=match",
                                   "status 402",
                                   "incident 1234",
                                   "acid: 123",
                                   "order_cid=1234",
                                   "customer_id=123",
                                   "cidr 1234",
                                   "mac vcard 123",
                                   "cc v 123",
                                   "csv: 123",
                                   "discovery 123",
                                   "code: 123",
                                   "card 123",
                                   "cvv: ***",
                                   "cid=123e4567-e89b-42d3-a456-426614174000",
                                   "success 200",
                                   "cvv is missing, status 422",
                                   "cvv, 401"}) {
        CAPTURE(text);
        CHECK(redact(text) == text);
        CHECK_FALSE(holds_card_data(text));
    }
}

TEST_CASE("a card number behind a label is masked as one") {
    CHECK(redact("cvv 4242 4242 4242 4242") == "cvv ************4242");
    CHECK(redact("card 4242 4242 4242 4242 12/29 cvv 123") == "card ************4242 12/29 cvv ***");
}

TEST_CASE("of a magnetic stripe only the last four digits of the number stay") {
    for (const auto& [text, clean] : std::vector<std::pair<std::string, std::string>>{
             {"%B4242424242424242^DOE/JANE Q^29121011000000000000?", "%B************4242[track]?"},
             {"swipe %B4242 4242 4242 4242^DOE/JANE^2912101?;4242424242424242=29121010000012345678? end",
              "swipe %B************4242[track]?;************4242[track]? end"},
             {"%b378282246310005^Doe/Jane^2912101", "%b************0005[track]"},
             {";4242424242424242=29121010000012345678?", ";************4242[track]?"},
             {";4242424242424242==101?", ";************4242==101?"},
             {"4242424242424242=2912101", "************4242[track]"},
             {"4242424242424242D29121010000012345678F", "************4242[track]"},
             {"4242424242424242D291210100000123", "************4242[track]"},
             {"\"track2\":\"4242424242424242d2912101000f\",\"n\":1", "\"track2\":\"************4242[track]\",\"n\":1"},
             {"%25B4242424242424242%5EDOE%2FJANE%5E2912101%3F&x=1", "%25B************4242[track]%3F&x=1"},
             {R"({"t":";4242424242424242\u003d29121010000?"})", R"({"t":";************4242[track]?"})"},
             {R"({"t":"%B4242424242424242^DOE/JANE^2912101","n":7})", R"({"t":"%B************4242[track]","n":7})"},
         }) {
        CAPTURE(text);
        CHECK(redact(text) == clean);
        CHECK(redact(clean) == clean);
    }
    CHECK(redact("4242424242424242=12") == "************4242=12");
    CHECK(redact("4242424242424242 = 2912") == "************4242 = 2912");
}

TEST_CASE("what is masked holds nothing any more, whatever its last four digits stand beside") {
    for (const std::string text :
         {"4242424242424242 424242424242", "4242424242424242 424242424242 424242424242 424242424242",
          "4111111111111111 111111111111 4111", "5018 4242 4242 4242 4242", "4242 4242 4242 4242 4242 4242",
          R"(cvv 123\u00344242424242424242)", R"(\u4242424242424242\u00344242424242424242)"}) {
        const std::string clean = redact(text);
        CAPTURE(text, clean);
        CHECK_FALSE(holds_card_data(clean));
        CHECK(redact(clean) == clean);
    }
}
