#include "stores/fleet.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "pipeline/fleet_breakers.hpp"
#include "pipeline/fleet_pace.hpp"
#include "stores/redis/fleet_store.hpp"
#include "support/event_loop.hpp"
#include "support/redis_cluster.hpp"
#include "support/redis_server.hpp"

using namespace tollgate;
using namespace std::chrono_literals;
using State = BreakerStanding::State;
using Kind = BreakerNews::Kind;

namespace {

const std::string breakers_key = "tg:{fleet}:breakers";
constexpr GcraPolicy hundred{100, 1s, 1};

redis::Options patient(redis::Options::Kind kind, std::vector<redis::Address> servers) {
    redis::Options options;
    options.kind = kind;
    options.servers = std::move(servers);
    options.timeout = 10s;
    return options;
}

/// Two clients of one loop, as two processes have them.
struct Fleet {
    explicit Fleet(const redis::Options& options)
        : clients{redis::Client::make(loop.runtime(), options).value(), redis::Client::make(loop.runtime(), options).value()} {}
    explicit Fleet(const test::RedisServer& server)
        : Fleet(patient(redis::Options::Kind::standalone, {{"127.0.0.1", server.port()}})) {}

    std::vector<BreakerStanding> exchange(std::string process, std::vector<BreakerNews> news = {}) {
        return loop.run(store.exchange(std::move(process), std::move(news))).value();
    }
    /// How "g" stands for this process.
    BreakerStanding g(const std::string& process) {
        const auto all = exchange(process);
        REQUIRE(all.size() == 1);
        return all.front();
    }
    BreakerStanding tell(const std::string& process, Kind kind, Milliseconds lasts, std::uint64_t seen) {
        const auto all = exchange(process, {{"g", kind, lasts, seen}});
        REQUIRE(all.size() == 1);
        return all.front();
    }
    Places take(std::int64_t count, Milliseconds patience, GcraPolicy policy = hundred) {
        return loop.run(store.take_places("gateway", policy, count, patience)).value();
    }
    [[nodiscard]] SteadyTime now() const { return loop.runtime().clock.steady(); }

    test::EventLoop loop;
    std::unique_ptr<redis::Client> clients[2];
    RedisFleetStore store{loop.runtime(), *clients[0], 5s};
    RedisFleetStore other{loop.runtime(), *clients[1], 5s};
};

}  // namespace

TEST_CASE("what one process tells of a breaker every process hears with the time that is left") {
    test::RedisServer server;
    Fleet fleet(server);
    CHECK(fleet.exchange("a").empty());
    const auto told = fleet.tell("a", Kind::opened, 30s, 0);
    CHECK(told.name == "g");
    CHECK(told.state == State::open);
    CHECK(told.left > 29s);
    CHECK(told.left <= 30s);
    const auto heard = fleet.loop.run(fleet.other.exchange("b", {})).value();
    REQUIRE(heard.size() == 1);
    CHECK(heard[0].era == told.era);
    CHECK(heard[0].state == State::open);
}

TEST_CASE("news that rests on older knowledge is passed over and so is what was sent twice") {
    test::RedisServer server;
    Fleet fleet(server);
    const auto opened = fleet.tell("a", Kind::opened, 30s, 0);
    CHECK(fleet.tell("a", Kind::opened, 30s, 0).era == opened.era);
    CHECK(fleet.tell("b", Kind::closed, 0s, 0).state == State::open);
    const auto closed = fleet.tell("b", Kind::closed, 0s, opened.era);
    CHECK(closed.state == State::closed);
    CHECK(closed.era > opened.era);
    CHECK(fleet.tell("a", Kind::opened, 30s, opened.era).state == State::closed);
}

TEST_CASE("nobody may probe while a breaker is open and then one process of all that ask at once") {
    test::RedisServer server;
    Fleet fleet(server);
    const auto early = fleet.tell("a", Kind::opened, 30s, 0);
    CHECK(fleet.tell("a", Kind::wants_probes, 10s, early.era).state == State::open);
    const auto opened = fleet.tell("a", Kind::opened, 20ms, early.era);
    REQUIRE(test::wait_for([&] { return fleet.g("a").left == 0ms; }));
    CHECK(fleet.g("a").state == State::open);

    int ended = 0;
    int granted = 0;
    const auto ask = [&](RedisFleetStore& store, std::string process) -> Task<void> {
        std::vector<BreakerNews> news{{"g", Kind::wants_probes, 10s, opened.era}};
        const auto heard = co_await store.exchange(std::move(process), std::move(news));
        if (heard.value().front().state == State::probes_here) ++granted;
        ++ended;
    };
    for (int i = 0; i < 20; ++i) fleet.loop.start(ask(i % 2 == 0 ? fleet.store : fleet.other, "p" + std::to_string(i)));
    fleet.loop.run_until([&] { return ended == 20; });
    CHECK(granted == 1);
    CHECK(fleet.g("nobody").state == State::probes_elsewhere);
    CHECK(fleet.g("nobody").left > 5s);
}

