#include <catch2/catch.hpp>

#include "gateway/stripe/amounts.hpp"

using namespace tollgate;

namespace {

Money money(std::int64_t minor, std::string_view code) {
    return {minor, *Currency::from_code(code)};
}

struct Case {
    const char* currency;
    std::int64_t ours;
    std::int64_t theirs;
};

}  // namespace

TEST_CASE("amounts have the decimals that Stripe's page gives each currency, there and back") {
    const auto one = GENERATE(values<Case>({
        {"USD", 1099, 1099},
        {"EUR", 1, 1},
        {"HUF", 1045, 1045},
        {"TWD", 80'045, 80'045},
        {"IDR", 150'000, 150'000},
        {"IDR", 999'999'999'999, 999'999'999'999},
        {"INR", 999'999'999, 999'999'999},
        // without decimals
        {"BIF", 500, 500},
        {"CLP", 500, 500},
        {"DJF", 500, 500},
        {"GNF", 500, 500},
        {"JPY", 500, 500},
        {"KMF", 500, 500},
        {"KRW", 500, 500},
        {"PYG", 500, 500},
        {"RWF", 500, 500},
        {"VND", 500, 500},
        {"VUV", 500, 500},
        {"XAF", 500, 500},
        {"XOF", 500, 500},
        {"XPF", 500, 500},
        {"JPY", 9'999'999'999, 9'999'999'999},
        {"MGA", 500, 5},  // ISO 4217 gives it two
        {"ISK", 5, 500},
        {"UGX", 5, 500},  // two that are always 00
        {"ISK", 999'999, 99'999'900},
        // three, of which the last is 0
        {"BHD", 5120, 5120},
        {"JOD", 10, 10},
        {"KWD", 5130, 5130},
        {"OMR", 10, 10},
        {"TND", 99'999'990, 99'999'990},
        {"USD", 99'999'999, 99'999'999},
    }));
    CAPTURE(one.currency, one.ours);
    const auto sent = stripe::to_stripe(money(one.ours, one.currency));
    REQUIRE(sent.has_value());
    CHECK(*sent == one.theirs);
    CHECK(stripe::from_stripe(one.theirs, stripe::to_stripe(*Currency::from_code(one.currency))) ==
          money(one.ours, one.currency));
}

TEST_CASE("an amount that Stripe cannot write is refused with the mend, never rounded") {
    struct Refused {
        const char* currency;
        std::int64_t ours;
        const char* mend;
    };
    const auto one = GENERATE(values<Refused>({
        {"KWD", 5124, "divisible by 10"},
        {"BHD", 1, "divisible by 10"},
        {"MGA", 550, "divisible by 100"},
        {"MGA", 1, "divisible by 100"},
        {"USD", 100'000'000, "up to 999999.99 USD"},
        {"JPY", 10'000'000'000, "up to 9999999999 JPY"},
        {"ISK", 1'000'000, "up to 999999 ISK"},
        {"MGA", 10'000'000'000, "up to 99999999.00 MGA"},
        {"INR", 1'000'000'000, "up to 9999999.99 INR"},
        {"KWD", 100'000'000, "up to 99999.990 KWD"},
        {"IQD", 1000, "in no way that is known"},
        {"LYD", 1000, "in no way that is known"},
        {"CLF", 10'000, "in no way that is known"},
        {"UYW", 10'000, "in no way that is known"},
        {"USD", 0, "above zero"},
        {"USD", -5, "above zero"},
    }));
    CAPTURE(one.currency, one.ours);
    const auto sent = stripe::to_stripe(money(one.ours, one.currency));
    REQUIRE_FALSE(sent.has_value());
    CHECK(sent.error().code == Code::validation_failed);
    CHECK_THAT(sent.error().detail, Catch::Contains(one.mend) && Catch::Contains(one.currency));
}

TEST_CASE("an amount of Stripe's that is none of ours is not read") {
    CHECK_FALSE(stripe::from_stripe(550, "isk").has_value());
    CHECK_FALSE(stripe::from_stripe(5, "USD").has_value());
    CHECK_FALSE(stripe::from_stripe(5, "xxy").has_value());
    CHECK_FALSE(stripe::from_stripe(5, "").has_value());
    CHECK_FALSE(stripe::from_stripe(-5, "usd").has_value());
    CHECK_FALSE(stripe::from_stripe(1'000'000'000'000, "usd").has_value());
    CHECK_FALSE(stripe::from_stripe(100'000'000'000'000, "mga").has_value());
    CHECK_FALSE(stripe::from_stripe(INT64_MAX, "mga").has_value());
    CHECK(stripe::from_stripe(0, "usd") == money(0, "USD"));
}
