// POST /sandbox/tokens: test cards become tokens, so that nobody needs a number anywhere else.
#include <catch2/catch.hpp>

#include "integration/shop.hpp"

using namespace tollgate::test;

namespace {

Reply tokenize(const Program& sandbox, const std::string& body) {
    return must(request(sandbox.port(), {.method = "POST", .path = "/sandbox/tokens", .body = body}));
}

std::string token_of(const Program& sandbox, const std::string& number) {
    const Reply reply = tokenize(sandbox, R"({"number":")" + number + R"(","exp_month":12,"exp_year":2030,"cvc":"123"})");
    INFO(reply.body);
    REQUIRE(reply.status == 200);
    return reply.text("token");
}

}  // namespace

TEST_CASE("a test card becomes a token with its brand and last four digits, the same one each time") {
    const auto sandbox = start_sandbox();
    const Reply reply = tokenize(*sandbox, R"({"number":"4242 4242 4242 4242"})");
    CHECK(reply.status == 200);
    CHECK(reply.header("content-type") == "application/json");
    CHECK(reply.text("brand") == "visa");
    CHECK(reply.text("last4") == "4242");
    CHECK(reply.text("token").starts_with("tok_"));
    CHECK(token_of(*sandbox, "4242-4242-4242-4242") == reply.text("token"));
    CHECK(tokenize(*sandbox, R"({"number":"378282246310005"})").text("brand") == "amex");
}

TEST_CASE("a charge with a card's token ends as that card's charges do") {
    const Shop shop;
    const std::vector<std::pair<std::string, std::string>> endings{
        {"4242424242424242", "succeeded"},          {"4000000000000002", "card_declined"},
        {"4000000000009995", "insufficient_funds"}, {"4000000000000069", "expired_card"},
        {"4000002500003155", "requires_action"},
    };
    int number = 0;
    for (const auto& [card, ending] : endings) {
        INFO(card);
        const std::string key = "key-" + std::to_string(++number);
        const Reply reply = must(shop.charge(key, {.id = "ord-" + key, .token = token_of(*shop.sandbox, card)}));
        CHECK((reply.status < 300 ? reply.text("status") : reply.text("code")) == ending);
    }
}

TEST_CASE("the gateway tells of another verification code and another address for the cards that stand for it") {
    const auto sandbox = start_sandbox();
    const auto authorized = [&](const std::string& card) {
        return must(
            request(sandbox->port(),
                    {.method = "POST",
                     .path = "/v1/authorize",
                     .body = R"({"reference":"ch_)" + card.substr(12) + R"(","order_id":"o","amount":100,"currency":"USD",)" +
                             R"("payment_method":")" + token_of(*sandbox, card) + R"(","customer":{"id":"c"}})",
                     .key = "key-" + card.substr(12)}));
    };
    CHECK(authorized("4000000000000127").text("cvv_result") == "mismatch");
    CHECK(authorized("4000000000000010").text("avs_result") == "mismatch");
    CHECK(authorized("4242424242424242").text("cvv_result") == "match");
}

TEST_CASE("what is no card is refused without being repeated") {
    const auto sandbox = start_sandbox();
    for (const std::string body :
         {R"({"number":"4242424242424243"})", R"({"number":"4242 4242"})", R"({"number":4242424242424242})",
          R"({"card":"4242424242424242"})", R"({"number":"4242424242424242","name":"Ann"})", R"(["4242424242424242"])",
          R"({"number":"9999999999999995"})", R"({"number":""})"}) {
        INFO(body);
        const Reply reply = tokenize(*sandbox, body);
        check_problem(reply, 422, "validation_failed");
        for (const char* digits : {"42424242", "4242 4242", "99999999"}) CHECK(count_of(reply.body, digits) == 0);
    }
    check_problem(tokenize(*sandbox, R"({"number":"4242424242424242")"), 400, "invalid_json");
    check_problem(tokenize(*sandbox, R"({"number":")" + std::string(5000, '4') + "\"}"), 400, "invalid_json");
    CHECK(must(request(sandbox->port(), {.path = "/sandbox/ledger"})).body == "[]");
}
