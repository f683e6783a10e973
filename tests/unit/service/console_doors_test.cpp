// What is read from a browser's request: its cookie, the host that it names, the page that it comes from; and the login's
// limit.
#include <catch2/catch.hpp>
#include <set>

#include "console_support.hpp"
#include "service/console/cookie.hpp"
#include "service/console/login_limit.hpp"
#include "service/console/same_site.hpp"

using namespace tollgate;
using namespace tollgate::console;
using namespace tollgate::test;
using namespace std::chrono_literals;

namespace {

const std::string token = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdE";
const std::string named = "__Host-tollgate-console=" + token;

std::string token_in(const std::string& cookie) {
    const Asked asked({{"Cookie", cookie}});
    return token_of(asked.request).value_or("none");
}

bool at_home(const std::string& host) {
    const Asked asked({{"Host", host}});
    return !names_another_host(asked.request);
}

/// Whether a page is answered whose browser says this.
bool answers(std::initializer_list<http::Header> lines, std::string_view method = "POST") {
    const Asked asked(lines, method);
    const auto refused = comes_from_elsewhere(asked.request);
    if (refused) CHECK(refused->code == Code::forbidden);
    return !refused;
}

}  // namespace

TEST_CASE("the session's cookie is found among others, wherever it stands") {
    CHECK(token_in(named) == token);
    CHECK(token_in("a=1; " + named + "; b=2") == token);
    CHECK(token_in("a=1;" + named + ";") == token);
    CHECK(token_in(";; ;" + named + ";; =;x") == token);
}

