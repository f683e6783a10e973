#include "redaction/card_number.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <string>

using namespace tollgate;

namespace {

/// Appends the check digit that makes a number valid.
std::string with_check_digit(std::string digits) {
    int sum = 0;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        int digit = digits[digits.size() - 1 - i] - '0';
        if (i % 2 == 0 && (digit *= 2) > 9) digit -= 9;
        sum += digit;
    }
    return digits + static_cast<char>('0' + (10 - sum % 10) % 10);
}

/// A valid number of that length that begins so.
std::string card(std::string prefix, std::size_t length) {
    prefix.resize(length - 1, '5');
    return with_check_digit(prefix);
}

std::string grouped(std::string_view digits, std::size_t group, std::string_view separator) {
    std::string text;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i > 0 && i % group == 0) text += separator;
        text += digits[i];
    }
    return text;
}

}  // namespace

TEST_CASE("the card numbers every brand hands out for tests are recognised") {
    for (const auto* number :
         {"4242424242424242", "4111111111111111", "4222222222222",    "4000056655665556", "5555555555554444",
          "5105105105105100", "2223003122003222", "2720992593319364", "378282246310005",  "371449635398431",
          "6011111111111117", "6011981111111113", "3056930009020004", "36227206271667",   "30569309025904",
          "38520000023237",   "3566002020360505", "3530111333300000", "6200000000000005", "6205500000000000004",
          "6759649826438453", "6771798021000008", "5018000000000009", "6304000000000000", "6062828888666688",
          "5066991111111118", "6555900000604105"}) {
        CAPTURE(number);
        CHECK(holds_card_number(number));
    }
}

TEST_CASE("each brand is recognised at the lengths it uses and at no other") {
    const auto recognised = [](const char* prefix) {
        std::string lengths;
        for (std::size_t length = 12; length <= 20; ++length) {
            if (holds_card_number(card(prefix, length))) lengths += std::to_string(length) + " ";
        }
        return lengths;
    };
    CHECK(recognised("4") == "13 16 19 ");
    CHECK(recognised("51") == "16 ");
    CHECK(recognised("55") == "16 ");
    CHECK(recognised("2221") == "16 ");
    CHECK(recognised("2720") == "16 ");
    CHECK(recognised("34") == "15 ");
    CHECK(recognised("37") == "15 ");
    CHECK(recognised("36") == "14 15 16 17 18 19 ");
    CHECK(recognised("305") == "14 15 16 17 18 19 ");
    CHECK(recognised("3528") == "16 17 18 19 ");
    CHECK(recognised("3589") == "16 17 18 19 ");
    CHECK(recognised("6011") == "16 17 18 19 ");
    CHECK(recognised("62") == "16 17 18 19 ");
    CHECK(recognised("6759") == "13 14 15 16 17 18 19 ");
    CHECK(recognised("67") == "16 17 18 19 ");
}

TEST_CASE("numbers that no brand issues are none, whatever their check digit") {
    for (const auto* prefix : {"0", "1", "17", "2220", "2721", "307", "3527", "3590", "33", "66", "7", "85", "9"}) {
        for (std::size_t length = 13; length <= 19; ++length) {
            CAPTURE(prefix, length);
            CHECK_FALSE(holds_card_number(card(prefix, length)));
        }
    }
}

TEST_CASE("one wrong digit makes a number no card number") {
    const std::string valid = "4242424242424242";
    for (std::size_t i = 1; i < valid.size(); ++i) {
        auto wrong = valid;
        wrong[i] = wrong[i] == '9' ? '0' : static_cast<char>(wrong[i] + 1);
        CAPTURE(wrong);
        CHECK_FALSE(holds_card_number(wrong));
    }
}

TEST_CASE("spaces, dashes, dots and pluses in any grouping hide nothing") {
    const std::string number = "4242424242424242";
    for (std::size_t group = 1; group < number.size(); ++group) {
        for (const auto* separator : {" ", "-", "  ", " - ", "---", "+", "..", ". "}) {
            const auto text = "pay with " + grouped(number, group, separator) + ", please";
            CAPTURE(text);
            CHECK(holds_card_number(text));
        }
    }
    CHECK(holds_card_number("3782 822463 10005"));
    CHECK_FALSE(holds_card_number("4242 4242    4242 4242"));
    CHECK(holds_card_number("4242.4242.4242.4242"));
    CHECK(holds_card_number("4242+4242+4242+4242"));
    CHECK_FALSE(holds_card_number("4242,4242,4242,4242"));
    CHECK_FALSE(holds_card_number(R"(["4242","4242","4242","4242"])"));
}

TEST_CASE("JSON escapes hide nothing") {
    CHECK(holds_card_number(R"(\u0034242424242424242)"));
    CHECK(holds_card_number(
        R"(\u0034\u0032\u0034\u0032\u0034\u0032\u0034\u0032\u0034\u0032\u0034\u0032\u0034\u0032\u0034\u0032)"));
    CHECK(holds_card_number(R"(4242\u00204242\u002d4242\u002D4242)"));
    CHECK(holds_card_number(R"("\n4242424242424242\n")"));
    CHECK(holds_card_number(R"(\u00e94242424242424242\u00e9)"));
    CHECK(holds_card_number(R"(\u00414242424242424242)"));
}

