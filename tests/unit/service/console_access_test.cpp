// Sessions of the console: whose they are, how long they live, and what a page has to send along.
#include "service/console/access.hpp"

#include <catch2/catch.hpp>

#include "console_support.hpp"
#include "service/key_hash.hpp"
#include "support/memory_store.hpp"
#include "support/virtual_time.hpp"

using namespace tollgate;
using namespace tollgate::console;
using namespace tollgate::test;
using namespace std::chrono_literals;

namespace {

const std::string ops_key = "key-of-the-operator-0123456789";
const std::string shop_key = "key-of-the-shop-0123456789";

struct Site {
    VirtualTime time;
    MemoryStore store;
    std::vector<AuthKey> keys{{"ops", *hash_api_key(ops_key), {"admin"}}, {"shop", *hash_api_key(shop_key), {"charge"}}};
    Authenticator authenticator{keys};
    Access access{authenticator, store.session_store()};

    std::string log_in() {
        auto opened = time.run(access.open_session(time.runtime(), *authenticator.holder(ops_key)));
        REQUIRE(opened);
        return opened->token;
    }

    /// Who a request of this session acts for in a process with these keys; else the code of why for nobody.
    std::string acts(const std::string& token, const std::vector<AuthKey>& with_keys, std::string_view method = "GET",
                     const std::string& csrf = "") {
        const Authenticator other(with_keys);
        const Access process(other, store.session_store());
        const std::string cookie = "__Host-tollgate-console=" + token;
        Asked asked({{"Cookie", cookie}}, method);
        if (!csrf.empty()) asked.headers.push_back({"X-CSRF-Token", csrf});
        asked.request.headers = asked.headers;
        const auto visitor = time.run(process.admit(time.runtime(), asked.request));
        return visitor ? visitor->who : std::string(info(visitor.error().code).name);
    }
    std::string acts(const std::string& token) { return acts(token, keys); }

    Visitor visitor(const std::string& token) {
        const std::string cookie = "__Host-tollgate-console=" + token;
        const Asked asked({{"Cookie", cookie}});
        auto found = time.run(access.visitor(time.runtime(), asked.request));
        REQUIRE(found);
        return *found;
    }
    std::string csrf_of(const std::string& token) { return hex(visitor(token).csrf); }
};

}  // namespace

TEST_CASE("a session acts for its key in every process that shares the store, and nobody else's token does") {
    Site site;
    const std::string token = site.log_in();
    CHECK(site.acts(token) == "ops");
    CHECK(site.acts(site.log_in()) == "ops");
    CHECK(site.acts(std::string(43, 'A')) == "unauthenticated");
    CHECK(site.acts("") == "unauthenticated");
}

TEST_CASE("a session is over eight hours after its login, however much is done with it") {
    Site site;
    const std::string token = site.log_in();
    for (int hour = 0; hour < 7; ++hour) {
        site.time.advance(1h);
        CHECK(site.acts(token) == "ops");
    }
    site.time.advance(1h - 1ms);
    CHECK(site.acts(token) == "ops");
    site.time.advance(1ms);
    CHECK(site.acts(token) == "unauthenticated");
}

TEST_CASE("a session that was ended is ended for every process, and others go on") {
    Site site;
    const std::string token = site.log_in();
    const std::string other = site.log_in();
    const Session session = *site.visitor(token).session;
    CHECK(site.time.run(site.access.lives(site.time.runtime(), session)).value());
    CHECK(site.time.run(site.access.end(session)));
    CHECK_FALSE(site.time.run(site.access.lives(site.time.runtime(), session)).value());
    CHECK(site.acts(token) == "unauthenticated");
    CHECK(site.acts(other) == "ops");
}

TEST_CASE("a session ends with its key: taken away, replaced, renamed or without the scope") {
    Site site;
    const std::string token = site.log_in();
    const AuthKey ops = site.keys[0];
    CHECK(site.acts(token, {ops}) == "ops");
    CHECK(site.acts(token, {site.keys[1]}) == "unauthenticated");
    CHECK(site.acts(token, {{"ops", *hash_api_key("another-key-0123456789"), {"admin"}}}) == "unauthenticated");
    CHECK(site.acts(token, {{"ops", *hash_api_key(ops_key), {"admin"}}}) ==
          "unauthenticated");  // a fresh salt: configured anew
    CHECK(site.acts(token, {{"boss", ops.hash, {"admin"}}}) == "unauthenticated");
    CHECK(site.acts(token, {{"ops", ops.hash, {"charge", "metrics"}}}) == "unauthenticated");
    CHECK(site.acts(token, {{"ops", ops.hash, {"charge", "admin"}}}) == "ops");
}

TEST_CASE("what the store keeps of a session neither is the cookie nor holds it, and does not name the key's hash") {
    Site site;
    const std::string token = site.log_in();
    const Session kept = *site.visitor(token).session;
    CHECK(kept.id.find(token) == kept.id.npos);
    CHECK(kept.owner.find(token) == kept.owner.npos);
    CHECK(kept.owner.find(site.keys[0].hash) == kept.owner.npos);
    CHECK(kept.owner.find(site.keys[0].hash.substr(60)) == kept.owner.npos);
    CHECK(site.acts(kept.id.substr(0, 43)) == "unauthenticated");
}

TEST_CASE("whatever changes something needs the token of just this session") {
    Site site;
    const std::string token = site.log_in();
    const std::string csrf = site.csrf_of(token);
    const std::string others = site.csrf_of(site.log_in());
    REQUIRE(csrf.size() == 64);
    CHECK(csrf == site.csrf_of(token));
    CHECK(csrf != others);
    for (const char* method : {"POST", "DELETE", "PUT", "PATCH", "OPTIONS"}) {
        INFO(method);
        CHECK(site.acts(token, site.keys, method, csrf) == "ops");
        for (const std::string& wrong : {std::string(), others, csrf + "00", csrf.substr(2), csrf.substr(1), csrf + csrf,
                                         std::string(64, '0'), std::string("x"), token}) {
            INFO(wrong);
            CHECK(site.acts(token, site.keys, method, wrong) == "forbidden");
        }
    }
    CHECK(site.acts(token, site.keys, "GET") == "ops");
    CHECK(site.acts(token, site.keys, "HEAD") == "ops");
}

TEST_CASE("without keys everybody is the default operator, each process with a token of its own against other pages") {
    Site site;
    const Authenticator nobody({});
    const Access access(nobody, site.store.session_store());
    const Access restarted(nobody, site.store.session_store());
    const auto ask = [&](const Access& process, std::string_view method, const std::string& csrf) {
        const Asked asked({{"X-CSRF-Token", csrf}}, method);
        const auto visitor = site.time.run(process.admit(site.time.runtime(), asked.request));
        if (!visitor) return std::string(info(visitor.error().code).name);
        CHECK_FALSE(visitor->session);
        CHECK(visitor->who == "default");
        return hex(visitor->csrf);
    };
    const std::string csrf = ask(access, "GET", "");
    CHECK(ask(access, "POST", csrf) == csrf);
    CHECK(ask(access, "POST", "") == "forbidden");
    CHECK(ask(restarted, "POST", csrf) == "forbidden");
    CHECK(ask(restarted, "GET", "") != csrf);
}
