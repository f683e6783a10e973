#include "payments/accounts.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <utility>
#include <vector>

using namespace tollgate;

namespace {

using Movement = std::pair<std::string, std::int64_t>;

std::map<std::string, std::int64_t> balances(const std::vector<Movement>& movements) {
    std::map<std::string, std::int64_t> all;
    for (const auto& [type, amount] : movements) {
        const auto accounts = accounts_of(type);
        REQUIRE(accounts);
        CHECK(accounts->debit != accounts->credit);
        all[std::string(accounts->debit)] += amount;
        all[std::string(accounts->credit)] -= amount;
    }
    std::erase_if(all, [](const auto& one) { return one.second == 0; });
    return all;
}

}  // namespace

TEST_CASE("what a charge's movements leave on the accounts is where its money is") {
    using Balances = std::map<std::string, std::int64_t>;
    CHECK(balances({{"authorize", 5000}}) == Balances{{"held", 5000}, {"card", -5000}});
    CHECK(balances({{"authorize", 5000}, {"void", 5000}}).empty());
    CHECK(balances({{"authorize", 5000}, {"capture", 5000}}) == Balances{{"captured", 5000}, {"card", -5000}});
    CHECK(balances({{"authorize", 5000}, {"capture", 3000}, {"release", 2000}}) ==
          Balances{{"captured", 3000}, {"card", -3000}});
    CHECK(balances({{"authorize", 5000}, {"capture", 5000}, {"refund", 1000}, {"refund", 4000}}).empty());
    CHECK(balances({{"authorize", 5000}, {"capture", 5000}, {"refund", 1000}, {"dispute", 4000}}) ==
          Balances{{"disputed", 4000}, {"card", -4000}});
}

TEST_CASE("what is no movement of money has no accounts") {
    for (const char* type : {"", "reserve", "ship", "Capture", "payout"}) CHECK_FALSE(accounts_of(type));
}
