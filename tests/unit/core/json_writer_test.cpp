#include "core/json_writer.hpp"

#include <catch2/catch.hpp>
#include <limits>

using tollgate::JsonWriter;

TEST_CASE("objects and arrays within each other get exactly the commas JSON wants") {
    JsonWriter out;
    out.begin_object().member("id", "ch_1").name("items").begin_array();
    out.begin_array().value("SKU").value(2).end_array();
    out.begin_array().end_array();
    out.end_array().name("empty").begin_object().end_object().member("live", true).member("free", false).end_object();
    CHECK(out.take() == R"({"id":"ch_1","items":[["SKU",2],[]],"empty":{},"live":true,"free":false})");
}

TEST_CASE("quotes, backslashes and control characters of a string are escaped, names included") {
    JsonWriter out;
    out.begin_object().member("a\"b", "q\" b\\ n\n t\t r\r f\f b\b \x01\x1f\x7f é").end_object();
    CHECK(out.take() == "{\"a\\\"b\":\"q\\\" b\\\\ n\\n t\\t r\\r f\\f b\\b \\u0001\\u001f\x7f é\"}");
}

TEST_CASE("the largest and the smallest integer are written in full") {
    JsonWriter out;
    out.begin_array();
    out.value(std::numeric_limits<std::int64_t>::max()).value(std::numeric_limits<std::int64_t>::min()).value(0).end_array();
    CHECK(out.take() == "[9223372036854775807,-9223372036854775808,0]");
}

TEST_CASE("a member without a value is left out where that is asked for") {
    JsonWriter out;
    out.begin_object().member_if_any("a", "").member_if_any("b", "x").end_object();
    CHECK(out.take() == R"({"b":"x"})");
}

TEST_CASE("a character that must be escaped is found at every place of a long text") {
    for (const auto& [special, escaped] :
         {std::pair{'"', "\\\""}, {'\\', "\\\\"}, {'\n', "\\n"}, {'\0', "\\u0000"}, {'\x1f', "\\u001f"}}) {
        for (std::size_t at = 0; at < 20; ++at) {
            std::string text(20, '~');
            text[at] = special;
            std::string expected(20, '~');
            expected.replace(at, 1, escaped);
            std::string out;
            tollgate::append_json_string(out, text);
            CHECK(out == "\"" + expected + "\"");
        }
    }
}
