#include "core/money.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <set>

using namespace tollgate;

namespace {

std::string shown(std::int64_t minor, std::string_view code) {
    return to_string(Money{minor, *Currency::from_code(code)});
}

}  // namespace

TEST_CASE("a currency has the decimals ISO 4217 gives it") {
    CHECK(Currency::from_code("JPY")->exponent() == 0);
    CHECK(Currency::from_code("ISK")->exponent() == 0);
    CHECK(Currency::from_code("XOF")->exponent() == 0);
    CHECK(Currency::from_code("USD")->exponent() == 2);
    CHECK(Currency::from_code("MGA")->exponent() == 2);
    CHECK(Currency::from_code("XCG")->exponent() == 2);
    CHECK(Currency::from_code("KWD")->exponent() == 3);
    CHECK(Currency::from_code("IQD")->exponent() == 3);
    CHECK(Currency::from_code("CLF")->exponent() == 4);
    CHECK(Currency::from_code("UYW")->exponent() == 4);
    CHECK(Currency::from_code("EUR")->code() == "EUR");
}

TEST_CASE("metals, test codes, withdrawn currencies and anything but three capitals are no currency") {
    for (const auto* text :
         {"XAU", "XAG", "XTS", "XXX", "XDR", "USN", "CHE", "MXV", "COU", "BOV", "HRK", "ZWL", "DEM", "ABC"}) {
        CAPTURE(text);
        CHECK_FALSE(Currency::from_code(text));
    }
    for (const auto* text : {"", "U", "US", "usd", "Usd", "USD ", " USD", "US\xc3", "[[[", "@@@", "U5D"}) {
        CAPTURE(text);
        CHECK_FALSE(Currency::from_code(text));
    }
    CHECK_FALSE(Currency::from_code(std::string_view("US\0", 3)));
}

TEST_CASE("the list of currencies has the length of the standard's") {
    int known = 0;
    for (char a = 'A'; a <= 'Z'; ++a) {
        for (char b = 'A'; b <= 'Z'; ++b) {
            for (char c = 'A'; c <= 'Z'; ++c) {
                const char code[]{a, b, c};
                if (Currency::from_code({code, 3})) ++known;
            }
        }
    }
    CHECK(known == 157);
}

TEST_CASE("an amount is shown to people with the currency's own decimals") {
    CHECK(shown(4999, "USD") == "49.99 USD");
    CHECK(shown(5000, "JPY") == "5000 JPY");
    CHECK(shown(1250, "KWD") == "1.250 KWD");
    CHECK(shown(12345, "CLF") == "1.2345 CLF");
}

TEST_CASE("small, zero, negative and extreme amounts keep their leading zeros and their sign") {
    CHECK(shown(0, "USD") == "0.00 USD");
    CHECK(shown(5, "USD") == "0.05 USD");
    CHECK(shown(99, "USD") == "0.99 USD");
    CHECK(shown(7, "CLF") == "0.0007 CLF");
    CHECK(shown(0, "JPY") == "0 JPY");
    CHECK(shown(-1, "KWD") == "-0.001 KWD");
    CHECK(shown(Money::minor_max, "USD") == "9999999999.99 USD");
    CHECK(shown(std::numeric_limits<std::int64_t>::min(), "USD") == "-92233720368547758.08 USD");
}
