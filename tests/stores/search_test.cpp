#include <catch2/catch.hpp>

#include "async/all_of.hpp"
#include "redis_under_test.hpp"
#include "store_under_test.hpp"
#include "stores/redis/keys.hpp"
#include "stores/sqlite/charge_reads.hpp"
#include "stores/sqlite/charge_writes.hpp"
#include "stores/sqlite/schema.hpp"
#include "walk.hpp"

using namespace tollgate;
using namespace tollgate::test;
using std::chrono::hours;
using std::chrono::seconds;

namespace {

using Ids = std::vector<std::string>;

BeginCharge begin_for(const std::string& tenant, const std::string& key, WallTime now = noon) {
    BeginCharge begin = begin_of(key, now);
    begin.row.id = id_of(key, tenant);
    begin.row.tenant = tenant;
    begin.row.customer_id = "customer of " + key;
    begin.allow_duplicate = true;
    return begin;
}

Ids ids_of(const std::vector<ChargeRow>& rows) {
    Ids ids;
    for (const ChargeRow& row : rows) ids.push_back(row.id);
    return ids;
}

Ids of_order(Bench& bench, const std::string& order, std::size_t limit = 20) {
    return walk(bench, {.statuses = {}, .order_id = order, .customer_id = "", .limit = limit, .cursor = ""});
}

Ids of_customer(Bench& bench, const std::string& customer, std::size_t limit = 20) {
    return walk(bench, {.statuses = {}, .order_id = "", .customer_id = customer, .limit = limit, .cursor = ""});
}

/// Waits for its capture until then.
Transition authorized_until(const ChargeRow& row, WallTime due_at) {
    Transition step = step_of(row, "authorized");
    step.status = ChargeStatus::authorized;
    step.due_at = due_at;
    return step;
}

Ids expiring(Bench& bench, WallTime until, std::size_t limit = 100) {
    return ids_of(bench.loop.run(bench.charges().expiring(until, limit)).value());
}

}  // namespace

TEST_CASE("a charge tells its customer, whoever asks") {
    Bench bench(GENERATE(from_range(store_kinds())));
    BeginCharge begin = begin_for("shop", "a");
    begin.row.customer_id = "cus {1}:\xc3\xbc";
    const std::string customer = begin.row.customer_id;
    CHECK(bench.begin(begin).value().row.customer_id == customer);
    CHECK(bench.begin(begin).value().row.customer_id == customer);
    CHECK(bench.find(id_of("a"))->customer_id == customer);
    CHECK(bench.take(id_of("a"), noon + seconds(60)).row.customer_id == customer);
    CHECK(bench.claim(noon + hours(1)).at(0).customer_id == customer);
    REQUIRE(bench.advance(end_of(bench.find(id_of("a")).value(), Answer{201, "done"})));
    CHECK(bench.find(id_of("a"))->customer_id == customer);
    CHECK(of_customer(bench, customer) == Ids{id_of("a")});
}

TEST_CASE("an operator finds an order's and a customer's charges of every tenant and status, the newest first") {
    Bench bench(GENERATE(from_range(store_kinds())));
    const Ids tenants{"anna", "bert", "carl", "anna", "bert", "carl", "anna"};
    Ids ids;
    for (std::size_t i = 0; i < tenants.size(); ++i) {
        BeginCharge begin = begin_for(tenants[i], std::to_string(i), noon + seconds(static_cast<int>(i)));
        begin.row.order_id = i == 3 ? "1001 " : "1001";
        begin.row.customer_id = i == 5 ? "anna" : "cus_1";
        REQUIRE(bench.begin(begin));
        ids.push_back(begin.row.id);
    }
    REQUIRE(bench.advance(end_of(bench.find(ids[0]).value(), Answer{201, "done"})));
    Transition declined = end_of(bench.find(ids[2]).value(), Answer{402, "no"});
    declined.status = ChargeStatus::declined;
    REQUIRE(bench.advance(declined));

    const std::size_t limit = GENERATE(1, 2, 3, 100);
    CHECK(of_order(bench, "1001", limit) == Ids{ids[6], ids[5], ids[4], ids[2], ids[1], ids[0]});
    CHECK(of_order(bench, "1001 ", limit) == Ids{ids[3]});
    CHECK(of_order(bench, "100", limit).empty());
    CHECK(of_customer(bench, "cus_1", limit) == Ids{ids[6], ids[4], ids[3], ids[2], ids[1], ids[0]});
    CHECK(of_customer(bench, "anna", limit) == Ids{ids[5]});
    CHECK(of_customer(bench, "cus_", limit).empty());
    const ChargePage full =
        bench.survey({.statuses = {}, .order_id = "1001", .customer_id = "", .limit = 6, .cursor = ""}).value();
    CHECK(full.rows.size() == 6);
}

