// Test cards become tokens, and the tokens behave like the cards.
#include <catch2/catch.hpp>
#include <set>

#include "gateway/sandbox/faults.hpp"
#include "gateway/sandbox/tokens.hpp"
#include "redaction/card_number.hpp"
#include "support/event_loop.hpp"

using namespace tollgate;
using namespace tollgate::sandbox;

namespace {

Result<CardToken> token_of(Tokenizer& tokenizer, const std::string& number) {
    return test::EventLoop().run(tokenizer.tokenize(number));
}

CardToken good(Tokenizer& tokenizer, const std::string& number) {
    INFO(number);
    auto made = token_of(tokenizer, number);
    REQUIRE(made);
    return *made;
}

}  // namespace

TEST_CASE("a token tells brand and last four digits, and nothing else of its card") {
    EphemeralTokenizer tokenizer;
    const std::vector<std::pair<std::string, std::string>> cards{
        {"4242424242424242", "visa"}, {"5555555555554444", "mastercard"}, {"2223003122003222", "mastercard"},
        {"378282246310005", "amex"},  {"6011111111111117", "discover"},   {"3056930009020004", "diners"},
        {"3566002020360505", "jcb"},  {"6200000000000005", "unionpay"},   {"4222222222222", "visa"},
    };
    std::set<std::string> tokens;
    for (const auto& [number, brand] : cards) {
        const CardToken made = good(tokenizer, number);
        CHECK(made.brand == brand);
        CHECK(made.last4 == number.substr(number.size() - 4));
        CHECK(made.token.find_first_of("0123456789") == std::string::npos);
        CHECK(made.token.size() <= 64);
        CHECK(tokens.insert(made.token).second);
        const Faults faults = faults_of(made.token);
        CHECK(faults.decline.empty());
        CHECK_FALSE((faults.avs_mismatch || faults.cvv_mismatch || faults.lost_reply || faults.capture_fails));
    }
}

TEST_CASE("the same card has the same token however it is written, and another one in another process") {
    EphemeralTokenizer tokenizer;
    EphemeralTokenizer other;
    const std::string token = good(tokenizer, "4242424242424242").token;
    CHECK(good(tokenizer, "4242 4242 4242 4242").token == token);
    CHECK(good(tokenizer, "4242-4242-4242-4242").token == token);
    CHECK(good(other, "4242424242424242").token != token);
    CHECK(good(tokenizer, "4111111111111111").token != token);
}

TEST_CASE("the token of a well-known test card asks for what that card stands for") {
    EphemeralTokenizer tokenizer;
    const auto decline = [&](const std::string& number) { return faults_of(good(tokenizer, number).token).decline; };
    CHECK(decline("4000000000000002") == "card_declined");
    CHECK(decline("4000 0000 0000 9995") == "insufficient_funds");
    CHECK(decline("4000000000000069") == "expired_card");
    CHECK(decline("4000002500003155") == "authentication_required");
    CHECK(faults_of(good(tokenizer, "4000000000000127").token).cvv_mismatch);
    CHECK(faults_of(good(tokenizer, "4000000000000010").token).avs_mismatch);
}

TEST_CASE("what is no card number gets no token and is not repeated") {
    EphemeralTokenizer tokenizer;
    for (const std::string number :
         {"", "4242", "4242424242424241", "4242 4242 4242 4242 x", "x4242424242424242", " 4242424242424242", "1234567812345670",
          "42424242424242424242", "4242\n4242\n4242\n4242", "4242424242424242 4242424242424242"}) {
        INFO(number);
        const auto made = token_of(tokenizer, number);
        REQUIRE_FALSE(made);
        CHECK(made.error().code == Code::validation_failed);
        CHECK((number.size() < 5 || made.error().detail.find(number) == std::string::npos));
    }
}
