#include <catch2/catch.hpp>
#include <map>

#include "redis_under_test.hpp"

using namespace tollgate;
using namespace tollgate::test;
using Kind = Begun::Kind;
using std::chrono::seconds;

namespace {

Transition freeing(const ChargeRow& row, WallTime now = noon) {
    Transition end = step_of(row, "refused", now);
    end.status = ChargeStatus::declined;
    end.live = false;
    end.due_at.reset();
    end.frees_key = true;
    return end;
}

BeginCharge of_ann(const std::string& key, WallTime now = noon) {
    BeginCharge begin = counted(key, now);
    begin.row.customer_id = "ann";
    return begin;
}

/// Everything there is, but for what says that a copy would be late.
std::map<std::string, std::string> snapshot(LoneRedis& redis) {
    std::map<std::string, std::string> all;
    for (const std::string& key : redis.keys("tg:{p*")) {
        const char kind = key[9];
        if (kind != 'x' && kind != 'y') all[key] = redis.ask({"DUMP", key});
    }
    return all;
}

std::vector<std::vector<std::string>> scripts_sent(const LoneRedis& redis) {
    std::vector<std::vector<std::string>> scripts;
    for (std::vector<std::string>& command : redis.relay.commands()) {
        if (command[0] == "EVALSHA") scripts.push_back(std::move(command));
    }
    return scripts;
}

}  // namespace

TEST_CASE("a begin whose reply was lost is told once more that the charge is its own") {
    LoneRedis redis;
    redis.relay.lose_next_reply();
    const Begun begun = redis.begin(counted("a")).value();
    REQUIRE(redis.relay.has_lost_it());
    CHECK(begun.kind == Kind::fresh);
    CHECK(begun.row.fence == 1);
    CHECK(begun.row.attempt == 1);
    CHECK(begun.row.created_at == noon);
    CHECK(begun.velocities == std::vector<std::int64_t>{1});
    CHECK(redis.find(id_of("a"))->fence == 1);
    const Begun next = redis.begin(counted("b")).value();
    CHECK(next.limit->remaining == 3);  // the first one counted once
    CHECK(next.velocities == std::vector<std::int64_t>{2});
    CHECK(redis.begin(counted("a")).value().kind == Kind::in_flight);
}

TEST_CASE("a take whose reply was lost is told what it has got, and one that was refused that it was") {
    LoneRedis redis;
    REQUIRE(redis.begin(begin_of("a")));
    const auto take = [&](WallTime now) {
        redis.relay.lose_next_reply();
        const Taken taken =
            redis.loops.main.run(redis.store.store->take(id_of("a"), now, now + seconds(30), Reach::unfinished)).value();
        REQUIRE(redis.relay.has_lost_it());
        return taken;
    };
    const WallTime later = noon + seconds(30);
    CHECK(take(noon).kind == Taken::Kind::owned);
    const Taken taken = take(later);
    CHECK(taken.kind == Taken::Kind::taken);
    CHECK(taken.row.fence == 2);
    CHECK(taken.row.lease_until == later + seconds(30));
    CHECK(take(later).kind == Taken::Kind::owned);
    CHECK(redis.find(id_of("a"))->fence == 2);
}

TEST_CASE("a take for an operation whose reply was lost is told what it has got, or what it was told") {
    LoneRedis redis;
    const Begun begun = redis.begin(begin_of("a")).value();
    const auto take_for = [&](const std::string& operation, WallTime now) {
        redis.relay.lose_next_reply();
        const Taken taken =
            redis.loops.main.run(redis.store.store->take_for(id_of("a"), operation, now, now + seconds(30))).value();
        REQUIRE(redis.relay.has_lost_it());
        return taken;
    };
    const WallTime later = noon + seconds(30);
    CHECK(take_for("op_1", noon).kind == Taken::Kind::owned);
    const Taken taken = take_for("op_1", later);
    CHECK(taken.kind == Taken::Kind::taken);
    CHECK(taken.row.fence == 2);
    Transition step = step_of(taken.row, "refund intended", later);
    step.operations = {{"op_1", "payload", Answer{200, "done"}}};
    REQUIRE(redis.advance(step));
    const Taken known = take_for("op_1", later + seconds(30));
    CHECK(known.kind == Taken::Kind::known);
    CHECK(known.operation == step.operations[0]);
    CHECK(redis.find(id_of("a"))->fence == 2);
}

