#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "at_once.hpp"

using namespace tollgate;
using namespace tollgate::test;
using Kind = Begun::Kind;

namespace {

Task<Begun> begin_one(ChargeStore& store, BeginCharge begin) {
    co_return (co_await store.begin(std::move(begin))).value();
}

Task<Taken> take_one(ChargeStore& store, WallTime now) {
    co_return (co_await store.take(id_of("a"), now, now + std::chrono::seconds(30), Reach::unfinished)).value();
}

Task<std::vector<ChargeRow>> claim_some(ChargeStore& store, WallTime now) {
    co_return (co_await store.claim(now, now + std::chrono::seconds(30), 3)).value();
}

/// A whole charge: begun, three steps, the end. Whether every write was taken.
Task<bool> charge(ChargeStore& store, std::string key) {
    const Result<Begun> begun = co_await store.begin(begin_of(key));
    if (!begun || begun->kind != Kind::fresh) co_return false;
    for (const char* state : {"authorize intended", "capture intended", "ship intended"}) {
        const Result<void> step = co_await store.advance(step_of(begun->row, state));
        if (!step) co_return false;
        // What was acknowledged is seen by whoever asks next.
        const Result<std::optional<ChargeRow>> seen = co_await store.find(begun->row.id);
        if (!seen || !*seen || (*seen)->state != state) co_return false;
    }
    Transition end = end_of(begun->row, Answer{201, "answer to " + key});
    end.ledger = {{"capture", "cap of " + key, 4999, "USD"}};
    const Result<void> ended = co_await store.advance(std::move(end));
    co_return ended.has_value();
}

}  // namespace

TEST_CASE("of many requests with one key at once exactly one begins the charge") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    const auto all = at_once<Begun>(bench, 64, [&bench](std::size_t) { return begin_one(bench.charges(), begin_of("a")); });
    std::map<Kind, int> kinds;
    for (const Begun& begun : all) ++kinds[begun.kind];
    CHECK(kinds[Kind::fresh] == 1);
    CHECK(kinds[Kind::in_flight] == 63);
    CHECK(bench.find(id_of("a"))->fence == 1);
}

TEST_CASE("of many requests for one order at once, each under a key of its own, exactly one begins the charge") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    const auto all = at_once<Begun>(bench, 64, [&bench](std::size_t i) {
        BeginCharge begin = begin_of(std::to_string(i));
        begin.row.order_id = "one order";
        return begin_one(bench.charges(), begin);
    });
    const auto fresh = std::ranges::find(all, Kind::fresh, &Begun::kind);
    REQUIRE(fresh != all.end());
    CHECK(std::ranges::count(all, Kind::fresh, &Begun::kind) == 1);
    for (const Begun& begun : all) {
        if (begun.kind == Kind::fresh) continue;
        CHECK(begun.kind == Kind::duplicate);
        CHECK(begun.row.id == fresh->row.id);
    }
}

TEST_CASE("of two processes that begin one order at once, each under a key of its own, exactly one begins the charge") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    const std::unique_ptr<StoreUnderTest> other = bench.store->another_process(bench.loops);
    if (!other) return;  // this store has one process only
    for (int round = 0; round < 20; ++round) {
        const auto both = at_once<Begun>(bench, 2, [&](std::size_t i) {
            BeginCharge begin = begin_of(std::to_string(round) + "." + std::to_string(i));
            begin.row.order_id = "order " + std::to_string(round);
            return begin_one(i == 0 ? bench.charges() : other->charges(), begin);
        });
        CHECK(std::ranges::count(both, Kind::fresh, &Begun::kind) == 1);
        CHECK(std::ranges::count(both, Kind::duplicate, &Begun::kind) == 1);
    }
}

TEST_CASE("of many requests that find a dead owner exactly one takes over") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    (void)bench.begin(begin_of("a"));
    const WallTime later = noon + std::chrono::seconds(30);
    const auto all = at_once<Begun>(bench, 64, [&](std::size_t) { return begin_one(bench.charges(), begin_of("a", later)); });
    std::map<Kind, int> kinds;
    for (const Begun& begun : all) ++kinds[begun.kind];
    CHECK(kinds[Kind::taken_over] == 1);
    CHECK(kinds[Kind::in_flight] == 63);
    CHECK(bench.find(id_of("a"))->fence == 2);
}

TEST_CASE("of many who take a charge at the same time exactly one gets it") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    (void)bench.begin(begin_of("a"));
    const WallTime later = noon + std::chrono::seconds(30);
    const auto all = at_once<Taken>(bench, 64, [&](std::size_t) { return take_one(bench.charges(), later); });
    CHECK(std::ranges::count(all, Taken::Kind::taken, &Taken::kind) == 1);
    CHECK(std::ranges::count(all, Taken::Kind::owned, &Taken::kind) == 63);
    CHECK(bench.find(id_of("a"))->fence == 2);
}

TEST_CASE("claimants at the same time never get one charge twice") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    for (int i = 0; i < 40; ++i) (void)bench.begin(begin_of(std::to_string(i)));
    const WallTime later = noon + std::chrono::minutes(1);
    const auto all =
        at_once<std::vector<ChargeRow>>(bench, 16, [&](std::size_t) { return claim_some(bench.charges(), later); });
    std::multiset<std::string> claimed;
    for (const std::vector<ChargeRow>& some : all) {
        for (const ChargeRow& row : some) claimed.insert(row.id);
    }
    CHECK(claimed.size() == 40);
    CHECK(std::set<std::string>(claimed.begin(), claimed.end()).size() == 40);
}

TEST_CASE("many charges at once all end, and each acknowledged step is seen at once") {
    const StoreKind kind = GENERATE(from_range(store_kinds()));
    INFO(kind.name);
    Bench bench(kind);
    const auto all = at_once<bool>(bench, 128, [&](std::size_t i) { return charge(bench.charges(), std::to_string(i)); });
    CHECK(std::ranges::count(all, true) == 128);
    for (int i = 0; i < 128; ++i) {
        const ChargeRow row = bench.find(id_of(std::to_string(i))).value();
        REQUIRE(row.answer->body == "answer to " + std::to_string(i));
        REQUIRE(bench.ledger(row.id).size() == 1);
    }
}
