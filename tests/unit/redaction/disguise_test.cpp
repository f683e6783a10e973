// Numbers that a person or a program would still read, in other scripts, with other separators and in escapes.
#include <catch2/catch.hpp>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "redaction/card_number.hpp"
#include "redaction/redact.hpp"

using namespace tollgate;

namespace {

const std::string number = "4242424242424242";

std::string utf8(char32_t code) {
    std::string text;
    const auto add = [&](char32_t byte) { text += static_cast<char>(byte); };
    if (code < 0x80) {
        add(code);
    } else if (code < 0x800) {
        add(0xC0 | code >> 6);
        add(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        add(0xE0 | code >> 12);
        add(0x80 | (code >> 6 & 0x3F));
        add(0x80 | (code & 0x3F));
    } else {
        add(0xF0 | code >> 18);
        add(0x80 | (code >> 12 & 0x3F));
        add(0x80 | (code >> 6 & 0x3F));
        add(0x80 | (code & 0x3F));
    }
    return text;
}

std::string printed(const char* format, unsigned value) {
    char text[16];
    std::snprintf(text, sizeof text, format, value);
    return text;
}

/// As JSON.stringify's careful cousins write it.
std::string json(char32_t code) {
    if (code < 0x10000) return printed("\\u%04x", code);
    return printed("\\u%04X", 0xD800 + ((code - 0x10000) >> 10)) + printed("\\u%04X", 0xDC00 + (code & 0x3FF));
}

std::string percent(char32_t code) {
    std::string text;
    for (const char byte : utf8(code)) text += printed("%%%02X", static_cast<unsigned char>(byte));
    return text;
}

std::string percent_twice(char32_t code) {
    std::string text;
    for (const char byte : utf8(code)) text += printed("%%25%02x", static_cast<unsigned char>(byte));
    return text;
}

using Writing = std::function<std::string(char32_t)>;
const std::vector<Writing> writings{utf8,
                                    json,
                                    percent,
                                    percent_twice,
                                    [](char32_t code) { return "\\" + json(code); },
                                    [](char32_t code) { return "%5C" + json(code).substr(1); }};

/// The number in the digits that begin at that zero, in fours.
std::string written(char32_t zero, const Writing& digits, const std::string& separator) {
    std::string text;
    for (std::size_t i = 0; i < number.size(); ++i) {
        if (i > 0 && i % 4 == 0) text += separator;
        text += digits(zero + (number[i] - '0'));
    }
    return text;
}

constexpr char32_t zeros[] = {'0',     0x0660,  0x06F0,  0x07C0,  0x0966,  0x0E50,  0x0F20,  0x1810,  0xA620,  0xFF10,
                              0x104A0, 0x11DE0, 0x1CCF0, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1E5F1, 0x1FBF0};

}  // namespace

TEST_CASE("the digits of every script and every escape hide nothing") {
    for (const char32_t zero : zeros) {
        for (std::size_t i = 0; i < writings.size(); ++i) {
            if (writings[i](zero).find('\\') != 0 && i > 3) continue;  // %5C is not a way to write raw digits
            for (const std::string separator : {"", " ", "-"}) {
                const std::string text = "a" + written(zero, writings[i], separator) + "z";
                CAPTURE(text);
                CHECK(holds_card_number(text));
                CHECK(redact(text) == "a************4242z");
            }
        }
    }
}

TEST_CASE("what looks like a space, a dash or nothing at all hides nothing") {
    for (const char32_t code :
         {0x20,   0x2D,   0x2E,   0x2B,   0xA0,   0xAD,   0x180E, 0x2000, 0x2003, 0x200A, 0x200B, 0x200C, 0x200D, 0x2010,
          0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0x202F, 0x205F, 0x2060, 0x2212, 0x3000, 0xFE63, 0xFEFF, 0xFF0D, 0xFF0E}) {
        for (std::size_t i = 0; i < 4; ++i) {
            const auto text = written('0', utf8, writings[i](static_cast<char32_t>(code)));
            CAPTURE(text);
            CHECK(redact(text) == "************4242");
        }
    }
}

TEST_CASE("scripts, separators and escapes may be mixed within one number") {
    CHECK(redact("４２42\u00a0٤٢٤٢\u2009४२४२ – 4242") == "************4242");
    CHECK(redact(R"(\u0034242\u00204242%204242-\uFF14242)") == "************4242");
    CHECK(redact("4%32\u200b4242424242424\\u0032") == "************4242");
    CHECK(
        redact("4\u200b2\u200b4\u200b2\u200b4\u200b2\u200b4\u200b2\u200b4\u200b2\u200b4\u200b2\u200b4\u200b2\u200b4\u200b2") ==
        "************4242");
}

TEST_CASE("what only resembles a digit or a separator divides a number") {
    for (const auto* divider :
         {"\u00b9", "\u2460", "\u4e09", "\u200e", "\u2016", "x", ",", "/", "_", "\t", "\xff", "\xe2\x80", "%zz", "\\u20"}) {
        CAPTURE(divider);
        CHECK_FALSE(holds_card_number("42424242" + std::string(divider) + "42424242"));
    }
}

TEST_CASE("bytes that are no UTF-8 do not hide the number beside them") {
    for (const auto* odd :
         {"\xff", "\xc0", "\xe2\x80", "\xf0\x9d\x9f", "\xed\xa0\x80", "\x80", "%C0", "%E2%80", "\\ud835", "\\u"}) {
        CAPTURE(odd);
        CHECK(redact(odd + number + "x") == std::string(odd) + "************4242x");
        CHECK(redact(number + odd) == "************4242" + std::string(odd));
    }
}

TEST_CASE("a full-width backslash begins no escape, and a full-width percent sign neither") {
    for (const std::string text : {"％34 \\u0034 ＼", "＼u0034242424242424242 %", "％34242424242424242 \\"}) {
        CAPTURE(text);
        CHECK(redact(text) == text);
    }
}

TEST_CASE("digits of any script make a run longer") {
    CHECK_FALSE(holds_card_number(number + "\uff14"));
    CHECK_FALSE(holds_card_number("\u0664" + number));
    CHECK_FALSE(holds_card_number("%EF%BC%94" + number.substr(0, 15) + "٢4"));
}