TEST_CASE("a right to probe ends by itself and may be renewed by its owner before that but taken by nobody else") {
    test::RedisServer server;
    Fleet fleet(server);
    const auto first = fleet.tell("a", Kind::wants_probes, 30s, 0);
    CHECK(first.state == State::probes_here);
    CHECK(fleet.tell("b", Kind::wants_probes, 10s, first.era).state == State::probes_elsewhere);
    const auto renewed = fleet.tell("a", Kind::wants_probes, 50ms, first.era);
    CHECK(renewed.state == State::probes_here);
    CHECK(renewed.era > first.era);
    REQUIRE(test::wait_for([&] { return fleet.g("b").left == 0ms; }));
    CHECK(fleet.tell("b", Kind::wants_probes, 10s, renewed.era).state == State::probes_here);
}

TEST_CASE("what a fleet leaves behind in Redis is small and goes by itself") {
    test::RedisServer server;
    Fleet fleet(server);
    for (int round = 0; round < 4; ++round) {
        std::vector<BreakerNews> news;
        for (int i = 0; i < 100; ++i) news.push_back({"g" + std::to_string(round * 100 + i), Kind::opened, 30s, 0});
        std::ignore = fleet.exchange("a", std::move(news));
    }
    CHECK(fleet.exchange("a").size() == 256);
    CHECK(fleet.exchange("a", {{"a name with spaces", Kind::opened, 30s, 0}, {"", Kind::opened, 30s, 0}}).size() == 256);
    CHECK(server.command({"PTTL", breakers_key}).integer > 86'000'000);
    CHECK_FALSE(fleet.loop.run(fleet.store.exchange("", {})));

    CHECK(fleet.take(5, 1s).count == 5);
    const auto pace_ttl = server.command({"PTTL", "tg:{fleet}:pace:gateway"}).integer;
    CHECK(pace_ttl > 500);
    CHECK(pace_ttl <= 1050);
    CHECK(server.command({"DBSIZE"}).integer == 2);
}

