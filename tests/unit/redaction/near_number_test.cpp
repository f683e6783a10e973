// What has as many digits as a card number, and often a valid check digit, but is something else.
#include <catch2/catch.hpp>
#include <random>
#include <string>

#include "core/time.hpp"
#include "redaction/card_number.hpp"
#include "redaction/redact.hpp"

using namespace tollgate;

namespace {

void check_kept(const std::string& text) {
    if (redact(text) != text) FAIL_CHECK(text << " became " << redact(text));
    if (holds_card_number(text)) FAIL_CHECK(text << " was taken for a card number");
}

std::string two(int number) {
    return (number < 10 ? "0" : "") + std::to_string(number);
}

struct Moment {
    int year, month, day, hour, minute, second;
    std::string fraction;  // nine digits

    std::string ymd(const std::string& by) const { return std::to_string(year) + by + two(month) + by + two(day); }
    std::string dmy(const std::string& by) const { return two(day) + by + two(month) + by + std::to_string(year); }
    std::string hms(const std::string& by) const { return two(hour) + by + two(minute) + by + two(second); }
};

Moment any_moment(std::mt19937_64& random) {
    const auto up_to = [&](int most) { return static_cast<int>(random() % static_cast<unsigned>(most)); };
    const std::string digits = std::to_string(1'000'000'000 + random() % 1'000'000'000);
    return {2000 + up_to(60), 1 + up_to(12), 1 + up_to(28), up_to(24), up_to(60), up_to(60), digits.substr(1)};
}

std::string hex(std::mt19937_64& random, std::size_t length, std::string_view letters) {
    std::string text;
    while (text.size() < length) text += letters[random() % letters.size()];
    return text;
}

constexpr std::string_view mostly_digits = "0123456789012345678901234567890123456789abcdef";

}  // namespace

TEST_CASE("timestamps in all their forms are kept") {
    std::mt19937_64 random(3);
    for (int i = 0; i < 4'000; ++i) {
        const Moment at = any_moment(random);
        const Moment next = any_moment(random);
        for (const std::size_t digits : {3U, 6U, 9U}) {
            const std::string fraction = at.fraction.substr(0, digits);
            check_kept(at.ymd("-") + "T" + at.hms(":") + "." + fraction + "Z");
            check_kept(at.ymd("-") + " " + at.hms(":") + "." + fraction);
            check_kept(at.ymd("-") + " " + at.hms(":") + "," + fraction + " " + next.ymd("-"));
            check_kept(at.ymd("-") + " " + at.hms(":") + "." + fraction + " +0200 CEST");
            check_kept(at.ymd("-") + " " + at.hms(":") + "." + fraction + "+05:30");
            check_kept(at.hms(":") + "." + fraction + "   " + std::to_string(random() % 100'000'000) + " glog.cc:12]");
            check_kept(at.ymd("-") + "%20" + at.hms("%3A") + "." + fraction + "%2B02%3A00");
        }
        check_kept(at.dmy(".") + " " + next.dmy(".") + " " + at.dmy("."));
        check_kept(at.ymd("-") + " " + next.ymd("-") + " " + at.ymd("-") + " " + next.ymd("-"));
        check_kept(at.dmy("-") + "  " + next.dmy("-") + " - " + at.hms(":"));
        check_kept(at.ymd("-") + "-" + at.hms(".") + "." + at.fraction.substr(0, 6));
        check_kept(at.ymd(".") + " " + at.hms(".") + " - " + next.ymd(".") + " " + next.hms("."));
        check_kept(at.ymd("-") + "%20" + next.ymd("-") + "%20" + at.ymd("-") + "\\u0020" + at.ymd("-"));
        check_kept(at.ymd("") + at.hms(""));
        check_kept(at.ymd("") + at.hms("") + at.fraction.substr(0, 3));
        check_kept(at.ymd("") + "T" + at.hms("") + "." + at.fraction.substr(0, 6) + "Z");
    }
}

