#include "core/country.hpp"

#include <catch2/catch.hpp>

using tollgate::is_country;

TEST_CASE("an assigned ISO 3166-1 code is a country") {
    for (const auto* code : {"US", "DE", "GB", "AX", "BQ", "SS", "ZW", "TW", "PS", "AD"}) {
        CAPTURE(code);
        CHECK(is_country(code));
    }
}

TEST_CASE("reserved, user-assigned, lower-case and misshapen codes are no countries") {
    for (const auto* code : {"UK", "EU", "XK", "ZZ", "AN", "us", "Us", "U", "USA", "", " US", "U1", "[A", "A\xff"}) {
        CAPTURE(code);
        CHECK_FALSE(is_country(code));
    }
    CHECK_FALSE(is_country(std::string_view("U\0", 2)));
}