TEST_CASE("a cookie that is twice there, of another name or another form is no session") {
    CHECK(token_in("") == "none");
    CHECK(token_in(named + "; " + named) == "none");
    CHECK(token_in(named + "; __Host-tollgate-console=") == "none");
    CHECK(token_in("__Host-tollgate-console; " + named) == "none");
    CHECK(token_in("__host-tollgate-console=" + token) == "none");
    CHECK(token_in("tollgate-console=" + token) == "none");
    CHECK(token_in("__Host-tollgate-console2=" + token) == "none");
    CHECK(token_in("x__Host-tollgate-console=" + token) == "none");
    CHECK(token_in("__Host-tollgate-console=\"" + token + "\"") == "none");
    CHECK(token_in("__Host-tollgate-console=" + token + "A") == "none");
    CHECK(token_in("__Host-tollgate-console=" + token.substr(1)) == "none");
    CHECK(token_in("__Host-tollgate-console=" + token.substr(1) + "/") == "none");
    CHECK(token_in("__Host-tollgate-console==" + token.substr(1)) == "none");
    CHECK(token_in(std::string(10'000, ';')) == "none");
    const Asked two_lines({{"Cookie", named}, {"Cookie", "a=1"}});
    CHECK_FALSE(token_of(two_lines.request));
}

TEST_CASE("the cookie is kept by its host alone, over TLS, out of reach of scripts and of other sites, for eight hours") {
    CHECK(set_cookie(token, 8h) == named + "; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=28800");
    CHECK(set_cookie("", 0s) == "__Host-tollgate-console=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");
}

TEST_CASE("every token drawn is a new one and finds its way back out of a cookie") {
    std::set<std::string> drawn;
    for (int i = 0; i < 1'000; ++i) {
        const std::string one = draw_token();
        REQUIRE(token_in("__Host-tollgate-console=" + one) == one);
        drawn.insert(one);
    }
    CHECK(drawn.size() == 1'000);
}

TEST_CASE("without keys the console is where the browser says that it is on this machine") {
    for (const char* host :
         {"localhost", "LocalHost:8080", "127.0.0.1", "127.0.0.1:8080", "127.255.0.3:1", "[::1]", "[::1]:8080"}) {
        INFO(host);
        CHECK(at_home(host));
    }
    for (const char* host : {"",
                             "evil.example",
                             "evil.example:8080",
                             "localhost.evil.example",
                             "127.0.0.1.evil.example",
                             "evil-localhost",
                             "127.0.0.256",
                             "127.0.1",
                             "127.1",
                             "128.0.0.1",
                             "0.0.0.0",
                             "127.0.0.1:",
                             "127.0.0.1:8080:1",
                             "127.0.0.1:808080",
                             "127.0.0.1.",
                             "127.0.0.1..",
                             "[::1",
                             "[::1]evil.example",
                             "[::2]",
                             "[::ffff:127.0.0.1]",
                             "::1",
                             "localhost:80a",
                             "1270.0.0.1",
                             "2130706433"}) {
        INFO(host);
        CHECK_FALSE(at_home(host));
    }
    const Asked none({});
    const Asked two({{"Host", "localhost"}, {"Host", "localhost"}});
    CHECK(names_another_host(none.request));
    CHECK(names_another_host(two.request));
}

TEST_CASE("a page of another origin is told by what its browser says and gets no answer") {
    const http::Header host{"Host", "pay.example:8443"};
    CHECK(answers({host}));  // curl
    CHECK(answers({host, {"Origin", "https://pay.example:8443"}, {"Sec-Fetch-Site", "same-origin"}}));
    CHECK(answers({host, {"Origin", "https://PAY.example:8443"}}));
    CHECK(answers({host, {"Origin", "http://pay.example:8443"}}));  // TLS may end before us
    for (const char* origin :
         {"null", "", "https://pay.example", "https://evil.example", "https://pay.example:8443.evil.example",
          "https://pay.example:8443/", "pay.example:8443", "ftp://pay.example:8443", "https://"}) {
        INFO(origin);
        CHECK_FALSE(answers({host, {"Origin", origin}}));
        CHECK_FALSE(answers({host, {"Origin", origin}}, "GET"));
    }
    CHECK_FALSE(answers({host, {"Origin", "https://pay.example:8443"}, {"Origin", "https://pay.example:8443"}}));
    CHECK_FALSE(answers({{"Origin", "https://"}}));
    for (const char* site : {"cross-site", "same-site", "", "SAME-ORIGIN", "same-origin, same-origin"}) {
        INFO(site);
        CHECK_FALSE(answers({host, {"Sec-Fetch-Site", site}}));
        CHECK_FALSE(answers({host, {"Sec-Fetch-Site", site}}, "GET"));
    }
    CHECK_FALSE(answers({host, {"Sec-Fetch-Site", "same-origin"}, {"Sec-Fetch-Site", "same-origin"}}));
}

TEST_CASE("what the user opens by hand may be read and changes nothing") {
    const http::Header by_hand{"Sec-Fetch-Site", "none"};
    CHECK(answers({by_hand}, "GET"));
    CHECK(answers({by_hand}, "HEAD"));
    CHECK_FALSE(answers({by_hand}, "POST"));
    CHECK_FALSE(answers({by_hand}, "DELETE"));
}

TEST_CASE("ten keys a minute may be tried from one address, and the others are not kept waiting") {
    LoginLimit limit("secret");
    const SteadyTime begin{1h};
    for (int i = 0; i < 10; ++i) CHECK_FALSE(limit.refuses("192.0.2.1", begin));
    CHECK(limit.refuses("192.0.2.1", begin) == 6s);
    CHECK(limit.refuses("192.0.2.1", begin + 1s) == 5s);
    CHECK_FALSE(limit.refuses("192.0.2.2", begin));
    CHECK_FALSE(limit.refuses("192.0.2.1", begin + 6s));
    CHECK(limit.refuses("192.0.2.1", begin + 6s));
    for (int i = 0; i < 10; ++i) CHECK_FALSE(limit.refuses("192.0.2.1", begin + 3min));
    CHECK(limit.refuses("192.0.2.1", begin + 3min));
}

TEST_CASE("however many addresses try keys, only so many tries in all are let through at once") {
    LoginLimit limit("secret");
    int let_through = 0;
    for (int i = 0; i < 200'000; ++i) {
        if (!limit.refuses("2001:db8::" + std::to_string(i), SteadyTime{1h})) ++let_through;
    }
    CHECK(let_through <= 4'096 * 10);
}
