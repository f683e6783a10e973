#include "support.hpp"

using namespace tollgate;
using namespace tollgate::test;

TEST_CASE("a blocklisted email is found in any case, and only as a whole") {
    const auto rule = rule_of("blocklist", {{"emails", Texts{"Eve@Example.com"}}});
    Order order;
    CHECK_FALSE(judge(*rule, order).hit);
    for (const auto* email : {"eve@example.com", "EVE@EXAMPLE.COM", "Eve@Example.com"}) {
        order.customer.email = email;
        CHECK(judge(*rule, order).hit);
    }
    for (const auto* email : {"steve@example.com", "eve@example.co", "eve@example.com.org", ""}) {
        order.customer.email = email;
        CHECK_FALSE(judge(*rule, order).hit);
    }
}

TEST_CASE("only the case of ASCII letters is ignored in emails") {
    const auto rule = rule_of("blocklist", {{"emails", Texts{"\u00e9ve@example.com"}}});
    Order order;
    order.customer.email = "\u00e9VE@example.com";
    CHECK(judge(*rule, order).hit);
    order.customer.email = "\u00c9ve@example.com";
    CHECK_FALSE(judge(*rule, order).hit);
}

TEST_CASE("customers, countries and payment methods are blocklisted exactly as written") {
    const auto rule =
        rule_of("blocklist", {{"customers", Texts{"cus_1"}}, {"countries", Texts{"KP"}}, {"payment_methods", Texts{"tok_x"}}});
    Order order;
    CHECK(judge(*rule, order).hit);
    order.customer.id = "CUS_1";
    CHECK_FALSE(judge(*rule, order).hit);
    order.payment_method = "tok_x";
    CHECK(judge(*rule, order).hit);
    order.payment_method = "TOK_X";
    CHECK_FALSE(judge(*rule, order).hit);
    order.customer.country = "KP";
    CHECK(judge(*rule, order).hit);
}

TEST_CASE("what is on one list of a blocklist does not block as something else") {
    const auto rule =
        rule_of("blocklist", {{"customers", Texts{"ann@example.com"}}, {"emails", Texts{"cus_1", "us", "tok_visa"}}});
    CHECK_FALSE(judge(*rule, Order()).hit);
}

TEST_CASE("a blocklist tells which list hit and nothing of whom") {
    const std::vector<std::pair<std::string, std::string>> lists = {
        {"emails", "ann@example.com"}, {"customers", "cus_1"}, {"countries", "US"}, {"payment_methods", "tok_visa"}};
    std::vector<std::string> details;
    for (const auto& [list, entry] : lists) {
        const auto finding = judge(*rule_of("blocklist", {{list, Texts{entry}}}), Order());
        CHECK(finding.hit);
        CHECK(finding.detail.find(entry) == std::string::npos);
        details.push_back(finding.detail);
    }
    CHECK(details == std::vector<std::string>{"the customer's email is on the list", "the customer is on the list",
                                              "the customer's country is on the list", "the payment method is on the list"});
    CHECK(judge(*rule_of("blocklist", {{"emails", Texts{"eve@example.com"}}}), Order()).detail == "not on the list");
}
