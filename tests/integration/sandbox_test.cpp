// `tollgate sandbox` as an adapter in any language meets it: over a socket.
#include <catch2/catch.hpp>

#include "support/client.hpp"
#include "support/program.hpp"

using namespace tollgate::test;

namespace {

Call authorize(const std::string& key, const std::string& token) {
    return {.method = "POST",
            .path = "/v1/authorize",
            .body = R"({"reference":"ch_1","order_id":"ord_1","amount":100,"currency":"USD","payment_method":")" + token +
                    R"(","customer":{"id":"cus_1"}})",
            .key = key};
}

}  // namespace

TEST_CASE("a sandbox token that cuts the connection before acting sends nothing and does nothing") {
    const auto sandbox = start_sandbox();
    CHECK_FALSE(request(sandbox->port(), authorize("key-1", "tok_flaky_1")));
    CHECK(effects(sandbox->port(), "ord_1").empty());
    CHECK(request(sandbox->port(), {.path = "/v1/operations/key-1"})->status == 404);
    CHECK(request(sandbox->port(), authorize("key-1", "tok_flaky_1"))->status == 200);
    CHECK(effects(sandbox->port(), "ord_1") == "authorize");
}

TEST_CASE("a sandbox token that loses its reply has acted, and a look-up tells") {
    const auto sandbox = start_sandbox();
    CHECK_FALSE(request(sandbox->port(), authorize("key-1", "tok_lost_reply")));
    CHECK(effects(sandbox->port(), "ord_1") == "authorize");
    const auto found = request(sandbox->port(), {.path = "/v1/operations/key-1"});
    REQUIRE(found);
    CHECK(found->status == 200);
    CHECK(found->text("status") == "authorized");
}

TEST_CASE("a sandbox that is reset has forgotten everything") {
    const auto sandbox = start_sandbox();
    CHECK(request(sandbox->port(), authorize("key-1", "tok_visa"))->status == 200);
    CHECK(request(sandbox->port(), {.method = "POST", .path = "/sandbox/reset"})->status < 300);
    CHECK(effects(sandbox->port(), "ord_1").empty());
}