TEST_CASE("a walk over a customer's charges gives each once while others arrive") {
    Bench bench(GENERATE(from_range(store_kinds())));
    const bool by_order = GENERATE(false, true);
    int arrived = 0;
    const auto begin = [&] {
        BeginCharge begin =
            begin_for("tenant " + std::to_string(arrived % 7), std::to_string(arrived), noon + seconds(arrived % 5));
        begin.row.customer_id = "ann";
        begin.row.order_id = "one order";
        ++arrived;
        REQUIRE(bench.begin(begin));
        return begin.row.id;
    };
    Ids there;
    for (int i = 0; i < 120; ++i) there.push_back(begin());
    SurveyQuery query{.statuses = {},
                      .order_id = by_order ? "one order" : "",
                      .customer_id = by_order ? "" : "ann",
                      .limit = 10,
                      .cursor = ""};
    Ids seen;
    do {
        const ChargePage page = bench.survey(query).value();
        for (const ChargeRow& row : page.rows) seen.push_back(row.id);
        REQUIRE(seen.size() < 500);
        query.cursor = page.next_cursor;
        (void)begin();
    } while (!query.cursor.empty());
    for (const std::string& id : there) CHECK(std::ranges::count(seen, id) == 1);
}

TEST_CASE("a key that is begun anew for another order and customer is found by these alone") {
    Bench bench(GENERATE(from_range(store_kinds())));
    BeginCharge begin = begin_for("shop", "a");
    begin.row.order_id = "1";
    begin.row.customer_id = "ann";
    Transition freeing = end_of(bench.begin(begin).value().row, Answer{});
    freeing.answer.reset();
    freeing.frees_key = true;
    freeing.status = ChargeStatus::authorized;  // as nobody does, to leave a trace in every list
    freeing.due_at = noon;
    REQUIRE(bench.advance(freeing));
    begin.row.order_id = "2";
    begin.row.customer_id = "bob";
    REQUIRE(bench.begin(begin).value().kind == Begun::Kind::fresh);
    CHECK(bench.find(id_of("a"))->customer_id == "bob");
    CHECK(of_order(bench, "1").empty());
    CHECK(of_order(bench, "2") == Ids{id_of("a")});
    CHECK(of_customer(bench, "ann").empty());
    CHECK(of_customer(bench, "bob") == Ids{id_of("a")});
    CHECK(expiring(bench, noon + hours(24)).empty());
}

TEST_CASE("a charge of nobody known is found by its order and is no customer's") {
    Bench bench(GENERATE(from_range(store_kinds())));
    BeginCharge begin = begin_for("shop", "a");
    begin.row.customer_id = "";
    REQUIRE(bench.begin(begin));
    CHECK(of_order(bench, begin.row.order_id) == Ids{id_of("a")});
    const ChargePage page = bench.survey({.statuses = {}}).value();
    CHECK(page.rows.empty());
    CHECK(page.next_cursor.empty());
}

TEST_CASE("a cursor of an order's or a customer's charges that this store never gave out is refused") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    Bench bench(kind);
    const bool sqlite = kind.name.starts_with("sqlite");
    for (const std::string& cursor : {std::string(sqlite ? "rs012" : "sq2"), std::string("nonsense"), std::string("-1"),
                                      std::string(sqlite ? "sq0" : "rs000"), std::string("' OR 1 --")}) {
        INFO(cursor);
        for (const bool by_order : {false, true}) {
            const Result<ChargePage> page = bench.survey({.statuses = {},
                                                          .order_id = by_order ? "1" : "",
                                                          .customer_id = by_order ? "" : "ann",
                                                          .limit = 1,
                                                          .cursor = cursor});
            REQUIRE_FALSE(page);
            CHECK(page.error().code == Code::bad_request);
        }
    }
}

