// The console as a browser meets it: the login, what a session opens and to whom it does not, and what is told live.
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "core/time.hpp"
#include "integration/fleet.hpp"
#include "support/redis_server.hpp"

using namespace tollgate::test;

namespace {

const std::string ops_key = "key-of-the-operator-0123456789";
const std::string shop_key = "key-of-the-shop-0123456789";
const std::string cookie_name = "__Host-tollgate-console=";

const std::string& ops_hash() {
    static const std::string hash = hash_of(ops_key);
    return hash;
}

/// What a browser keeps of a login.
struct Login {
    std::string cookie;  // NAME=TOKEN
    std::string csrf;
};

using Headers = std::map<std::string, std::string>;

/// A service with keys, as its operator's browser sees it.
class Site {
public:
    explicit Site(Variables more = {})
        : sandbox(start_sandbox()), settings(service_settings(folder, sandbox->url(), quick(std::move(more)))) {
        configure("{id = \"ops\", hash = \"" + ops_hash() + "\", scopes = [\"admin\"]}");
        start();
    }

    /// With these keys for operators, and the shop's.
    void configure(const std::string& keys) {
        std::ofstream(folder.path() + "/tollgate.toml")
            << "[auth]\nkeys = [" << keys << (keys.empty() ? "" : ",") << "{id = \"shop\", hash = \"" << hash_of(shop_key)
            << "\", scopes = [\"charge\"]}]\n";
    }
    std::unique_ptr<Program> start_one() const {
        auto program = std::make_unique<Program>(
            Program::Options{.arguments = {"serve", "--config", folder.path() + "/tollgate.toml"}, .variables = settings});
        INFO(program->said());
        REQUIRE(program->listening());
        return program;
    }
    void start() {
        service.reset();
        service = start_one();
    }

    [[nodiscard]] Reply ask(Call call) const { return must(request(service->port(), call)); }
    [[nodiscard]] Reply log_in(const std::string& key = ops_key, Headers headers = {}) const {
        return ask(
            {.method = "POST", .path = "/console/session", .body = R"({"key":")" + key + "\"}", .headers = std::move(headers)});
    }
    [[nodiscard]] Login logged_in() const {
        const Reply reply = log_in();
        REQUIRE(reply.status == 200);
        const std::string cookie = reply.header("set-cookie");
        return {cookie.substr(0, cookie.find(';')), reply.text("csrf")};
    }
    [[nodiscard]] Reply get(const std::string& path, const Login& login) const {
        return ask({.path = path, .headers = {{"Cookie", login.cookie}}});
    }
    /// As the page sends it.
    [[nodiscard]] Reply send(const std::string& method, const std::string& path, const Login& login,
                             const std::string& body = "") const {
        return ask({.method = method,
                    .path = path,
                    .body = body,
                    .headers = {{"Cookie", login.cookie}, {"X-CSRF-Token", login.csrf}}});
    }
    [[nodiscard]] Reply charge(const std::string& key, const Order& order = {}) const {
        return ask({.method = "POST",
                    .path = "/charge",
                    .body = charge_body(order),
                    .key = key,
                    .headers = {{"Authorization", "Bearer " + shop_key}}});
    }
    /// Whether today's audit log comes to tell just this of it, as "who outcome"; it is written a moment after.
    [[nodiscard]] bool audits(const std::string& what, const std::vector<std::string>& expected) const {
        return eventually([&] {
            std::vector<std::string> found;
            for (const auto& record : audit_log()) {
                if (record.at("what").as_string() != what) continue;
                found.push_back(std::string(record.at("who").as_string()) + " " +
                                std::string(record.at("outcome").as_string()));
            }
            return found == expected;
        });
    }
    [[nodiscard]] std::vector<json::object> audit_log() const {
        const std::string file = folder.path() + "/audit.jsonl";
        const std::string day = tollgate::to_rfc3339(tollgate::SystemClock().wall()).substr(0, 10);
        Program program({.arguments = {"audit", "export", "--date", day, "--out", file}, .variables = settings});
        if (program.wait() != 0) throw std::runtime_error(program.said());
        std::vector<json::object> lines;
        std::ifstream stream(file);
        for (std::string line; std::getline(stream, line);) lines.push_back(json::parse(line).as_object());
        std::filesystem::remove(file);
        return lines;
    }

