#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "events_under_test.hpp"
#include "redis_under_test.hpp"
#include "stores/redis/keys.hpp"

using namespace tollgate;
using namespace tollgate::test;
using std::chrono::seconds;
using Kind = Settlement::Kind;
using State = StoredEvent::State;

namespace {

struct RedisEvents : LoneRedis {
    using LoneRedis::LoneRedis;

    Result<Accepted> accept(const Event& event, Milliseconds lease = Milliseconds(0)) {
        return loops.main.run(events().accept(event, lease));
    }
    std::vector<StoredEvent> claim(EventQueue queue, WallTime now, std::size_t limit = 100) {
        return loops.main.run(events().claim(queue, now, event_lease, limit)).value();
    }
    std::vector<StoredEvent> claim_incoming(WallTime now, std::size_t limit = 100) {
        return claim(EventQueue::incoming, now, limit);
    }
    Result<void> settle(std::vector<Settlement> settlements, WallTime now = noon) {
        return loops.main.run(events().settle(std::move(settlements), now));
    }
    Replayed replay(const std::string& id, WallTime now = noon) { return loops.main.run(events().replay(id, now)).value(); }
    std::optional<StoredEvent> find_event(const std::string& id) { return loops.main.run(events().find(id)).value(); }
    std::size_t sweep() { return loops.main.run(store.store->sweep()).value(); }

    /// A charge's step that tells the shop this.
    void tell(const ChargeRow& row, const std::vector<std::string>& names, WallTime now = noon) {
        Transition step = step_of(row, "told", now);
        for (const std::string& name : names) step.events.push_back(outgoing(name, "a", now));
        advance(step).value();
    }

    /// How many there are in all, by a command for each key that fits: "XLEN", "ZCARD".
    int sum(const std::string& command, const std::string& pattern) {
        int all = 0;
        for (const std::string& key : keys(pattern)) all += std::stoi(ask({command, key}));
        return all;
    }

    EventStore& events() { return store.store->events(); }
};

std::map<std::string, std::string> snapshot(LoneRedis& redis) {
    std::map<std::string, std::string> all;
    for (const std::string& key : redis.keys("tg:{p*")) all[key] = redis.ask({"DUMP", key});
    return all;
}

}  // namespace

TEST_CASE("an event whose reply was lost is told once more that it is fresh, and lies there once") {
    RedisEvents redis;
    const Milliseconds lease = GENERATE(Milliseconds(0), event_lease);
    redis.relay.lose_next_reply();
    CHECK(redis.accept(incoming("a"), lease).value() == Accepted::fresh);
    REQUIRE(redis.relay.has_lost_it());
    CHECK(redis.accept(incoming("a"), lease).value() == Accepted::duplicate);
    CHECK(redis.sum("XLEN", "*:ei") == 1);
    CHECK(redis.claim_incoming(noon).size() == (lease > Milliseconds(0) ? 0 : 1));
}

TEST_CASE("a claim whose reply was lost costs a lease and no event") {
    RedisEvents redis;
    REQUIRE(redis.accept(incoming("a")));
    redis.relay.lose_next_reply();  // of the look: it is asked again
    CHECK(redis.claim_incoming(noon).size() == 1);
    REQUIRE(redis.relay.has_lost_it());

    REQUIRE(redis.accept(incoming("b")));
    redis.relay.forget();
    CHECK(redis.claim_incoming(noon).size() == 1);
    auto copies = redis.relay.commands();
    redis.store.expire_event_leases();
    (void)redis.server.command(copies.back());  // carried out, and nobody hears of it
    CHECK(redis.find_event(incoming_id("b"))->claims == 2);
    CHECK(redis.claim_incoming(noon).empty());
    redis.store.expire_event_leases();
    CHECK(redis.claim_incoming(noon + event_lease).size() == 2);
}

