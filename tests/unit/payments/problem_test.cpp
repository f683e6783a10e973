#include "payments/problem.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>

using namespace tollgate;

namespace {

/// Contract section 3, Errors: status and code, word for word.
const std::map<std::string, int> contract{
    {"idempotency_key_missing", 400},
    {"idempotency_key_invalid", 400},
    {"invalid_json", 400},
    {"bad_request", 400},
    {"webhook_signature_invalid", 400},
    {"webhook_timestamp_invalid", 400},
    {"unauthenticated", 401},
    {"forbidden", 403},
    {"not_found", 404},
    {"card_declined", 402},
    {"insufficient_funds", 402},
    {"expired_card", 402},
    {"fraud_blocked", 402},
    {"method_not_allowed", 405},
    {"request_timeout", 408},
    {"length_required", 411},
    {"body_too_large", 413},
    {"uri_too_long", 414},
    {"unsupported_media_type", 415},
    {"headers_too_large", 431},
    {"not_implemented", 501},
    {"http_version_not_supported", 505},
    {"idempotency_in_flight", 409},
    {"out_of_stock", 409},
    {"checkout_reversed", 409},
    {"cannot_ship", 409},
    {"invalid_state", 409},
    {"probable_duplicate", 409},
    {"validation_failed", 422},
    {"idempotency_key_reused", 422},
    {"pan_not_accepted", 422},
    {"refund_exceeds_capture", 422},
    {"rate_limited", 429},
    {"internal", 500},
    {"needs_attention", 500},
    {"gateway_error", 502},
    {"circuit_open", 503},
    {"overloaded", 503},
    {"store_unavailable", 503},
    {"shutting_down", 503},
};

boost::json::object problem_of(const Problem& problem) {
    return boost::json::parse(to_json(problem)).as_object();
}

}  // namespace

TEST_CASE("every failure has a name and a status of the contract, and every name of the contract is one") {
    std::set<std::string> shown;
    for (int i = 0; i <= static_cast<int>(Code::internal); ++i) {
        const Code code = static_cast<Code>(i);
        const std::string name(info(public_code(code)).name);
        INFO(info(code).name << " is shown as " << name);
        REQUIRE(contract.contains(name));
        CHECK(http_status(code) == contract.at(name));
        CHECK(public_code(public_code(code)) == public_code(code));
        shown.insert(name);
    }
    CHECK(shown.size() == contract.size());
}

TEST_CASE("every public failure has a title of its own") {
    std::set<std::string> titles;
    std::set<std::string> codes;
    for (int i = 0; i <= static_cast<int>(Code::internal); ++i) {
        const auto problem = problem_of({.error = {static_cast<Code>(i), "d"}});
        codes.emplace(problem.at("code").as_string());
        if (problem.at("code") == "bad_request") continue;  // shares its words with validation_failed
        titles.emplace(problem.at("title").as_string());
    }
    CHECK(titles.size() == codes.size() - 1);
}

TEST_CASE("a problem has RFC 9457's members and the contract's") {
    const auto problem = problem_of({.error = {Code::validation_failed, "see errors"},
                                     .request_id = "req-1",
                                     .instance = "/charge",
                                     .charge_id = "ch_1",
                                     .errors = {{"/amount", "must be an integer"}}});
    CHECK(problem.at("type").as_string().starts_with("urn:"));
    CHECK(problem.at("title") == "The request is not valid");
    CHECK(problem.at("status") == 422);
    CHECK(problem.at("detail") == "see errors");
    CHECK(problem.at("instance") == "/charge");
    CHECK(problem.at("code") == "validation_failed");
    CHECK(problem.at("retriable") == false);
    CHECK(problem.at("request_id") == "req-1");
    CHECK(problem.at("charge_id") == "ch_1");
    CHECK(problem.at("errors") == boost::json::value({{{"pointer", "/amount"}, {"detail", "must be an integer"}}}));
}

TEST_CASE("what is not known is left out of a problem") {
    const auto problem = problem_of({.error = {Code::not_found, "d"}, .request_id = "req-1"});
    CHECK_FALSE(problem.contains("charge_id"));
    CHECK_FALSE(problem.contains("errors"));
    CHECK_FALSE(problem.contains("instance"));
}

TEST_CASE("a problem says whether the same request may be sent again") {
    CHECK(problem_of({.error = {Code::circuit_open, "d"}}).at("retriable") == true);
    CHECK(problem_of({.error = {Code::network_error, "d"}}).at("retriable") == true);
    CHECK(problem_of({.error = {Code::store_unknown, "d"}}).at("retriable") == true);
    CHECK(problem_of({.error = {Code::card_declined, "d"}}).at("retriable") == false);
    CHECK(problem_of({.error = {Code::needs_attention, "d"}}).at("retriable") == false);
}

TEST_CASE("a problem never repeats a card number, wherever it came from") {
    const std::string card = "4242 4242 4242 4242";
    const std::string text = to_json({.error = {Code::validation_failed, "the card " + card},
                                      .request_id = "req-1",
                                      .instance = "/charge/" + card,
                                      .errors = {{"/metadata/" + card, "is " + card}}});
    INFO(text);
    CHECK(text.find("4242 4242") == std::string::npos);
    CHECK(text.find("the card ************4242") != std::string::npos);
}