TEST_CASE("a take-over and a claim whose replies were lost are told what they have got") {
    LoneRedis redis;
    REQUIRE(redis.begin(begin_of("a")));
    redis.relay.lose_next_reply();
    const WallTime later = noon + seconds(30);
    const Begun taken = redis.begin(begin_of("a", later)).value();
    CHECK(taken.kind == Kind::taken_over);
    CHECK(taken.row.fence == 2);
    REQUIRE(redis.relay.has_lost_it());

    redis.relay.lose_next_reply();
    const WallTime last = later + seconds(30);
    const auto claimed = redis.loops.main.run(redis.store.store->claim(last, last + seconds(30), 10)).value();
    REQUIRE(redis.relay.has_lost_it());
    REQUIRE(claimed.size() == 1);
    CHECK(claimed[0].fence == 3);
    CHECK(claimed[0].lease_until == last + seconds(30));
    CHECK(redis.find(id_of("a"))->fence == 3);
}

TEST_CASE("whoever claims, keeps or ends a run and loses the reply is told what became of it") {
    LoneRedis redis;
    ReconciliationStore& books = redis.store.reconciliation();
    const auto unheard = [&](auto task) {
        redis.relay.lose_next_reply();
        auto result = redis.loops.main.run(std::move(task));
        REQUIRE(redis.relay.has_lost_it());
        return result;
    };
    CHECK(unheard(books.claim_run(today, noon, noon + seconds(30), WallTime::max())).value() == 1);
    CHECK_FALSE(unheard(books.claim_run(today, noon, noon + seconds(30), WallTime::max())).value());
    CHECK(unheard(books.extend_run(today, 1, noon + seconds(60))));
    CHECK(unheard(books.note_action(today, "page:1")));
    CHECK(unheard(books.finish_run(today, 1, "the report", noon)));
    CHECK(unheard(books.finish_run(today, 2, "another's", noon)).error().code == Code::lease_lost);
    CHECK(unheard(books.claim_run(today, noon, noon + seconds(30), WallTime::max())).value() == 2);
    const ReconciliationRun run = redis.loops.main.run(books.find_run(today)).value().value();
    CHECK(run == ReconciliationRun{2, noon + seconds(30), noon, "the report"});
}

TEST_CASE("a step whose reply was lost is written once") {
    LoneRedis redis;
    const Begun begun = redis.begin(begin_of("a")).value();
    redis.relay.lose_next_reply();
    Transition step = step_of(begun.row, "captured");
    step.ledger = {{"capture", "cap_1", 4999, "USD"}};
    step.velocities = {{.key = "shop/failures/ann", .window = std::chrono::minutes(1), .max = 5}};
    step.operations = {{"op_1", "payload", Answer{200, "done"}}};
    step.at_risk = {.unknown = 1, .uncaptured = 20, .pending_refund = 300};
    REQUIRE(redis.advance(step));
    REQUIRE(redis.relay.has_lost_it());
    const auto at_risk = redis.loops.main.run(redis.store.store->money_at_risk()).value();
    CHECK(at_risk == std::vector<CurrencyAtRisk>{{"USD", step.at_risk}});
    CHECK(redis.ask({"LLEN", redis.keys("*:k").at(0)}) == "1");
    CHECK(redis.loops.main.run(redis.store.store->ledger(id_of("a"))).value().size() == 1);
    CHECK(redis.ask({"LLEN", redis.keys("*:d:20261122").at(0)}) == "1");
    const std::string failures = redis.keys("*v:shop/failures/ann").at(0);
    CHECK(redis.ask({"ZCARD", failures}) == "1");
}