    Folder folder;
    std::unique_ptr<Program> sandbox;
    Variables settings;
    std::unique_ptr<Program> service;
};

void check_never_kept(const Reply& reply) {
    CHECK(reply.header("cache-control") == "no-store");
    CHECK(reply.header("x-content-type-options") == "nosniff");
}

/// GET /console/live, piece by piece.
class Live {
public:
    Live(unsigned short port, const std::string& headers) : connection_(port) {
        REQUIRE(connection_.send("GET /console/live HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n"));
        head = until("\r\n\r\n").value_or("");
    }
    /// The next event's data.
    std::optional<json::object> state() {
        if (!head.starts_with("HTTP/1.1 200 ")) return std::nullopt;
        const auto event = until("\n\n");
        if (!event) return std::nullopt;
        const std::string begins = "event: state\ndata: ";
        if (!event->starts_with(begins)) return state();
        return json::parse(event->substr(begins.size())).as_object();
    }
    /// The first state that is so, within a minute.
    template <class Condition>
    bool shows(Condition condition) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
        while (std::chrono::steady_clock::now() < end) {
            const auto now = state();
            if (!now) return false;
            if (condition(*now)) return true;
        }
        return false;
    }
    bool ends() {
        while (connection_.more(got_)) {
        }
        return true;
    }
    std::string head;

private:
    std::optional<std::string> until(const std::string& end) {
        std::size_t at = 0;
        while ((at = got_.find(end)) == got_.npos)
            if (!connection_.more(got_)) return std::nullopt;
        std::string piece = got_.substr(0, at + end.size());
        got_.erase(0, piece.size());
        return piece;
    }
    Connection connection_;
    std::string got_;
};

}  // namespace

TEST_CASE("the page is one static shell under a strict policy, and its parts are for everybody and asked for anew") {
    const Site site;
    const Login login = site.logged_in();
    const Reply page = site.get("/console", login);
    CHECK(page.status == 200);
    CHECK(page.header("content-type") == "text/html; charset=utf-8");
    CHECK(page.header("content-security-policy") ==
          "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
          "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'");
    CHECK(page.header("referrer-policy") == "no-referrer");
    CHECK(page.header("cross-origin-opener-policy") == "same-origin");
    check_never_kept(page);
    CHECK(page.body.find("/console/app.js") != page.body.npos);
    CHECK(page.body.find("ops") == page.body.npos);
    CHECK(site.get("/console?charge=ch_1", login).body == page.body);

    const std::map<std::string, std::string> types{{"/console/style.css", "text/css; charset=utf-8"},
                                                   {"/console/app.js", "text/javascript; charset=utf-8"},
                                                   {"/console/icon.svg", "image/svg+xml"}};
    for (const auto& [path, type] : types) {
        INFO(path);
        const Reply part = site.ask({.path = path});
        CHECK(part.status == 200);
        CHECK(part.header("content-type") == type);
        CHECK(part.header("cache-control") == "no-cache");
        CHECK(part.header("x-content-type-options") == "nosniff");
        const std::string tag = part.header("etag");
        CHECK(tag.size() > 10);
        for (const std::string& known : {tag, "W/" + tag, "\"other\", " + tag, std::string("*")}) {
            const Reply same = site.ask({.path = path, .headers = {{"If-None-Match", known}}});
            CHECK(same.status == 304);
            CHECK(same.header("etag") == tag);
            CHECK(same.body.empty());
        }
        CHECK(site.ask({.path = path, .headers = {{"If-None-Match", "\"other\""}}}).body == part.body);
        CHECK(site.ask({.method = "POST", .path = path}).status == 405);
    }
}