TEST_CASE("authorizations that run out soon are told, the earliest first, and those of no other charge") {
    Bench bench(GENERATE(from_range(store_kinds())));
    CHECK(expiring(bench, noon + hours(24)).empty());
    const auto begin = [&](const std::string& tenant, const std::string& key) {
        return bench.begin(begin_for(tenant, key)).value().row;
    };
    const ChargeRow late = begin("anna", "late");
    const ChargeRow soon = begin("bert", "soon");
    const ChargeRow sooner = begin("carl", "sooner");
    const ChargeRow far = begin("anna", "far");
    (void)begin("anna", "processing");
    const WallTime until = noon + hours(24);
    REQUIRE(bench.advance(authorized_until(late, until - Milliseconds(1))));
    REQUIRE(bench.advance(authorized_until(soon, noon + hours(2))));
    REQUIRE(bench.advance(authorized_until(sooner, noon + hours(1))));
    REQUIRE(bench.advance(authorized_until(far, until)));
    Transition waits = step_of(begin("bert", "waits"), "redirected");
    waits.status = ChargeStatus::requires_action;
    waits.due_at = noon + hours(1);
    REQUIRE(bench.advance(waits));

    CHECK(expiring(bench, until) == Ids{sooner.id, soon.id, late.id});
    CHECK(expiring(bench, until, 2) == Ids{sooner.id, soon.id});
    CHECK(expiring(bench, until, 0).empty());
    CHECK(expiring(bench, noon + hours(1)).empty());
    CHECK(expiring(bench, until + Milliseconds(1)).size() == 4);

    REQUIRE(bench.take(soon.id, noon + seconds(60), Reach::any).kind == Taken::Kind::taken);  // owned, and as it was
    CHECK(expiring(bench, until) == Ids{sooner.id, soon.id, late.id});
    REQUIRE(bench.advance(end_of(bench.find(soon.id).value(), Answer{201, "captured"})));
    REQUIRE(bench.advance(authorized_until(sooner, noon + hours(30))));
    CHECK(expiring(bench, until) == Ids{late.id});
    Transition parked = authorized_until(late, noon);
    parked.due_at.reset();
    REQUIRE(bench.advance(parked));
    CHECK(expiring(bench, until).empty());
}

TEST_CASE("no more than a hundred authorizations are told at once") {
    Bench bench(GENERATE(from_range(store_kinds())));
    std::vector<Task<Result<Begun>>> begins;
    for (int i = 0; i < 103; ++i) {
        begins.push_back(bench.charges().begin(begin_for("tenant " + std::to_string(i % 3), std::to_string(i))));
    }
    int i = 0;
    for (const Result<Begun>& begun : bench.loop.run(all_of(bench.loop.runtime(), std::move(begins)))) {
        REQUIRE(bench.advance(authorized_until(begun.value().row, noon + seconds(i++))));
    }
    const std::vector<ChargeRow> told = bench.loop.run(bench.charges().expiring(noon + hours(1), 1000)).value();
    REQUIRE(told.size() == 100);
    CHECK(told.front().due_at == noon);
    CHECK(told.back().due_at == noon + seconds(99));
}