TEST_CASE("copies of commands that arrive late change nothing") {
    LoneRedis redis;
    const auto record = [&](const char* outcome) {
        redis.store.store->append({.at = noon,
                                   .who = "key_1",
                                   .what = "charge.create",
                                   .outcome = outcome,
                                   .origin = "127.0.0.1",
                                   .charge_id = id_of("a"),
                                   .request_id = "req_1"});
    };
    // A charge with all there is to it; one that is freed, begun again and lost to a take-over and a claim; refusals.
    record("attempt");
    const Begun first = redis.begin(of_ann("a")).value();
    Transition step = step_of(first.row, "captured");
    step.ledger = {{"authorize", "auth_1", 4999, "USD"}, {"capture", "cap_1", 4999, "USD"}};
    step.velocities = {{.key = "shop/failures/ann", .window = std::chrono::minutes(1), .max = 5}};
    step.operations = {{"op_1", "payload", {}}, {"op_2", "payload", Answer{409, "no"}}};
    step.at_risk.unknown = 4999;
    REQUIRE(redis.advance(step));
    REQUIRE(redis.advance(step_of(first.row, "ship intended", noon + seconds(1))));

    REQUIRE(redis.begin(of_ann("b")).value().kind == Kind::fresh);
    CHECK(redis.begin(of_ann("b")).value().kind == Kind::in_flight);
    const Begun taken = redis.begin(of_ann("b", noon + seconds(30))).value();
    REQUIRE(taken.kind == Kind::taken_over);
    REQUIRE(redis.advance(freeing(taken.row, noon + seconds(31))));
    const WallTime again = noon + seconds(32);
    REQUIRE(redis.begin(of_ann("b", again)).value().kind == Kind::fresh);
    const auto claimed = redis.loops.main.run(redis.store.store->claim(noon + seconds(70), noon + seconds(99), 10)).value();
    REQUIRE(claimed.size() == 2);
    const auto take = [&](const std::string& id, WallTime now) {
        return redis.loops.main.run(redis.store.store->take(id, now, now + seconds(30), Reach::unfinished)).value();
    };
    for (const ChargeRow& row : claimed) {
        if (row.id == id_of("b")) REQUIRE(redis.advance(freeing(row, noon + seconds(71))));
        if (row.id != id_of("a")) continue;
        CHECK(take(row.id, noon + seconds(71)).kind == Taken::Kind::owned);
        const Taken first_take = take(row.id, noon + seconds(99));
        REQUIRE(first_take.kind == Taken::Kind::taken);
        // A copy whose clock runs ahead finds it owned by nobody, and is too late all the same.
        Transition parked = step_of(first_take.row, "parked", noon + seconds(100));
        parked.lease_until = noon;
        parked.status = ChargeStatus::authorized;
        REQUIRE(redis.advance(parked));
        const auto take_for = [&](const std::string& operation) {
            const WallTime now = noon + seconds(100);
            return redis.loops.main.run(redis.store.store->take_for(row.id, operation, now, now + seconds(30))).value();
        };
        CHECK(take_for("op_1").kind == Taken::Kind::known);
        const Taken next_take = take_for("op_3");
        REQUIRE(next_take.kind == Taken::Kind::taken);
        CHECK(take_for("op_4").kind == Taken::Kind::owned);
        Transition settled = end_of(next_take.row, Answer{201, "done"}, noon + seconds(101));
        settled.operations = {{"op_3", "payload", {}}, {"op_1", "payload", Answer{200, "done"}}};
        settled.at_risk.pending_refund = 20;
        REQUIRE(redis.advance(settled));
        settled.operations = {{"op_3", "payload", Answer{200, "done"}}};
        settled.at_risk.pending_refund = 0;
        settled.lease_until = noon;
        REQUIRE(redis.advance(settled));
    }
    // Whoever was refused must not be charged by a copy that comes when there is room again.
    BeginCharge twice = begin_of("c");
    twice.row.order_id = "order of a";
    CHECK(redis.begin(twice).value().kind == Kind::duplicate);
    BeginCharge limited = of_ann("d");
    limited.admission.limit = GcraPolicy{.requests = 1, .per = std::chrono::minutes(1), .burst = 1};
    limited.admission.limit_key = "shop/bob";
    REQUIRE(redis.begin(limited).value().kind == Kind::fresh);
    limited.row.id = id_of("e");
    limited.row.order_id = "order of e";
    CHECK(redis.begin(limited).value().kind == Kind::refused);
    redis.ask({"DEL", redis.keys("*g:shop/bob").at(0)});
    Transition refunded = step_of(redis.find(id_of("a")).value(), "refunded", noon + seconds(73));
    refunded.status = ChargeStatus::succeeded;
    refunded.live = false;
    refunded.due_at.reset();
    refunded.at_risk = {.unknown = 1, .uncaptured = 2, .pending_refund = 3};
    record("201");
    REQUIRE(redis.advance(refunded));

    // A run that is kept, ends, and is begun anew by another one.
    ReconciliationStore& books = redis.store.reconciliation();
    const auto claim_run = [&](WallTime now, WallTime done_since) {
        return redis.loops.main.run(books.claim_run(today, now, now + seconds(30), done_since)).value();
    };
    REQUIRE(claim_run(noon, WallTime::min()) == 1);
    CHECK_FALSE(claim_run(noon + seconds(29), WallTime::max()));
    REQUIRE(redis.loops.main.run(books.extend_run(today, 1, noon + seconds(60))));
    REQUIRE(redis.loops.main.run(books.extend_run(today, 1, noon + seconds(40))));
    REQUIRE(redis.loops.main.run(books.note_action(today, "page:1")));
    REQUIRE(redis.loops.main.run(books.finish_run(today, 1, "the first", noon + seconds(41))));
    REQUIRE(redis.loops.main.run(books.finish_run(today, 1, "the second", noon + seconds(42))));
    CHECK_FALSE(claim_run(noon + seconds(50), WallTime::min()));
    REQUIRE(claim_run(noon + seconds(50), WallTime::max()) == 2);
    REQUIRE(redis.loops.main.run(books.extend_run(today, 2, noon + seconds(90))));
    REQUIRE(redis.loops.main.run(books.extend_run(today, 2, noon)));  // handed over

    // One who has logged out, and one who has not.
    SessionStore& sessions = redis.store.sessions();
    const auto open = [&](const std::string& id) {
        return redis.loops.main.run(sessions.open_session({.id = id, .owner = "ops", .expires_at = noon + seconds(99)}, noon));
    };
    REQUIRE(open("ann"));
    REQUIRE(open("bob"));
    REQUIRE(redis.loops.main.run(sessions.end_session("ann")));

    const auto before = snapshot(redis);
    auto copies = scripts_sent(redis);
    REQUIRE(copies.size() >= 29);
    for (const auto& copy : copies) (void)redis.server.command(copy);
    CHECK(snapshot(redis) == before);
    std::ranges::reverse(copies);
    for (const auto& copy : copies) (void)redis.server.command(copy);
    CHECK(snapshot(redis) == before);
    CHECK_FALSE(redis.find(id_of("c")));
    CHECK_FALSE(redis.find(id_of("e")));
    CHECK_FALSE(redis.loops.main.run(sessions.find_session("ann", noon)).value());
    CHECK(redis.loops.main.run(sessions.find_session("bob", noon)).value());
    const AuditVerdict verdict = verify_audit(redis.store.options).value();
    CHECK(verdict.records == 2);
    CHECK_FALSE(verdict.bad_seq);
}