TEST_CASE("without a session the page is 401 with its login for a browser, and a problem for everybody else") {
    const Site site;
    const Reply problem = site.ask({.path = "/console"});
    check_problem(problem, 401, "unauthenticated");
    CHECK(problem.header("www-authenticate") == "Bearer");
    check_never_kept(problem);
    const Headers browser{{"Accept", "text/html,application/xhtml+xml,*/*;q=0.8"}};
    const Reply login = site.ask({.path = "/console", .headers = browser});
    CHECK(login.status == 401);
    CHECK(login.body == site.get("/console", site.logged_in()).body);
    CHECK(login.header("content-security-policy").starts_with("default-src 'none'"));
    CHECK(login.header("www-authenticate") == "Bearer");
    check_problem(site.ask({.path = "/console", .headers = {{"Accept", "application/json, */*"}}}), 401, "unauthenticated");

    const auto with_key = [&](const std::string& key, Headers headers) {
        headers["Authorization"] = "Bearer " + key;
        return site.ask({.path = "/console", .headers = std::move(headers)});
    };
    CHECK(with_key(ops_key, {}).status == 200);
    check_problem(with_key(shop_key, {}), 403, "forbidden");
    check_problem(with_key("wrong-key-0123456789", {}), 401, "unauthenticated");
    CHECK(with_key(shop_key, browser).status == 403);
    CHECK(with_key(shop_key, browser).body == login.body);
}

TEST_CASE("a login with an operator's key opens a session, and its cookie is for this host's page alone") {
    const Site site;
    const Reply reply = site.log_in(ops_key, {{"Origin", "http://localhost"}, {"Sec-Fetch-Site", "same-origin"}});
    REQUIRE(reply.status == 200);
    check_never_kept(reply);
    const std::string cookie = reply.header("set-cookie");
    const std::string token = cookie.substr(cookie_name.size(), 43);
    CHECK(cookie == cookie_name + token + "; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=28800");
    CHECK(reply.text("who") == "ops");
    CHECK(reply.text("keys") == "true");
    CHECK(reply.text("csrf").size() == 64);
    CHECK_FALSE(reply.text("version").empty());
    CHECK(reply.text("expires_at").size() == 24);
    CHECK(reply.body.find(token) == reply.body.npos);
    CHECK(reply.body.find(ops_key) == reply.body.npos);
    CHECK(site.get("/console/session", {cookie_name + token, ""}).body == reply.body);
    check_problem(site.ask({.path = "/console/session"}), 401, "unauthenticated");
    CHECK(site.audits("console.login", {"ops ok"}));
    CHECK(site.service->stop() == 0);
    CHECK(site.service->said().find(ops_key) == std::string::npos);
    CHECK(site.service->said().find(token) == std::string::npos);
    for (const auto& file : std::filesystem::directory_iterator(site.folder.path())) {
        INFO(file.path());
        const std::string content = content_of(file.path());
        CHECK(content.find(token) == content.npos);
        CHECK(content.find(ops_key) == content.npos);
    }
}

