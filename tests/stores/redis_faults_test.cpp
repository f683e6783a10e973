#include <catch2/catch.hpp>
#include <thread>

#include "redis_under_test.hpp"
#include "stores/placement.hpp"
#include "support/redis_cluster.hpp"

using namespace tollgate;
using namespace tollgate::test;
using Kind = Begun::Kind;

namespace {

bool healthy(LoneRedis& redis) {
    return redis.loops.main.run(redis.store.store->check()).has_value();
}

}  // namespace

TEST_CASE("a server that was killed is told of at once, and after its restart the store goes on by itself") {
    LoneRedis redis(RedisServer::Options{.append_only = true});
    be_quick(redis);
    const Begun begun = redis.begin(begin_of("a")).value();
    redis.server.kill_hard();
    CHECK(wait_for([&] {
        const Result<Begun> refused = redis.begin(begin_of("b"));
        REQUIRE_FALSE(refused);
        return refused.error().code == Code::store_unavailable && refused.error().retry_after.has_value();
    }));
    CHECK_FALSE(healthy(redis));
    redis.server.restart();
    CHECK(wait_for([&] { return healthy(redis); }));
    CHECK(redis.find(id_of("a"))->fence == 1);
    CHECK(redis.advance(step_of(begun.row, "goes on")));
    CHECK(redis.begin(begin_of("b")).value().kind == Kind::fresh);
}

TEST_CASE("a run outlives the kill of its server, and so does what was noted and the ledger of its day") {
    LoneRedis redis(RedisServer::Options{.append_only = true});
    ReconciliationStore& books = redis.store.reconciliation();
    Transition step = step_of(redis.begin(begin_of("a")).value().row, "captured");
    step.ledger = {{"capture", "cap_1", 4999, "USD"}};
    REQUIRE(redis.advance(step));
    const WallTime lease = noon + std::chrono::seconds(30);
    REQUIRE(redis.loops.main.run(books.claim_run(today, noon, lease, WallTime::min())).value() == 1);
    REQUIRE(redis.loops.main.run(books.note_action(today, "page:1")));
    redis.server.kill_hard();
    redis.server.restart();
    CHECK(wait_for([&] { return healthy(redis); }));
    CHECK(redis.loops.main.run(books.is_noted(today, "page:1")).value());
    CHECK_FALSE(redis.loops.main.run(books.claim_run(today, noon, lease, WallTime::min())).value());
    CHECK(redis.loops.main.run(books.finish_run(today, 1, "report", noon)));
    CHECK(read_day(redis.loops.main, books, {.day = today, .cursor = ""}).size() == 1);
}

TEST_CASE("a server that stands still leaves it open whether it wrote, and asked again it tells") {
    LoneRedis redis;
    be_quick(redis);
    const Begun begun = redis.begin(begin_of("a")).value();
    redis.server.stop_process();
    const auto asked = std::chrono::steady_clock::now();
    const Result<void> untold = redis.advance(step_of(begun.row, "authorize intended"));
    REQUIRE_FALSE(untold);
    CHECK(untold.error().code == Code::store_unknown);
    CHECK(std::chrono::steady_clock::now() - asked < std::chrono::seconds(10));
    CHECK_FALSE(healthy(redis));
    redis.server.continue_process();
    CHECK(wait_for([&] { return healthy(redis); }));
    CHECK(redis.advance(step_of(begun.row, "authorize intended")));
    CHECK(redis.find(id_of("a"))->state == "authorize intended");
}

TEST_CASE("a full server takes no charge and says so, reads go on, and with room again all is well") {
    LoneRedis redis;
    REQUIRE(redis.begin(begin_of("a")));
    redis.ask({"CONFIG", "SET", "maxmemory", "1"});
    const Result<Begun> refused = redis.begin(begin_of("b"));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::store_unavailable);
    const Result<void> well = redis.loops.main.run(redis.store.store->check());
    REQUIRE_FALSE(well);
    CHECK(well.error().detail.find("OOM") != std::string::npos);
    CHECK(redis.find(id_of("a")));
    CHECK_FALSE(redis.find(id_of("b")));
    redis.ask({"CONFIG", "SET", "maxmemory", "0"});
    CHECK(healthy(redis));
    CHECK(redis.begin(begin_of("b")).value().kind == Kind::fresh);
}

