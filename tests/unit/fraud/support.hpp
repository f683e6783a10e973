#pragma once

#include <catch2/catch.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fraud/kind.hpp"
#include "fraud/screen.hpp"

namespace tollgate::test {

using namespace std::chrono_literals;
using fraud::Decision;
using fraud::Phase;
using fraud::Verdict;
using Texts = std::vector<std::string>;

/// An ordinary charge; a test changes what it is about.
struct Order {
    std::string tenant = "shop";
    Customer customer{"cus_1", "ann@example.com", "US"};
    std::string payment_method = "tok_visa";
    Money amount{4999, *Currency::from_code("USD")};

    [[nodiscard]] fraud::Subject subject() const { return {tenant, customer, payment_method, amount}; }
};

/// A rule of this kind, with these of its keys; the others are left out.
inline std::shared_ptr<fraud::Rule> rule_of(std::string_view kind, fraud::Values values = {}) {
    const fraud::Kind* known = fraud::kind_named(kind);
    REQUIRE(known != nullptr);
    return known->make("watch", fraud::completed(*known, std::move(values)));
}

inline fraud::Finding judge(const fraud::Rule& rule, const Order& order, std::optional<std::int64_t> count = {}) {
    return rule.judge({order.subject(), nullptr, count});
}

inline fraud::Finding judge(const fraud::Rule& rule, const Order& order, const Authorization& authorization) {
    return rule.judge({order.subject(), &authorization, {}});
}

}  // namespace tollgate::test