TEST_CASE("a settlement whose reply was lost counts once, and a replay is told again that it was one") {
    RedisEvents redis;
    REQUIRE(redis.accept(incoming("a"), event_lease));
    for (const Kind kind : {Kind::retry, Kind::dead}) {
        const std::int64_t claim = redis.find_event(incoming_id("a"))->claims;
        redis.relay.lose_next_reply();
        REQUIRE(redis.settle({{.id = incoming_id("a"), .claim = claim, .kind = kind, .due_at = noon, .note = "poison"}}));
        REQUIRE(redis.relay.has_lost_it());
        CHECK(redis.find_event(incoming_id("a"))->failures == claim);
        if (kind == Kind::retry) REQUIRE(redis.claim_incoming(noon).size() == 1);
    }
    redis.relay.lose_next_reply();
    CHECK(redis.replay(incoming_id("a")) == Replayed::replayed);
    REQUIRE(redis.relay.has_lost_it());
    CHECK(redis.claim_incoming(noon).size() == 1);
}

TEST_CASE("copies of commands about events that arrive late change nothing") {
    RedisEvents redis;
    const Begun begun = redis.begin(begin_of("a")).value();
    REQUIRE(redis.accept(incoming("a"), event_lease));
    REQUIRE(redis.settle({{.id = incoming_id("a"), .claim = 1, .kind = Kind::retry, .due_at = noon, .note = "later"}}));
    REQUIRE(redis.settle({settlement_of(redis.claim_incoming(noon).at(0), Kind::dead)}));
    REQUIRE(redis.replay(incoming_id("a")) == Replayed::replayed);
    REQUIRE(redis.settle({settlement_of(redis.claim_incoming(noon).at(0), Kind::done)}, noon + seconds(1)));
    redis.tell(begun.row, {"1", "2"});
    redis.tell(begun.row, {"3"});
    for (int i = 0; i < 3; ++i) {
        REQUIRE(redis.settle({settlement_of(redis.claim(EventQueue::outgoing, noon).at(0), Kind::done)}));
    }
    REQUIRE(redis.advance(end_of(begun.row, Answer{201, "done"})));

    const auto copies = redis.relay.commands();
    const auto before = snapshot(redis);
    const auto send = [&](const std::vector<std::string>& copy) {
        if (copy[0] == "EVALSHA") (void)redis.server.command(copy);
    };
    std::ranges::for_each(copies, send);
    CHECK(snapshot(redis) == before);
    std::ranges::for_each(copies.rbegin(), copies.rend(), send);
    CHECK(snapshot(redis) == before);
}

TEST_CASE("a server that is killed and starts again has every accepted event, held or due as before") {
    RedisEvents redis(RedisServer::Options{.append_only = true});
    REQUIRE(redis.accept(incoming("held"), event_lease));
    REQUIRE(redis.accept(incoming("due")));
    REQUIRE(redis.accept(incoming("later"), event_lease));
    const Settlement wait{.id = incoming_id("later"), .claim = 1, .kind = Kind::wait, .due_at = noon + seconds(9), .note = ""};
    REQUIRE(redis.settle({wait}));
    redis.server.kill_hard();
    redis.server.restart();
    CHECK(wait_for([&] { return redis.accept(incoming("held")).has_value(); }));
    CHECK(redis.accept(incoming("held")).value() == Accepted::duplicate);
    CHECK(ids_of(redis.claim_incoming(noon)) == std::vector{incoming_id("due")});
    redis.store.expire_event_leases();
    CHECK(redis.claim_incoming(noon + seconds(9)).size() == 3);
    REQUIRE(redis.settle({{.id = incoming_id("held"), .claim = 2, .kind = Kind::done, .due_at = {}, .note = ""}}));
    CHECK(redis.find_event(incoming_id("held"))->state == State::done);
}