TEST_CASE("what an operator looks for in a file costs the same however many other charges there are") {
    using namespace tollgate::sqlite;
    Database database = Database::open(":memory:", Database::Access::read_write, "").value();
    REQUIRE(migrate(database, ":memory:", migrations()));
    ChargeWrites writes(database);
    ChargeReads reads(database);
    int steps = 0;  // of SQLite's own machine
    const auto cost = [&](const auto& look) {
        REQUIRE(look());  // prepared
        sqlite3_progress_handler(
            database.handle(), 1,
            [](void* count) {
                ++*static_cast<int*>(count);
                return 0;
            },
            &steps);
        steps = 0;
        const std::size_t found = look();
        sqlite3_progress_handler(database.handle(), 0, nullptr, nullptr);
        CHECK(found == 2);
        return steps;
    };
    const auto all = [&] {
        const SurveyQuery order{.statuses = {}, .order_id = "1", .customer_id = "", .cursor = ""};
        const SurveyQuery customer{.statuses = {}, .order_id = "", .customer_id = "ann", .cursor = ""};
        return std::array{cost([&] { return reads.survey(order).value().rows.size(); }),
                          cost([&] { return reads.survey(customer).value().rows.size(); }),
                          cost([&] { return reads.expiring(noon + hours(1), 100).value().size(); })};
    };
    const auto begin = [&](const std::string& key, const std::string& order, const std::string& customer) {
        BeginCharge begin = begin_for("shop", key);
        begin.row.order_id = order;
        begin.row.customer_id = customer;
        REQUIRE(writes.begin(begin));
        return begin.row;
    };
    for (const std::string key : {"a", "b"}) {
        REQUIRE(writes.advance(authorized_until(begin(key, "1", "ann"), noon + seconds(1))));
    }
    for (int i = 0; i < 10; ++i) begin(std::to_string(i), "2", "bob");
    const auto before = all();
    for (int i = 10; i < 2'000; ++i) begin(std::to_string(i), "2", "bob");
    const auto after = all();
    for (std::size_t i = 0; i < after.size(); ++i) {
        INFO(i);
        CHECK(after[i] < before[i] + 50);
    }
}

TEST_CASE("what an operator looks for in Redis costs the same however many other charges there are") {
    LoneRedis redis;
    const auto begin = [&](const std::string& key, const std::string& order, const std::string& customer) {
        BeginCharge begin = begin_for("shop", key);
        begin.row.order_id = order;
        begin.row.customer_id = customer;
        return redis.begin(begin).value().row;
    };
    for (const std::string key : {"a", "b"}) {
        REQUIRE(redis.advance(authorized_until(begin(key, "1", "ann"), noon + seconds(1))));
    }
    for (int i = 0; i < 300; ++i) begin(std::to_string(i), "2", "bob");
    ChargeStore& charges = *redis.store.store;
    for (const char* const what : {"order", "customer", "expiring"}) {
        INFO(what);
        redis.ask({"CONFIG", "RESETSTAT"});
        std::size_t found = 0;
        if (std::string(what) == "expiring") {
            found = redis.loops.main.run(charges.expiring(noon + hours(1), 100)).value().size();
        } else {
            const bool by_order = std::string(what) == "order";
            found =
                redis.loops.main
                    .run(charges.survey(
                        {.statuses = {}, .order_id = by_order ? "1" : "", .customer_id = by_order ? "" : "ann", .cursor = ""}))
                    .value()
                    .rows.size();
        }
        CHECK(found == 2);
        CHECK(redis.server.calls("zrange") <= 64);
        CHECK(redis.server.calls("hgetall") == 2);
        CHECK(redis.server.calls("hget") <= 2);
    }
}

TEST_CASE("Redis keeps of a customer what it keeps of the charges, and nothing of one that waits for no capture any more") {
    LoneRedis redis;
    const ChargeRow row = redis.begin(begin_for("shop", "a")).value().row;
    REQUIRE(redis.advance(authorized_until(row, noon + hours(1))));
    REQUIRE(redis.begin(begin_for("shop", "a")));
    CHECK(redis.keys("*:z").size() == 1);
    REQUIRE(redis.keys("*:b:*").size() == 1);
    CHECK(redis.ask({"ZCARD", redis.keys("*:b:*")[0]}) == "1");
    REQUIRE(redis.advance(end_of(row, Answer{201, "captured"})));
    CHECK(redis.keys("*:z").empty());
    CHECK(redis.ask({"ZCARD", redis.keys("*:b:*")[0]}) == "1");

    Transition freeing = authorized_until(row, noon + hours(1));
    freeing.frees_key = true;
    REQUIRE(redis.advance(freeing));
    BeginCharge another = begin_for("shop", "a");
    another.row.customer_id = "another";
    REQUIRE(redis.begin(another).value().kind == Begun::Kind::fresh);
    CHECK(redis.keys("*:z").empty());
    CHECK(redis.keys("*:b:*") == std::vector<std::string>{redis::Keys(partition_of_tenant("shop")).of_customer("another")});
}