TEST_CASE("seconds since 1970, also with a fraction and in any unit, are kept") {
    std::mt19937_64 random(5);
    for (int i = 0; i < 4'000; ++i) {
        const std::string seconds = std::to_string(1'600'000'000 + random() % 399'999'999);
        const std::string rest = std::to_string(1'000'000'000 + random() % 1'000'000'000).substr(1);
        for (const std::size_t digits : {0U, 3U, 6U, 9U}) check_kept(seconds + rest.substr(0, digits));
        check_kept(seconds + "." + rest.substr(0, 6));
        check_kept(seconds + " " + seconds + " " + seconds);
    }
}

TEST_CASE("trace ids, hashes and their like are kept when they have a letter") {
    std::mt19937_64 random(9);
    for (int i = 0; i < 10'000; ++i) {
        const std::string trace = hex(random, 31, mostly_digits) + "a";
        check_kept("00-" + trace + "-" + hex(random, 16, mostly_digits) + "-01");
        check_kept("trace_id=" + trace);
        check_kept("auth_" + trace);
        check_kept("sha1 " + hex(random, 39, mostly_digits) + "b");
        check_kept("sha256:" + hex(random, 63, mostly_digits) + "c");
    }
    check_kept("4111111111111111aaaaaaaaaaaaaaaa");
    check_kept("00-4111111111111111aaaaaaaaaaaaaaaa-4111111111111111-01");
    CHECK(holds_card_number("4111111111111111aaaaaaaaaaaaaaa"));
    CHECK(holds_card_number("x4111111111111111y"));
    CHECK(holds_card_number("4111111111111111 1111111111111111"));
    CHECK(holds_card_number("4242424242424242D291210100000123"));  // 32 letters, but a track
}

TEST_CASE("addresses are kept, alone and in lists") {
    std::mt19937_64 random(13);
    const auto address = [&] {
        std::string text;
        for (int part = 0; part < 4; ++part) text += (part > 0 ? "." : "") + std::to_string(random() % 256);
        return text;
    };
    for (int i = 0; i < 10'000; ++i) {
        const std::string port = std::to_string(1024 + random() % 64000);
        check_kept(address() + ":" + port + " " + address() + ":" + port + ", " + address());
        check_kept(address() + " " + address() + " " + address());
        check_kept(address() + "-" + address() + " " + port);
    }
}

TEST_CASE("decimals as programs print them are kept") {
    std::mt19937_64 random(17);
    std::uniform_real_distribution<double> below_one(0, 1);
    for (int i = 0; i < 20'000; ++i) {
        char text[64];
        const double number = below_one(random);
        std::snprintf(text, sizeof text, "%.17g %.16g", number, number * 10);
        check_kept(text);
        std::snprintf(text, sizeof text, "{\"mean\":%.17g,\"max\":-%.16g}", number * 100, number * 1000);
        check_kept(text);
        std::snprintf(text, sizeof text, "%.2f %.3f", number * 1e9, number * 1e6);
        check_kept(text);
    }
    check_kept("0.4111111111111111");
    check_kept("4.111111111111111");
    CHECK(holds_card_number("no. 4111111111111111"));
    CHECK(holds_card_number("v2.1.4111111111111111"));
    CHECK(holds_card_number("41111111.11111111"));
}

TEST_CASE("a number as cards have them is one beside or within anything else") {
    for (const auto* text :
         {"2026-11-22 4242 4242 4242 4242", "4242 4242 4242 2030-12-29", "10:00:00 4242-4242-4242-4242",
          "10:00:00-4242-4242-4242-4242", "10.0.0.1 4242424242424242 10.0.0.2", "1 4242.4242.4242.4242",
          "00-4242424242424242-01", "3782 822463 10005 2026-11-22", "4.111.111.111.111.111", "+4242424242424242",
          "4242-4242-4242-4242-2029", "2026-11-22-42424242-42424242", "at 10:00:00.4242 4242 4242 4242"}) {
        CAPTURE(text);
        CHECK(holds_card_number(text));
    }
}

TEST_CASE("order ids, versions, phone numbers and amounts are kept") {
    for (const auto* text :
         {"ord_20261122_000123", "order 2026-000123 of 2026-11-22", "1.2.3.20261122", "5.15.0-1057.60~20.04.1",
          "Chrome/126.0.6478.126 Safari/537.36", "+49 30 1234567", "+1 (555) 010-9999", "+49 151 23456787",
          "call +4222222222222", "4999", "1234567.89", "USD 12,345,678.90", "id 5 20261122 100000",
          "2026-11-22T10:00:00.000Z info charge finished amount=4999 took_ms=12"}) {
        check_kept(text);
    }
}