TEST_CASE("a full server accepts no event and keeps no trace of it, but forgets outlived ones") {
    RedisEvents redis;
    REQUIRE(redis.accept(incoming("old"), event_lease));
    REQUIRE(redis.settle({{.id = incoming_id("old"), .claim = 1, .kind = Kind::dead, .due_at = {}, .note = ""}}));
    const auto before = redis.keys("tg:{p*");
    redis.ask({"CONFIG", "SET", "maxmemory", "1"});
    const WallTime later = noon + std::chrono::days(35);
    const Result<Accepted> refused = redis.accept(incoming("new", later), event_lease);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::store_unavailable);
    CHECK(redis.keys("tg:{p*") == before);
    CHECK(redis.sweep() == 1);
    CHECK_FALSE(redis.find_event(incoming_id("old")));
    redis.ask({"CONFIG", "SET", "maxmemory", "0"});
    CHECK(redis.accept(incoming("new", later), event_lease).value() == Accepted::fresh);
}

TEST_CASE("what has outlived its retention is forgotten, and never what waits") {
    RedisEvents redis;
    const ChargeRow row = redis.begin(begin_of("a")).value().row;
    redis.tell(row, {"1", "2", "3"});
    REQUIRE(redis.settle({settlement_of(redis.claim(EventQueue::outgoing, noon).at(0), Kind::done)}));
    for (const char* name : {"done", "dead", "replayed", "held", "later", "late"})
        REQUIRE(redis.accept(incoming(name), event_lease));
    const auto come_to = [&](const char* name, Kind kind, WallTime now = noon) {
        const WallTime later = noon + std::chrono::days(100);
        REQUIRE(redis.settle({{.id = incoming_id(name), .claim = 1, .kind = kind, .due_at = later, .note = ""}}, now));
    };
    come_to("done", Kind::done);
    come_to("dead", Kind::dead);
    come_to("replayed", Kind::dead);
    REQUIRE(redis.replay(incoming_id("replayed")) == Replayed::replayed);
    come_to("later", Kind::retry);
    come_to("late", Kind::done, noon + std::chrono::hours(1));

    const WallTime then = noon + std::chrono::days(35);
    CHECK(redis.sweep() == 0);
    REQUIRE(redis.accept(incoming("new", then)));
    CHECK(redis.sweep() == 4);
    for (const char* name : {"done", "dead"}) CHECK_FALSE(redis.find_event(incoming_id(name)));
    for (const char* name : {"replayed", "held", "later", "late", "new"}) CHECK(redis.find_event(incoming_id(name)));
    CHECK_FALSE(redis.find_event(outgoing_id("1")));
    for (const char* name : {"2", "3"}) CHECK(redis.find_event(outgoing_id(name)));
    CHECK(redis.sum("ZCARD", "*:ea") == 5);
    CHECK(redis.keys("*:ex").empty());
    CHECK(redis.accept(incoming("done", then)).value() == Accepted::fresh);
    CHECK(redis.replay(incoming_id("dead"), then) == Replayed::unknown);
    CHECK(redis.keys("*:eq:*").size() == 1);
}

TEST_CASE("a thousand events that are done leave their archive and nothing else that grows") {
    RedisEvents redis;
    const auto work_off = [&](int from, int to) {
        for (int i = from; i < to; ++i) REQUIRE(redis.accept(incoming(std::to_string(i), noon, ""), event_lease));
        std::vector<Settlement> all;
        for (int i = from; i < to; ++i) {
            all.push_back({.id = incoming(std::to_string(i), noon, "").id, .claim = 1, .due_at = {}, .note = ""});
        }
        REQUIRE(redis.settle(std::move(all)));
    };
    work_off(0, 500);
    const std::size_t keys = redis.keys("*").size();
    work_off(500, 1000);
    CHECK(redis.keys("*").size() == keys + 500);
    CHECK(redis.keys("*:e:*").size() == 1000);
    CHECK(redis.sum("XLEN", "*:ei") == 0);
    CHECK(redis.keys("*:later").empty());
    for (const std::string& stream : redis.keys("*:ei")) {
        CHECK(redis.server.command({"XPENDING", stream, "tollgate"}).elements.at(0).integer == 0);
        CHECK(redis.ask({"XINFO", "CONSUMERS", stream, "tollgate"}) == "1");
    }
}