TEST_CASE("a wrong key is 401, one of a shop 403, what is no login 400, and each try is written down under its key's id") {
    const Site site;
    const auto refused = [&](const Reply& reply, int status, const std::string& code) {
        check_problem(reply, status, code);
        check_never_kept(reply);
        CHECK(reply.header("set-cookie").empty());
    };
    refused(site.log_in("wrong-key-0123456789"), 401, "unauthenticated");
    refused(site.log_in(shop_key), 403, "forbidden");
    refused(site.log_in(""), 401, "unauthenticated");
    refused(site.log_in(std::string(10'000, 'k')), 401, "unauthenticated");
    for (const std::string body : {R"({})", R"([])", R"({"key":7})", R"({"key":"a","more":1})", R"("key")"}) {
        INFO(body);
        refused(site.ask({.method = "POST", .path = "/console/session", .body = body}), 400, "bad_request");
    }
    refused(site.ask({.method = "POST", .path = "/console/session", .body = "{\"key\":"}), 400, "invalid_json");
    CHECK(site.audits("console.login",
                      {"unknown unauthenticated", "shop forbidden", "unknown unauthenticated", "unknown unauthenticated"}));
}

TEST_CASE("after ten wrong tries within a minute an address has to wait and no more is written down, but the right key opens") {
    const Site site;
    for (int i = 0; i < 10; ++i) CHECK(site.log_in("wrong-key-0123456789").status == 401);
    const Reply waits = site.log_in("wrong-key-0123456789");
    check_problem(waits, 429, "rate_limited");
    CHECK(std::stoi(waits.header("retry-after")) >= 1);
    CHECK(std::stoi(waits.header("retry-after")) <= 6);
    CHECK(waits.header("set-cookie").empty());
    check_problem(site.log_in(shop_key), 429, "rate_limited");
    CHECK(site.log_in().status == 200);
    std::vector<std::string> written(10, "unknown unauthenticated");
    written.emplace_back("ops ok");
    CHECK(site.audits("console.login", written));
}

TEST_CASE("whoever logs in anew ends the session that the browser had before, and nobody else's") {
    const Site site;
    const Login first = site.logged_in();
    const Login of_another_browser = site.logged_in();
    REQUIRE(site.log_in(ops_key, {{"Cookie", first.cookie}}).status == 200);
    check_problem(site.get("/console/session", first), 401, "unauthenticated");
    CHECK(site.get("/console/session", of_another_browser).status == 200);
}

TEST_CASE("everything behind the session is 401 without it, whatever key is sent along") {
    const Site site;
    for (const std::string path :
         {"/console/api/sagas", "/console/api/breakers", "/console/api/attention", "/console/api/dead-letters",
          "/console/api/charges?q=ord_1", "/console/live", "/console/session"}) {
        INFO(path);
        check_problem(site.ask({.path = path}), 401, "unauthenticated");
        const Reply with_key = site.ask({.path = path, .headers = {{"Authorization", "Bearer " + ops_key}}});
        check_problem(with_key, 401, "unauthenticated");
        check_never_kept(with_key);
        check_problem(site.ask({.path = path, .headers = {{"Cookie", cookie_name + std::string(43, 'A')}}}), 401,
                      "unauthenticated");
    }
    for (const std::string path :
         {"/console/api/sagas/ch_1/retry", "/console/api/reconciliation", "/console/api/charges/ch_1/refund"}) {
        INFO(path);
        check_problem(site.ask({.method = "POST", .path = path, .headers = {{"Authorization", "Bearer " + ops_key}}}), 401,
                      "unauthenticated");
    }
    check_problem(site.ask({.method = "DELETE", .path = "/console/session"}), 401, "unauthenticated");
    CHECK(site.get("/console/api/charge/ch_1", site.logged_in()).status == 404);
    CHECK(site.ask({.path = "/admin/sagas", .headers = {{"Cookie", site.logged_in().cookie}}}).status == 401);
}

TEST_CASE("the console's API answers as the operators' own does, byte for byte") {
    const Site site;
    const Reply charged = site.charge("key-1");
    REQUIRE(charged.status == 201);
    const Login login = site.logged_in();
    const Headers bearer{{"Authorization", "Bearer " + ops_key}};
    for (const std::string& path :
         {std::string("sagas?state=COMPLETED"), "sagas/" + charged.text("id"), std::string("dead-letters"),
          std::string("breakers"), std::string("charges?q=ord_1"), std::string("sagas?limit=0"), std::string("sagas/ch_none"),
          std::string("reconciliation/2020-01-01")}) {
        INFO(path);
        const Reply theirs = site.ask({.path = "/admin/" + path, .headers = bearer});
        const Reply ours = site.get("/console/api/" + path, login);
        CHECK(ours.status == theirs.status);
        CHECK(ours.header("content-type") == theirs.header("content-type"));
        if (theirs.status == 200) CHECK(ours.body == theirs.body);
        if (theirs.status != 200) CHECK(ours.text("code") == theirs.text("code"));
        check_never_kept(ours);
    }
}

TEST_CASE("what changes something needs this session's token and a page of ours") {
    const Site site;
    const std::string id = site.charge("key-1").text("id");
    const Login login = site.logged_in();
    const Login other = site.logged_in();
    const std::string path = "/console/api/sagas/" + id + "/retry";
    const auto post = [&](Headers headers) {
        headers["Cookie"] = login.cookie;
        return site.ask({.method = "POST", .path = path, .headers = std::move(headers)});
    };
    check_problem(post({}), 403, "forbidden");
    check_problem(post({{"X-CSRF-Token", ""}}), 403, "forbidden");
    check_problem(post({{"X-CSRF-Token", other.csrf}}), 403, "forbidden");
    check_problem(post({{"X-CSRF-Token", login.csrf + "0"}}), 403, "forbidden");
    check_problem(post({{"X-CSRF-Token", login.csrf}, {"Origin", "https://evil.example"}}), 403, "forbidden");
    check_problem(post({{"X-CSRF-Token", login.csrf}, {"Origin", "null"}}), 403, "forbidden");
    check_problem(post({{"X-CSRF-Token", login.csrf}, {"Sec-Fetch-Site", "cross-site"}}), 403, "forbidden");
    check_problem(post({{"X-CSRF-Token", login.csrf}, {"Sec-Fetch-Site", "same-site"}}), 403, "forbidden");
    check_problem(post({{"X-CSRF-Token", login.csrf}, {"Sec-Fetch-Site", "none"}}), 403, "forbidden");
    check_problem(site.ask({.method = "DELETE", .path = "/console/session", .headers = {{"Cookie", login.cookie}}}), 403,
                  "forbidden");
    check_problem(site.log_in(ops_key, {{"Origin", "https://evil.example"}}), 403, "forbidden");
    check_problem(site.log_in(ops_key, {{"Sec-Fetch-Site", "cross-site"}}), 403, "forbidden");
    for (const std::string read : {"/console/api/sagas", "/console/session", "/console/live"}) {
        INFO(read);
        check_problem(site.ask({.path = read, .headers = {{"Cookie", login.cookie}, {"Sec-Fetch-Site", "cross-site"}}}), 403,
                      "forbidden");
    }
    CHECK(site.get("/console/session", login).status == 200);
    const Reply ours = post({{"X-CSRF-Token", login.csrf}, {"Origin", "http://localhost"}, {"Sec-Fetch-Site", "same-origin"}});
    check_problem(ours, 409, "invalid_state");
    CHECK(site.audits("saga.retry", {"ops attempt", "ops invalid_state"}));  // of the last one alone
    // A link from elsewhere opens the page, which is empty without what it asks for itself.
    CHECK(site.ask({.path = "/console", .headers = {{"Cookie", login.cookie}, {"Sec-Fetch-Site", "cross-site"}}}).status ==
          200);
}

TEST_CASE("what is done at the console is written down under the id of the key that logged in") {
    const Site site;
    const std::string id = site.charge("key-1").text("id");
    const Login login = site.logged_in();
    check_problem(site.send("POST", "/console/api/sagas/" + id + "/retry", login), 409, "invalid_state");
    CHECK(site.audits("saga.retry", {"ops attempt", "ops invalid_state"}));
    CHECK(site.send("DELETE", "/console/session", login).status == 204);
    CHECK(site.audits("console.logout", {"ops ok"}));
    const auto log = site.audit_log();
    const auto login_record =
        std::ranges::find(log, "console.login", [](const json::object& line) { return line.at("what").as_string(); });
    REQUIRE(login_record != log.end());
    CHECK(login_record->at("origin").as_string() == "127.0.0.1");
}

TEST_CASE("hostile cookies are no session and no failure") {
    const Site site;
    const Login login = site.logged_in();
    const std::string token = login.cookie.substr(cookie_name.size());
    const auto status = [&](const std::string& cookie) {
        return site.ask({.path = "/console/session", .headers = {{"Cookie", cookie}}}).status;
    };
    CHECK(status(login.cookie) == 200);
    CHECK(status("a=b; " + login.cookie + "; c=d") == 200);
    for (const std::string& cookie : {login.cookie + "; " + login.cookie, login.cookie + "; " + cookie_name + "x", cookie_name,
                                      cookie_name + "\"" + token + "\"", login.cookie + "x", std::string(12'000, ';'),
                                      cookie_name + std::string(12'000, 'A'), cookie_name + "../../" + token.substr(6),
                                      cookie_name + "%41" + token.substr(3), "__HOST-tollgate-console=" + token,
                                      "tollgate-console=" + token, cookie_name + std::string(42, 'A') + "\xff"}) {
        INFO(cookie.substr(0, 200));
        CHECK(status(cookie) == 401);
    }
    CHECK(status(login.cookie + "\r\nCookie: a=b") == 401);
    CHECK(status(login.cookie) == 200);
}

TEST_CASE("a logout ends the session for all that holds its cookie, and for no other") {
    const Site site;
    const Login login = site.logged_in();
    const Login other = site.logged_in();
    const Reply reply = site.send("DELETE", "/console/session", login);
    CHECK(reply.status == 204);
    CHECK(reply.header("set-cookie") == cookie_name + "; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");
    check_never_kept(reply);
    for (const std::string path : {"/console", "/console/session", "/console/api/sagas", "/console/live"}) {
        INFO(path);
        check_problem(site.get(path, login), 401, "unauthenticated");
    }
    check_problem(site.send("DELETE", "/console/session", login), 401, "unauthenticated");
    CHECK(site.get("/console/session", other).status == 200);
}

TEST_CASE("a session outlives the process on SQLite and ends with its key") {
    Site site;
    const Login login = site.logged_in();
    site.service->kill_hard();
    site.start();
    const Reply again = site.get("/console/session", login);
    CHECK(again.status == 200);
    CHECK(again.text("csrf") == login.csrf);
    site.service->stop();
    site.configure("{id = \"ops\", hash = \"" + ops_hash() + "\", scopes = [\"charge\"]}");
    site.start();
    check_problem(site.get("/console/session", login), 401, "unauthenticated");
    site.service->stop();
    site.configure("{id = \"ops\", hash = \"" + hash_of("another-key-0123456789") + "\", scopes = [\"admin\"]}");
    site.start();
    check_problem(site.get("/console/session", login), 401, "unauthenticated");
    site.service->stop();
    site.configure("{id = \"ops\", hash = \"" + ops_hash() + "\", scopes = [\"admin\"]}");
    site.start();
    CHECK(site.get("/console/session", login).status == 200);
}

TEST_CASE("two processes on one Redis share logins and logouts") {
    const RedisServer redis;
    Site site({{"TOLLGATE_STORE_URL", redis.url()}});
    const auto other = site.start_one();
    const Login login = site.logged_in();
    const auto at_other = [&](const std::string& method, const std::string& path) {
        return must(
            request(other->port(),
                    {.method = method, .path = path, .headers = {{"Cookie", login.cookie}, {"X-CSRF-Token", login.csrf}}}));
    };
    CHECK(at_other("GET", "/console/session").body == site.get("/console/session", login).body);
    CHECK(at_other("DELETE", "/console/session").status == 204);
    check_problem(site.get("/console/session", login), 401, "unauthenticated");
    check_problem(at_other("GET", "/console/session"), 401, "unauthenticated");
}

TEST_CASE("without keys the console is open on this machine, and closed to names that were made to lead here") {
    const Shop shop;
    const auto ask = [&](const std::string& method, const std::string& path, const std::string& host,
                         const std::string& more = "") {
        const Connection connection(shop.port());
        REQUIRE(
            connection.send(method + " " + path + " HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 0\r\n" + more + "\r\n"));
        return must(connection.read());
    };
    const Reply session = ask("GET", "/console/session", "localhost");
    CHECK(session.status == 200);
    CHECK(session.text("who") == "default");
    CHECK(session.text("keys") == "false");
    CHECK_FALSE(body_of(session).contains("expires_at"));
    CHECK(ask("GET", "/console", "127.0.0.1:8080").status == 200);
    CHECK(ask("GET", "/console/api/sagas", "[::1]:8080").status == 200);
    CHECK(ask("POST", "/console/session", "localhost").body == session.body);
    for (const std::string path : {"/console", "/console/session", "/console/api/sagas", "/console/live", "/console/app.js"}) {
        INFO(path);
        check_problem(ask("GET", path, "evil.example"), 403, "forbidden");
        check_problem(ask("GET", path, "127.0.0.1.evil.example:80"), 403, "forbidden");
    }
    const std::string id = must(shop.charge("key-1")).text("id");
    const std::string retry = "/console/api/sagas/" + id + "/retry";
    check_problem(ask("POST", retry, "localhost"), 403, "forbidden");
    check_problem(
        ask("POST", retry, "localhost", "X-CSRF-Token: " + session.text("csrf") + "\r\nOrigin: http://evil.example\r\n"), 403,
        "forbidden");
    check_problem(ask("POST", retry, "localhost", "X-CSRF-Token: " + session.text("csrf") + "\r\n"), 409, "invalid_state");
}

TEST_CASE("a breaker that opens, a charge that is made and a queue that fills are told to whoever looks on") {
    Site site({{"TOLLGATE_BREAKER_FAILURE_THRESHOLD", "1"}, {"TOLLGATE_RETRY_MAX_ATTEMPTS", "1"}});
    const Login login = site.logged_in();
    Live live(site.service->port(), "Cookie: " + login.cookie + "\r\n");
    CHECK(live.head.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(live.head.find("Content-Type: text/event-stream\r\n") != live.head.npos);
    CHECK(live.head.find("Cache-Control: no-store\r\n") != live.head.npos);
    const auto first = live.state();
    REQUIRE(first);
    CHECK(first->at("queues").at("dead_letters") == 0);
    CHECK(first->at("charges").at("processing") == 0);
    CHECK(first->at("limits").at("max_connections") == 10'000);
    CHECK(site.charge("key-1", {.id = "ord_1", .token = "tok_visa", .more = R"(,"capture":"manual")"}).status == 201);
    CHECK(live.shows([](const json::object& now) { return now.at("charges").at("authorized") == 1; }));

    site.sandbox->kill_hard();
    (void)site.charge("key-2", {.id = "ord_2"});
    CHECK(live.shows([](const json::object& now) {
        return std::ranges::any_of(now.at("breakers").as_array(),
                                   [](const json::value& one) { return one.at("state").as_string() == "open"; });
    }));
}

TEST_CASE("streams end at once when the service is told to stop, and their number is limited") {
    Site site;
    const std::string cookie = "Cookie: " + site.logged_in().cookie + "\r\n";
    std::vector<std::unique_ptr<Live>> looking;
    for (int i = 0; i < 32; ++i) {
        looking.push_back(std::make_unique<Live>(site.service->port(), cookie));
        REQUIRE(looking.back()->state());
    }
    const Reply full = site.ask({.path = "/console/live", .headers = {{"Cookie", cookie.substr(8, cookie.size() - 10)}}});
    check_problem(full, 503, "overloaded");
    CHECK_FALSE(full.header("retry-after").empty());
    looking.pop_back();
    CHECK(eventually([&] { return Live(site.service->port(), cookie).state().has_value(); }));
    const auto begun = std::chrono::steady_clock::now();
    site.service->signal(SIGTERM);
    for (const auto& one : looking) CHECK(one->ends());
    CHECK(site.service->wait() == 0);
    CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(10));
}