TEST_CASE("a late copy of a begin begins nothing when its charge was taken by hand and its key freed") {
    LoneRedis redis;
    redis.relay.forget();
    REQUIRE(redis.begin(begin_of("a")));
    const auto copies = scripts_sent(redis);
    const WallTime later = noon + seconds(30);
    const Taken taken =
        redis.loops.main.run(redis.store.store->take(id_of("a"), later, later + seconds(30), Reach::unfinished)).value();
    REQUIRE(taken.kind == Taken::Kind::taken);
    REQUIRE(redis.advance(freeing(taken.row, later)));
    const auto before = snapshot(redis);
    for (const auto& copy : copies) (void)redis.server.command(copy);
    CHECK(snapshot(redis) == before);
    CHECK(redis.find(id_of("a"))->attempt == 1);
}

TEST_CASE("a copy of an older step does not overwrite a newer one") {
    LoneRedis redis;
    const Begun begun = redis.begin(begin_of("a")).value();
    redis.relay.forget();
    REQUIRE(redis.advance(step_of(begun.row, "authorize intended")));
    const auto copies = scripts_sent(redis);
    REQUIRE_FALSE(copies.empty());
    REQUIRE(redis.advance(step_of(begun.row, "capture intended")));
    CHECK(redis.server.command(copies.back()).text == "older");
    CHECK(redis.find(id_of("a"))->state == "capture intended");
}

TEST_CASE("scripts that the server has forgotten are loaded again without a word to the caller") {
    LoneRedis redis;
    const Begun begun = redis.begin(begin_of("a")).value();
    redis.ask({"SCRIPT", "FLUSH"});
    REQUIRE(redis.advance(step_of(begun.row, "authorize intended")));
    redis.ask({"SCRIPT", "FLUSH"});
    CHECK(redis.begin(begin_of("a")).value().kind == Kind::in_flight);
    redis.ask({"SCRIPT", "FLUSH"});
    const WallTime later = noon + seconds(31);
    CHECK(redis.loops.main.run(redis.store.store->claim(later, later + seconds(30), 10)).value().size() == 1);
}