TEST_CASE("places of a pace are never closer than it says whoever takes them") {
    test::RedisServer server;
    Fleet fleet(server);
    for (const std::int64_t requests : {100, 300, 7, 44'100}) {
        CAPTURE(requests);
        const GcraPolicy policy{requests, 1s, 1};
        const std::string name = "pace" + std::to_string(requests);
        const std::int64_t block = std::max<std::int64_t>(1, requests / 10);
        std::vector<SteadyTime> firsts;
        const SteadyTime begun = fleet.now();
        const auto taker = [&](RedisFleetStore& store) -> Task<void> {
            for (int i = 0; i < 20; ++i) {
                const auto places = co_await store.take_places(name, policy, block, 1min);
                CHECK(places.value().count == block);
                firsts.push_back(fleet.now() + places.value().first_in);
            }
        };
        fleet.loop.start(taker(fleet.store));
        fleet.loop.start(taker(fleet.other));
        fleet.loop.run_until([&] { return firsts.size() == 40; });
        const auto took = fleet.now() - begun;

        // By Redis' clock block n begins exactly n blocks after the first; by ours only as exactly as a trip is short.
        std::ranges::sort(firsts);
        const auto exact = std::chrono::nanoseconds(1s) * block / requests * 39;
        CHECK(firsts.back() - begun >= exact);
        CHECK(firsts.back() - begun <= exact + took + 1ms);
    }
}

TEST_CASE("no place is taken that lies further ahead than the patience and it is said when there will be one") {
    test::RedisServer server;
    Fleet fleet(server);
    const GcraPolicy one{1, 1s, 1};
    const Places first = fleet.take(100, 2500ms, one);
    CHECK(first.first_in == 0us);
    CHECK(first.count == 3);
    const Places none = fleet.take(1, 100ms, one);
    CHECK(none.count == 0);
    CHECK(none.first_in > 100ms);
    CHECK(none.first_in <= 3s);
    CHECK(fleet.take(0, 5s, one).count == 1);  // one is meant at least
}

TEST_CASE("a Redis whose clock was far ahead before does not stop the pace") {
    test::RedisServer server;
    Fleet fleet(server);
    server.command({"SET", "tg:{fleet}:pace:gateway", "9000000000000000"});
    CHECK(fleet.take(1, 0ms).count == 1);
}

TEST_CASE("a Redis that is gone is an error and nothing more") {
    test::RedisServer server;
    Fleet fleet(server);
    RedisFleetStore hasty(fleet.loop.runtime(), *fleet.clients[0], 300ms);
    std::ignore = fleet.exchange("a");
    server.kill_hard();
    const auto exchanged = fleet.loop.run(hasty.exchange("a", {}));
    REQUIRE_FALSE(exchanged);
    CHECK((exchanged.error().code == Code::store_unavailable || exchanged.error().code == Code::store_unknown));
    CHECK_FALSE(fleet.loop.run(hasty.take_places("gateway", hundred, 1, 1s)));
    server.restart();
    fleet.loop.run_until([&] { return fleet.loop.run(fleet.store.exchange("a", {})).has_value(); });
}

TEST_CASE("two processes on one Redis share what they find and go on after it lost its memory") {
    test::RedisServer server;
    Fleet fleet(server);
    const BreakerPolicy policy{.failure_threshold = 1, .recovery_timeout = 20s, .success_threshold = 1};
    Breakers here(policy);
    Breakers there(policy);
    SharedBreaker& mine = here.at("g");
    SharedBreaker& yours = there.at("g");
    FleetBreakers a(fleet.loop.runtime(), here, fleet.store, "a");
    FleetBreakers b(fleet.loop.runtime(), there, fleet.other, "b");
    fleet.loop.start(a.run());
    fleet.loop.start(b.run());

    mine.record(mine.admit(fleet.now()).value(), CallVerdict::failure, fleet.now());
    fleet.loop.run_until([&] { return yours.state() == BreakerState::open; });
    const auto wait = yours.refusal(fleet.now());
    CHECK(wait > 15s);
    CHECK(wait <= 20s);

    server.command({"FLUSHALL"});
    fleet.loop.run_until([&] { return server.command({"HLEN", breakers_key}).integer == 1; });
    CHECK(fleet.g("late").state == State::open);
    CHECK(yours.state() == BreakerState::open);

    // As if somebody's probes had gone well.
    CHECK(fleet.tell("c", Kind::closed, 0s, fleet.g("c").era).state == State::closed);
    fleet.loop.run_until([&] { return mine.state() == BreakerState::closed && yours.state() == BreakerState::closed; });
    a.stop();
    b.stop();
}

TEST_CASE("two processes on one Redis keep the outbound cap together and ask once a block") {
    test::RedisServer server;
    Fleet fleet(server);
    FleetPace a(fleet.loop.runtime(), fleet.store, "gateway", {200, 1s, 1});
    FleetPace b(fleet.loop.runtime(), fleet.other, "gateway", {200, 1s, 1});
    std::vector<SteadyTime> places;
    int callers = 64;
    const SteadyTime begun = fleet.now();
    const SteadyTime until = begun + 2s;
    const auto call = [&](FleetPace& pace) -> Task<void> {
        for (;;) {
            const auto place = co_await pace.reserve(until);
            if (!place) break;
            places.push_back(*place);
            co_await sleep_for(fleet.loop.runtime(), *place - fleet.now());
        }
        --callers;
    };
    for (int i = 0; i < 64; ++i) fleet.loop.start(call(i % 2 == 0 ? a : b));
    fleet.loop.run_until([&] { return callers == 0; });

    CHECK(places.size() <= 401);
    CHECK(places.size() >= 380);
    CHECK(server.calls("evalsha") <= 80);
}

TEST_CASE("the shared counters of a fleet live on a cluster too") {
    test::RedisCluster cluster;
    Fleet fleet(patient(redis::Options::Kind::cluster, {{"127.0.0.1", cluster.node(0).port()}}));
    CHECK(fleet.tell("a", Kind::opened, 30s, 0).state == State::open);
    CHECK(fleet.loop.run(fleet.other.exchange("b", {})).value().front().state == State::open);
    CHECK(fleet.take(3, 1s).count == 3);
}