TEST_CASE("everything of an event lies in one slot, that of the shop beside its charge") {
    RedisEvents redis;
    const ChargeRow row = redis.begin(begin_of("a")).value().row;
    redis.tell(row, {"1", "2"});
    REQUIRE(redis.settle({settlement_of(redis.claim(EventQueue::outgoing, noon).at(0), Kind::retry, noon + seconds(9))}));
    const auto slots = [&] {
        std::set<std::uint16_t> all;
        for (const std::string& key : redis.keys("tg:{p*")) all.insert(redis::slot_of(key));
        return all;
    };
    CHECK(slots() == std::set{redis::slot_of(redis::Keys(partition_of_charge(row.id)).due())});
    redis.ask({"FLUSHALL"});
    REQUIRE(redis.accept(incoming("a"), event_lease));
    REQUIRE(redis.settle({{.id = incoming_id("a"), .claim = 1, .kind = Kind::dead, .due_at = {}, .note = ""}}));
    REQUIRE(redis.replay(incoming_id("a")) == Replayed::replayed);
    REQUIRE(redis.settle({settlement_of(redis.claim_incoming(noon).at(0), Kind::wait, noon + seconds(9))}));
    CHECK(slots() == std::set{redis::slot_of(redis::Keys(partition_of_event(incoming_id("a"))).event(incoming_id("a")))});
}

TEST_CASE("a settlement is refused while its event's slot moves, though all that it names has moved already") {
    RedisCluster cluster;
    Loops loops;
    RedisUnderTest under(loops, redis::Options::Kind::cluster, {{"127.0.0.1", cluster.node(0).port()}});
    under.options.timeout = under.options.redis.timeout = seconds(1);
    under.reopen();
    EventStore& events = under.events();
    const auto settle = [&](const char* name, Kind kind) {
        const Settlement settlement{.id = incoming_id(name), .claim = 1, .kind = kind, .due_at = {}, .note = ""};
        return loops.main.run(events.settle({settlement}, noon)).has_value();
    };
    for (const char* name : {"a", "b"}) REQUIRE(loops.main.run(events.accept(incoming(name), event_lease)));
    REQUIRE(settle("a", Kind::dead));
    const redis::Keys names(partition_of_event(incoming_id("b")));
    const std::uint16_t slot = redis::slot_of(names.settled());
    const std::size_t from = cluster.owner(slot);
    const std::size_t to = (from + 1) % 3;
    cluster.begin_move(slot, to);
    const std::string port = std::to_string(cluster.node(to).port());
    REQUIRE(cluster.node(from)
                .command({"MIGRATE", "127.0.0.1", port, "", "0", "5000", "KEYS", names.settled(), names.dead()})
                .text == "OK");
    CHECK_FALSE(settle("b", Kind::done));  // its own hash and stream have not moved yet
    cluster.move_keys(slot, to);
    cluster.end_move(slot, to);
    CHECK(wait_for([&] { return settle("b", Kind::done); }));
    CHECK(loops.main.run(events.find(incoming_id("b"))).value()->state == State::done);
    CHECK(loops.main.run(events.accept(incoming("b"), event_lease)).value() == Accepted::duplicate);
}

