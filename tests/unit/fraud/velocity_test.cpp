#include "support.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

std::shared_ptr<fraud::Rule> ten_an_hour(std::string key, bool failures_only = false) {
    return rule_of("velocity", {{"key", std::move(key)},
                                {"max_count", std::int64_t{10}},
                                {"window", Milliseconds(1h)},
                                {"failures_only", failures_only}});
}

std::string key_of(const fraud::Rule& rule, const Order& order) {
    const auto velocity = rule.counts(order.subject());
    REQUIRE(velocity);
    return velocity->key;
}

}  // namespace

TEST_CASE("a velocity rule hits from the charge after max_count on") {
    const auto rule = ten_an_hour("customer");
    CHECK_FALSE(judge(*rule, Order(), 1).hit);
    CHECK_FALSE(judge(*rule, Order(), 10).hit);
    CHECK(judge(*rule, Order(), 11).hit);
    CHECK(judge(*rule, Order(), 10).detail == "10 charges within 1h, it hits from 11 on");
    CHECK(judge(*rule, Order(), 11).detail == "more than 10 charges within 1h");
}

TEST_CASE("a velocity rule of failures hits once max_count charges have failed") {
    const auto rule = ten_an_hour("customer", true);
    CHECK_FALSE(judge(*rule, Order(), 0).hit);
    CHECK_FALSE(judge(*rule, Order(), 9).hit);
    CHECK(judge(*rule, Order(), 10).hit);
    CHECK(judge(*rule, Order(), 11).hit);
    CHECK(judge(*rule, Order(), 9).detail == "9 failed charges within 1h, it hits from 10 on");
    CHECK(judge(*rule, Order(), 11).detail == "10 or more failed charges within 1h");
}

TEST_CASE("a velocity rule passes what was not counted and says so") {
    const auto finding = judge(*ten_an_hour("customer"), Order());
    CHECK_FALSE(finding.hit);
    CHECK(finding.detail.find("not known") != std::string::npos);
}

TEST_CASE("a velocity rule asks the store for its window and no more than it needs to know") {
    const auto attempts = ten_an_hour("email")->counts(Order().subject());
    REQUIRE(attempts);
    CHECK(attempts->window == 1h);
    CHECK(attempts->max == 10);
    CHECK(attempts->counts_begin);
    CHECK_FALSE(ten_an_hour("email", true)->counts(Order().subject())->counts_begin);
}

TEST_CASE("charges are counted together when they share what the rule counts by, and apart otherwise") {
    const auto part = GENERATE(as<std::string>(), "customer", "email", "payment_method", "tenant");
    INFO(part);
    const auto rule = ten_an_hour(part);
    const Order order;
    Order other;  // shares nothing with it but the tenant and what is counted
    if (part != "customer") other.customer.id = "cus_2";
    if (part != "email") other.customer.email = "bob@example.com";
    if (part != "payment_method") other.payment_method = "tok_other";
    other.amount.minor = 1;
    CHECK(key_of(*rule, order) == key_of(*rule, other));

    Order different = order;
    if (part == "customer") different.customer.id = "CUS_1";
    if (part == "email") different.customer.email = "bob@example.com";
    if (part == "payment_method") different.payment_method = "tok_other";
    if (part == "tenant") different.tenant = "shop2";
    CHECK(key_of(*rule, order) != key_of(*rule, different));
}

TEST_CASE("an email is counted without case") {
    Order loud;
    loud.customer.email = "ANN@Example.COM";
    CHECK(key_of(*ten_an_hour("email"), Order()) == key_of(*ten_an_hour("email"), loud));
}

TEST_CASE("a velocity's key names tenant and rule and holds nothing of the customer, however long") {
    Order order;
    order.customer = {std::string(200, 'c'), "ann@example.com", "US"};
    for (const auto* part : {"customer", "email", "payment_method", "tenant"}) {
        const auto key = key_of(*ten_an_hour(part), order);
        CHECK(key.starts_with("shop/watch/"));
        CHECK(key.size() < 64);
        for (const auto* personal : {"ann", "example", "tok_visa", "cccc", "US"})
            CHECK(key.find(personal) == std::string::npos);
    }
}

TEST_CASE("two velocity rules never share a count") {
    const fraud::Kind& kind = *fraud::kind_named("velocity");
    const fraud::Values values = {
        {"key", "customer"}, {"max_count", std::int64_t{1}}, {"window", Milliseconds(1h)}, {"failures_only", false}};
    CHECK(key_of(*kind.make("a", values), Order()) != key_of(*kind.make("b", values), Order()));
}