TEST_CASE("a backslash in a text that is no JSON hides nothing") {
    for (const auto* text : {R"(\4242424242424242)", R"(C:\4242 4242 4242 4242)", R"(\\4242424242424242)",
                             R"(\u4242424242424242)", R"(\u42424242-4242-4242-42)"}) {
        CAPTURE(text);
        CHECK(holds_card_number(text));
    }
    const std::string text = R"(\u4242424242424242 \u0033782 822463 10005)";
    const auto first = find_card_number(text);
    REQUIRE(first);
    CHECK(text.substr(first->begin, first->end - first->begin) == "4242424242424242");
    const auto second = find_card_number(text, first->end);
    REQUIRE(second);
    CHECK(text.substr(second->begin) == R"(\u0033782 822463 10005)");
}

TEST_CASE("a card number is found beside other text, other groups and other numbers") {
    for (const auto* text :
         {"card4242424242424242", "4242424242424242x", "(4242424242424242)", "4242424242424242.", "é4242424242424242",
          "order 12 4242 4242 4242 4242 12/29 123", "2026-11-22 4242424242424242", "4242424242424242 4242",
          R"({"a":"1","number":4242424242424242})", "1 2 3 4242424242424242 1 2 3"}) {
        CAPTURE(text);
        CHECK(holds_card_number(text));
    }
}

TEST_CASE("part of a longer unbroken run of digits is no card number") {
    CHECK_FALSE(holds_card_number("04242424242424242"));
    CHECK_FALSE(holds_card_number("424242424242424200000"));
    CHECK_FALSE(holds_card_number(std::string(100, '4') + "242424242424242"));
    CHECK_FALSE(holds_card_number(R"(\u00304242424242424242)"));
}

TEST_CASE("the span of a card number leads from its first digit to behind its last") {
    const std::string text = "a 4242-4242 4242 4242, b 378282246310005";
    const auto first = find_card_number(text);
    REQUIRE(first);
    CHECK(text.substr(first->begin, first->end - first->begin) == "4242-4242 4242 4242");
    const auto second = find_card_number(text, first->end);
    REQUIRE(second);
    CHECK(text.substr(second->begin, second->end - second->begin) == "378282246310005");
    CHECK_FALSE(find_card_number(text, second->end));
    CHECK_FALSE(find_card_number(text, text.size() + 5));
}

TEST_CASE("times, ids and amounts are no card numbers") {
    for (const auto* text :
         {"2026-11-22T10:00:00.000Z", "2026-11-22 10:00:00.123456+01:00", "1795341600000", "1795341600000123456",
          "ch_4k2m7z3q5wxyabcd234567efgh", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "999999999999",
          "+49 30 1234567", "", " ", "4", "\\", "\\u", "\\u00"}) {
        CAPTURE(text);
        CHECK_FALSE(holds_card_number(text));
    }
    for (std::int64_t ms = 1'700'000'000'000; ms < 1'800'000'000'000; ms += 9'999'999'967) {
        CHECK_FALSE(holds_card_number(std::to_string(ms)));
    }
}

TEST_CASE("a UUID is no card number even when its digits are one") {
    CHECK(holds_card_number("a371-449635398431"));
    CHECK_FALSE(holds_card_number("0a0a0a0a-0000-4000-a371-449635398431"));

    const auto visa = card("42424242424248", 16);  // 42424242-4242-48xx
    const auto first_groups = visa.substr(0, 8) + "-" + visa.substr(8, 4) + "-" + visa.substr(12, 4);
    CHECK(holds_card_number(first_groups));
    CHECK_FALSE(holds_card_number(first_groups + "-8abc-abcdefabcdef"));
    CHECK(holds_card_number(first_groups + "-cabc-abcdefabcdef"));

    std::mt19937_64 random(7);
    for (int i = 0; i < 200'000; ++i) {
        std::string uuid = "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx";
        for (char& c : uuid) {
            if (c == 'x') c = "01234567890123456789abcdef"[random() % 26];  // more digits than chance would give
        }
        if (holds_card_number(uuid)) FAIL_CHECK(uuid << " was taken for a card number");
    }
}

TEST_CASE("our own ids in lower-case base32 are no card numbers") {
    std::mt19937_64 random(11);
    int fired = 0;
    for (int i = 0; i < 200'000; ++i) {
        std::string id = "ch_";
        for (int letter = 0; letter < 26; ++letter) id += "abcdefghijklmnopqrstuvwxyz234567"[random() % 32];
        if (holds_card_number(id)) ++fired;
    }
    CHECK(fired == 0);
}

TEST_CASE("a megabyte of digits, groups or escapes is searched in linear time") {
    std::string groups;
    std::string pairs;
    std::string escapes;
    while (groups.size() < 1 << 20) groups += "7 ";
    while (pairs.size() < 1 << 20) pairs += "97-79 ";
    while (escapes.size() < 1 << 20) escapes += "\\u0037";
    for (const auto& text :
         {std::string(1 << 20, '7'), groups, pairs, escapes, std::string(1 << 20, '\\'), std::string(1 << 20, '-')}) {
        CHECK_FALSE(holds_card_number(text));  // a quadratic search would need hours, and no test has so long
    }
}