TEST_CASE("an event costs one round trip to accept, and a hundred of a partition one to settle") {
    RedisEvents redis;
    REQUIRE(redis.accept(incoming("first"), event_lease));  // which loads the script
    REQUIRE(redis.settle({{.id = incoming_id("first"), .claim = 1, .due_at = {}, .note = ""}}));
    std::vector<Settlement> all;
    redis.relay.forget();
    for (int i = 0; i < 100; ++i) {
        REQUIRE(redis.accept(incoming(std::to_string(i)), event_lease));
        all.push_back({.id = incoming_id(std::to_string(i)), .claim = 1, .due_at = {}, .note = ""});
    }
    CHECK(redis.relay.commands().size() == 100);
    redis.ask({"CONFIG", "RESETSTAT"});
    REQUIRE(redis.settle(std::move(all)));
    CHECK(redis.server.calls("evalsha") == 1);
    CHECK(redis.relay.commands().size() == 101);
    CHECK(redis.claim_incoming(noon).empty());
}

TEST_CASE("a look for events where there are none is one short script a partition and no error") {
    RedisEvents redis;
    REQUIRE(redis.claim_incoming(noon).empty());
    redis.ask({"CONFIG", "RESETSTAT"});
    REQUIRE(redis.claim_incoming(noon).empty());
    CHECK(redis.server.calls("evalsha") == partitions);
    CHECK(redis.server.calls("xpending") == 0);
    CHECK(redis.server.info("stats", "total_error_replies") == "0");
}

TEST_CASE("an event is held for the lease it was given, whatever lease others ask for") {
    RedisEvents redis;
    REQUIRE(redis.accept(incoming("long"), std::chrono::hours(1)));
    REQUIRE(redis.accept(incoming("short"), Milliseconds(1)));
    std::vector<StoredEvent> claimed;
    CHECK(wait_for([&] {
        claimed = redis.loops.main.run(redis.events().claim(EventQueue::incoming, noon, Milliseconds(0), 10)).value();
        return !claimed.empty();
    }));
    CHECK(ids_of(claimed) == std::vector{incoming_id("short")});
    CHECK(redis.claim_incoming(noon).size() == 1);  // a lease of nothing is over at once
    CHECK(redis.claim_incoming(noon).empty());
}

TEST_CASE("what is due is found behind many that are held") {
    RedisEvents redis;
    REQUIRE(redis.accept(incoming("first")));
    for (int i = 0; i < 300; ++i) REQUIRE(redis.accept(incoming(std::to_string(i)), event_lease));
    REQUIRE(redis.accept(incoming("last")));
    CHECK(ids_of(redis.claim_incoming(noon, 1)) == std::vector{incoming_id("first")});
    CHECK(ids_of(redis.claim_incoming(noon, 1)) == std::vector{incoming_id("last")});
    CHECK(redis.claim_incoming(noon, 1).empty());
}

TEST_CASE("an event that a clock behind put off is still its late holder's to settle, and lies nowhere twice") {
    RedisEvents redis;
    const Kind kind = GENERATE(Kind::done, Kind::retry);
    REQUIRE(redis.accept(incoming("a"), event_lease));
    redis.store.expire_event_leases();
    CHECK(redis.claim_incoming(noon - seconds(1)).empty());
    CHECK(redis.sum("ZCARD", "*:ei:later") == 1);
    const WallTime later = noon + seconds(9);
    REQUIRE(redis.settle({{.id = incoming_id("a"), .claim = 1, .kind = kind, .due_at = later, .note = ""}}));
    CHECK(redis.keys("*:ei:later").size() == (kind == Kind::done ? 0 : 1));
    CHECK(redis.claim_incoming(noon).empty());
    CHECK(redis.claim_incoming(later).size() == (kind == Kind::done ? 0 : 1));
    CHECK(redis.claim_incoming(later).empty());
    CHECK(redis.keys("*:ei:later").empty());
}

TEST_CASE("a trace of an event that a foreign hand removed is cleared away, and others are found behind it") {
    RedisEvents redis;
    for (const char* name : {"gone", "here"}) REQUIRE(redis.accept(incoming(name)));
    redis.ask({"DEL", redis.keys("*:e:*gone").at(0)});
    CHECK(ids_of(redis.claim_incoming(noon, 1)) == std::vector{incoming_id("here")});
    CHECK(redis.sum("XLEN", "*:ei") == 1);
}
