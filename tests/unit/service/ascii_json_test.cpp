#include "service/ascii_json.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

using tollgate::ascii_json;

TEST_CASE("a stranger's text becomes visible ASCII that a JSON reader takes for the same text") {
    for (const std::string& text :
         {std::string("plain"), std::string("\"quoted\" \\ \r\n\t\b"), std::string("zero\0inside", 11),
          std::string("\x7f\x1b[2J"), std::string("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x92\xb3"),
          std::string("\xe2\x80\xa8\xe2\x80\xa9\xc2\x85\xe2\x80\xae")}) {
        const std::string json = ascii_json(text);
        INFO(json);
        CHECK(std::ranges::all_of(json, [](char c) { return c >= 0x20 && c < 0x7f; }));
        CHECK(boost::json::parse(json).as_string() == text);
    }
}

TEST_CASE("what is no UTF-8 is replaced, and what comes behind it is not swallowed") {
    CHECK(ascii_json("\xff\"x") == R"("\ufffd\"x")");
    CHECK(ascii_json("\xe2\x80") == R"("\ufffd\ufffd")");
    CHECK(ascii_json("\xc0\xaf") == R"("\ufffd\ufffd")");                      // an overlong "/"
    CHECK(ascii_json("\xed\xa0\x80") == R"("\ufffd\ufffd\ufffd")");            // a surrogate
    CHECK(ascii_json("\xf4\x90\x80\x80") == R"("\ufffd\ufffd\ufffd\ufffd")");  // beyond U+10FFFF
    CHECK(ascii_json("\xc3\n") == R"("\ufffd\u000a")");
}