TEST_CASE("a full server still forgets answers that have outlived their time") {
    LoneRedis redis;
    const Begun begun = redis.begin(begin_of("a")).value();
    REQUIRE(redis.advance(end_of(begun.row, Answer{201, "done"})));
    REQUIRE(redis.begin(begin_of("a", noon + std::chrono::hours(24))).value().kind == Kind::settled);
    redis.ask({"CONFIG", "SET", "maxmemory", "1"});
    CHECK(redis.loops.main.run(redis.store.store->sweep()).value() == 1);
    CHECK_FALSE(redis.find(id_of("a"))->answer);
}

TEST_CASE("a step is refused while its charge's slot moves, though all that it names has moved already") {
    RedisCluster cluster;
    Loops loops;
    RedisUnderTest under(loops, redis::Options::Kind::cluster, {{"127.0.0.1", cluster.node(0).port()}});
    under.options.timeout = under.options.redis.timeout = std::chrono::seconds(1);
    under.reopen();
    const auto begin = [&](const BeginCharge& asked) { return loops.main.run(under.store->begin(asked)); };
    const auto advance = [&](const Transition& step) { return loops.main.run(under.store->advance(step)).has_value(); };
    const Begun begun = begin(begin_of("a")).value();
    Transition authorized = step_of(begun.row, "authorized");
    authorized.ledger = {{"authorize", "auth_1", 4999, "USD"}};
    REQUIRE(advance(authorized));
    REQUIRE(advance(end_of(begin(begin_of("b")).value().row, Answer{201, "done"})));

    const int partition = partition_of_tenant("shop");
    const std::string prefix = std::string(partition < 10 ? "tg:{p0" : "tg:{p") + std::to_string(partition) + "}:";
    const std::uint16_t slot = redis::slot_of(prefix);
    const std::size_t from = cluster.owner(slot);
    const std::size_t to = (from + 1) % 3;
    cluster.begin_move(slot, to);
    const std::string port = std::to_string(cluster.node(to).port());
    const RedisReply moved =
        cluster.node(from).command({"MIGRATE", "127.0.0.1", port, "", "0", "5000", "KEYS", prefix + "c:" + id_of("a"),
                                    prefix + "due", prefix + "k", prefix + "m:" + id_of("a")});
    REQUIRE(moved.text == "OK");
    // It takes the charge off the list of its order's living ones, which is not there yet.
    Transition reversed = end_of(begun.row, Answer{402, "reversed"});
    reversed.status = ChargeStatus::reversed;
    reversed.live = false;
    CHECK_FALSE(advance(reversed));
    cluster.move_keys(slot, to);
    cluster.end_move(slot, to);
    CHECK(wait_for([&] { return advance(reversed); }));
    BeginCharge again = begin_of("c");
    again.row.order_id = "order of a";
    CHECK(begin(again).value().kind == Kind::fresh);
}

TEST_CASE("a server that became a replica takes no charge") {
    LoneRedis redis;
    be_quick(redis);
    RedisServer master;
    REQUIRE(redis.begin(begin_of("a")));
    redis.ask({"REPLICAOF", "127.0.0.1", std::to_string(master.port())});
    const Result<Begun> refused = redis.begin(begin_of("b"));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::store_unavailable);
    CHECK_FALSE(healthy(redis));
}

TEST_CASE("a caller from a thread that is none of the store's loops is served") {
    LoneRedis redis;
    asio::io_context elsewhere;
    auto work = asio::make_work_guard(redis.loops.main.io());
    std::thread loop([&] {
        redis.loops.main.io().restart();
        redis.loops.main.io().run();
    });
    auto begun = asio::co_spawn(elsewhere, redis.store.store->begin(begin_of("a")), asio::use_future);
    elsewhere.run();
    CHECK(begun.get().value().kind == Kind::fresh);
    redis.loops.main.io().stop();
    loop.join();
}
