#include <catch2/catch.hpp>

#include "service/http/identity.hpp"
#include "service/http/message.hpp"
#include "service/http/render.hpp"
#include "service/http/target.hpp"

using namespace tollgate;
using namespace tollgate::http;

namespace {

class Counting final : public Random {
public:
    std::uint64_t next() noexcept override { return next_++; }

private:
    std::uint64_t next_ = 0;
};

}  // namespace

TEST_CASE("a header counts only when it stands on one line, whatever its case") {
    const std::vector<Header> headers = {{"Content-Type", "a"}, {"X-Twice", "1"}, {"x-twice", "2"}};
    Request request;
    request.headers = headers;
    CHECK(request.header("content-TYPE") == "a");
    CHECK_FALSE(request.header("X-Twice"));
    CHECK_FALSE(request.header("absent"));
    CHECK(request.count("X-TWICE") == 2);
    CHECK(request.count("absent") == 0);
}

TEST_CASE("query parameters are percent-decoded, the last one counts, and a plus stays a plus") {
    Request request;
    request.query = "order_id=ord%201&status=&flag&a%3Db=c&order_id=x+y%2B&bad=%2";
    CHECK(request.parameter("order_id") == "x+y+");
    CHECK(request.parameter("status") == "");
    CHECK(request.parameter("flag") == "");
    CHECK(request.parameter("a=b") == "c");
    CHECK(request.parameter("bad") == "%2");
    CHECK_FALSE(request.parameter("order"));
    request.query = "";
    CHECK_FALSE(request.parameter(""));
}

TEST_CASE("Retry-After is whole seconds, rounded up, at least one") {
    Request request;
    const auto seconds = [&](int ms) {
        return problem_response(PaymentError(Code::overloaded, "x", std::chrono::milliseconds(ms)), request)
            .headers.at(0)
            .second;
    };
    CHECK(seconds(0) == "1");
    CHECK(seconds(1'000) == "1");
    CHECK(seconds(1'001) == "2");
    CHECK(problem_response(PaymentError(Code::not_found, "x"), request).headers.empty());
}

TEST_CASE("a traceparent is valid as W3C Trace Context says") {
    const std::string good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    CHECK(is_valid_traceparent(good));
    CHECK(is_valid_traceparent("cc" + good.substr(2) + "-what-comes-later"));
    CHECK_FALSE(is_valid_traceparent(good + "-more"));
    CHECK_FALSE(is_valid_traceparent("ff" + good.substr(2)));
    CHECK_FALSE(is_valid_traceparent("cc" + good.substr(2) + "x"));
    CHECK_FALSE(is_valid_traceparent("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"));
    CHECK_FALSE(is_valid_traceparent("00-00000000000000000000000000000000-00f067aa0ba902b7-01"));
    CHECK_FALSE(is_valid_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"));
    CHECK_FALSE(is_valid_traceparent(good.substr(1)));
    CHECK_FALSE(is_valid_traceparent(""));
    Counting random;  // its first number is zero
    std::string made;
    draw_traceparent(random, made);
    CHECK(is_valid_traceparent(made));
}

TEST_CASE("a response leaves with its date, its id, its length, and lines that no value can break") {
    Response response;
    response.status = 409;
    response.body = "{}";
    response.headers.emplace_back("Location", "/charge/a\r\nX-Evil: 1");
    Sending sending;
    sending.date = "today";
    sending.request_id = "r1";
    std::string out;
    append_response(response, sending, out);
    CHECK(out ==
          "HTTP/1.1 409 Conflict\r\nDate: today\r\nX-Request-Id: r1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
          "Location: /charge/a  X-Evil: 1\r\n\r\n{}");
}

TEST_CASE("dates are written as HTTP wants them") {
    CHECK(to_http_date(WallTime(std::chrono::milliseconds(784'111'777'500))) == "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST_CASE("what may stand in Host") {
    for (const char* good : {"a", "example.com:8080", "127.0.0.1", "[::1]", "[2001:db8::1]:443", "a_b-c", "a:"})
        CHECK(is_authority(good));
    for (const char* bad : {"", ":80", "a b", "a@b", "a/b", "[::1", "[]", "[g::]", "[::1]x", "a:b", "a:1:2"})
        CHECK_FALSE(is_authority(bad));
}
