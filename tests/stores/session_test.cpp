#include <catch2/catch.hpp>

#include "redis_under_test.hpp"
#include "sqlite_under_test.hpp"
#include "store_under_test.hpp"
#include "support/memory_store.hpp"

using namespace tollgate;
using namespace tollgate::test;
using std::chrono::hours;
using std::chrono::seconds;

namespace {

Session session_of(const std::string& id, WallTime expires_at = noon + hours(8)) {
    return {.id = id, .owner = "owner of " + id, .expires_at = expires_at};
}

/// Who asks a store of sessions on a loop.
struct Console {
    Loop& loop;
    SessionStore& sessions;

    Result<void> open(Session session, WallTime now = noon) { return loop.run(sessions.open_session(std::move(session), now)); }
    std::optional<Session> find(const std::string& id, WallTime now = noon) {
        return loop.run(sessions.find_session(id, now)).value();
    }
    Result<void> end(const std::string& id) { return loop.run(sessions.end_session(id)); }
};

/// What the stores are compared with.
class ModelUnderTest {
public:
    Loop loop;
    MemoryStore store;
    Console console{loop, store.session_store()};
};

}  // namespace

TEST_CASE("a session is found until it ends by itself or is ended") {
    Bench bench(GENERATE(from_range(store_kinds())));
    Console console{bench.loop, bench.sessions()};
    const Session ann = session_of("ann");
    const Session bob{.id = "bob", .owner = "two words: \"\n", .expires_at = noon + hours(1)};
    CHECK(console.find("ann") == std::nullopt);
    REQUIRE(console.open(ann));
    REQUIRE(console.open(bob));
    CHECK(console.find("ann") == ann);
    CHECK(console.find("bob", bob.expires_at - Milliseconds(1)) == bob);
    CHECK(console.find("bob", bob.expires_at) == std::nullopt);

    REQUIRE(console.open({.id = "ann", .owner = "another", .expires_at = noon + hours(9)}));
    CHECK(console.find("ann") == ann);

    REQUIRE(console.end("ann"));
    CHECK(console.find("ann") == std::nullopt);
    CHECK(console.end("ann"));
    CHECK(console.end("nobody"));
    CHECK(console.find("bob") == bob);
}

TEST_CASE("a session that has expired makes room for the same id, and for others") {
    Bench bench(GENERATE(from_range(store_kinds())));
    Console console{bench.loop, bench.sessions()};
    REQUIRE(console.open(session_of("ann", noon + seconds(1))));
    const Session again = session_of("ann", noon + hours(1));
    REQUIRE(console.open(again, noon + seconds(1)));
    CHECK(console.find("ann", noon + seconds(1)) == again);
}

TEST_CASE("the session that expires first makes room for the thousand and first") {
    Bench bench(GENERATE(from_range(store_kinds())));
    ModelUnderTest model;
    Console console{bench.loop, bench.sessions()};
    const auto open = [&](const Session& session, WallTime now) {
        REQUIRE(console.open(session, now));
        REQUIRE(model.console.open(session, now));
    };
    const auto id = [](int i) { return "s" + std::to_string(i * 7919 % 2003); };
    const int most = static_cast<int>(SessionStore::sessions_max);
    const auto end = [](int i) { return noon + hours(1) + seconds(i * 7907 % 1999 / 3); };
    for (int i = 0; i < most; ++i) open(session_of(id(i), end(i)), noon);
    for (int i = 0; i < most; ++i) REQUIRE(console.find(id(i)));

    open(session_of("the thousand and first", noon + seconds(1)), noon);  // even one that expires before them
    CHECK(console.find("the thousand and first"));
    for (int i = most; i < most + 5; ++i) open(session_of(id(i), end(i)), noon);
    open(session_of(id(most)), noon);  // known: it needs no room

    int kept = 0;
    for (int i = 0; i < most + 5; ++i) {
        INFO(id(i));
        const std::optional<Session> found = console.find(id(i));
        CHECK(found == model.console.find(id(i)));
        kept += found ? 1 : 0;
    }
    CHECK(kept == most);
    CHECK(console.find("the thousand and first") == std::nullopt);
}

TEST_CASE("who is logged in stays so when the process ends and begins again") {
    Loop loop;
    SqliteUnderTest sqlite(false);  // its thread goes first, which posts to the loop
    REQUIRE(loop.run(sqlite.sessions().open_session(session_of("ann"), noon)));
    sqlite.reopen();
    CHECK(loop.run(sqlite.sessions().find_session("ann", noon)).value() == session_of("ann"));
    REQUIRE(loop.run(sqlite.sessions().end_session("ann")));
    sqlite.reopen();
    CHECK(loop.run(sqlite.sessions().find_session("ann", noon)).value() == std::nullopt);
}

TEST_CASE("every process of a fleet knows who is logged in") {
    LoneRedis redis;
    const auto other = redis.store.another_process(redis.loops);
    Console here{redis.loops.main, redis.store.sessions()};
    Console there{redis.loops.main, other->sessions()};
    REQUIRE(here.open(session_of("ann")));
    CHECK(there.find("ann") == session_of("ann"));
    REQUIRE(there.end("ann"));
    CHECK(here.find("ann") == std::nullopt);
    CHECK(redis.ask({"HLEN", "tg:{p00}:sessions"}) == "0");
}

TEST_CASE("nobody is told of a login that a lost store has not kept") {
    LoneRedis redis;
    be_quick(redis);
    redis.server.kill_hard();
    Console console{redis.loops.main, redis.store.sessions()};
    const Result<void> opened = console.open(session_of("ann"));
    REQUIRE_FALSE(opened);
    CHECK((opened.error().code == Code::store_unavailable || opened.error().code == Code::store_unknown));
    CHECK_FALSE(redis.loops.main.run(redis.store.sessions().find_session("ann", noon)));
}
