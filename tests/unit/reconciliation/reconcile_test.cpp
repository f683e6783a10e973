#include <catch2/catch.hpp>

#include "shop.hpp"

using namespace tollgate;
using namespace tollgate::reconciliation;
using namespace tollgate::reconciliation::test;
using namespace std::chrono_literals;

namespace {

constexpr Type capture = Type::capture;
constexpr Type refund = Type::refund;
constexpr Type dispute = Type::dispute;
constexpr WallTime first_moment = today;
constexpr WallTime last_moment = today + 24h - 1ms;

Task<Result<TransactionPage>> broken() {
    co_return fail(Code::gateway_fault, "the gateway answered 503");
}

}  // namespace

TEST_CASE("A day on which both sides agree is matched whole and its sums are equal in every currency") {
    Shop shop;
    shop.both("ch_1", {{capture, "c1", 1000}, {refund, "r1", 300}});
    shop.both("ch_2", {{capture, "c2", 5000, "", noon, "JPY"}});
    shop.both("ch_3", {{capture, "c3", 1250, "", noon, "KWD"}, {dispute, "d3", 1250, "", noon, "KWD"}});
    const Compared compared = shop.compare();
    CHECK(compared.told() == "5 matched");
    CHECK(compared.tally.total == 5);
    CHECK(compared.tally.day == today);
    CHECK(compared.tally.sums == std::map<std::string, Sum>{{"JPY", {5000, 5000}}, {"KWD", {0, 0}}, {"USD", {700, 700}}});
    CHECK(summary(compared.tally) == "5/5 matched, 0 discrepancies");
    CHECK(compared.handled.empty());
}

TEST_CASE("Each kind of discrepancy is found once and told in the order of references") {
    Shop shop;
    shop.both("ch_0", {{capture, "c0"}});
    shop.list("ch_1", {{capture, "c1", 1000, "captured"}});
    shop.book("ch_2", {{capture, "c2"}});
    shop.book("ch_3", {{capture, "c3", 1000}});
    shop.list("ch_3", {{capture, "c3", 1001, "captured"}});
    shop.book("ch_4", {{capture, "c4"}});
    shop.list("ch_4", {{capture, "c4", 1000, "captured", noon, "EUR"}});
    shop.book("ch_5", {{capture, "c5"}});
    shop.list("ch_5", {{capture, "c5", 1000, "voided"}});
    shop.both("ch_6", {{capture, "c6"}});
    shop.list("ch_6", {{capture, "c6x", 1000, "captured"}});
    shop.book("ch_7", {{capture, "c7", 1000, "", last_moment}});
    shop.list("ch_7", {{capture, "c7", 1000, "captured", last_moment + 1ms}});
    shop.list("ch_8", {{refund, "r8", 10, "refunded"}});
    const Compared compared = shop.compare();
    CHECK(compared.told() ==
          "2 matched, missing_internal -/c1, missing_gateway c2/-, amount_mismatch c3/c3, currency_mismatch c4/c4, "
          "status_mismatch c5/c5, duplicate_at_gateway -/c6x, late c7/c7, orphan_refund -/r8");
    CHECK(compared.tally.total == 10);
    CHECK(compared.tally.found == std::array<std::uint64_t, kinds>{1, 1, 1, 1, 1, 1, 1, 1});
    CHECK(compared.handled == compared.found);
    CHECK(compared.tally.sums == std::map<std::string, Sum>{{"EUR", {0, 1000}}, {"USD", {7000, 4991}}});
}

TEST_CASE("A discrepancy tells both sides, whose charge it is and what it is called at the gateway") {
    Shop shop;
    shop.book("ch_1", {{capture, "c1", 1000, "", noon}});
    shop.list("ch_1", {{capture, "c1", 900, "captured", noon + 1s}});
    shop.list("order_7", {{capture, "c7", 70, "captured", noon}});
    const Compared compared = shop.compare();
    REQUIRE(compared.found.size() == 2);
    CHECK(compared.found[0] == Discrepancy{.kind = Kind::amount_mismatch,
                                           .reference = "ch_1",
                                           .charge_id = "ch_1",
                                           .type = "capture",
                                           .internal = Entry{"c1", 1000, "USD", "captured", noon},
                                           .gateway = Entry{"c1", 900, "USD", "captured", noon + 1s}});
    CHECK(compared.found[1] == Discrepancy{.kind = Kind::missing_internal,
                                           .reference = "order_7",
                                           .charge_id = "",
                                           .type = "capture",
                                           .gateway = Entry{"c7", 70, "USD", "captured", noon}});
}

TEST_CASE("A movement that the gateway has of a charge of ours without any ledger names the charge") {
    Shop shop;
    shop.begin("ch_1");
    shop.list("ch_1", {{capture, "c1", 1000, "captured"}});
    CHECK(shop.compare().found.at(0).charge_id == "ch_1");
}

TEST_CASE("What crosses midnight is late on both days and on no other") {
    Shop shop;
    shop.book("ch_1", {{capture, "c1", 1000, "", last_moment}});
    shop.list("ch_1", {{capture, "c1", 1000, "captured", last_moment + 1ms}});
    CHECK(shop.compare(today).told() == "0 matched, late c1/c1");
    CHECK(shop.compare(today + one_day).told() == "0 matched, late c1/c1");
    CHECK(shop.compare(today - one_day).told() == "0 matched");
    CHECK(shop.compare(today + 2 * one_day).told() == "0 matched");
}

TEST_CASE("The first and the last moment of a day belong to it on both sides") {
    Shop shop;
    shop.both("ch_1", {{capture, "c1", 1000, "", first_moment}});
    shop.both("ch_2", {{capture, "c2", 1000, "", last_moment}});
    CHECK(shop.compare().told() == "2 matched");
    CHECK(shop.compare(today + one_day).tally.total == 0);
    CHECK(shop.compare(today - one_day).tally.total == 0);
}

TEST_CASE("The gateway's neighbouring days are asked for only when something of ours is left over") {
    Shop shop;
    shop.both("ch_1", {{capture, "c1"}});
    shop.list("ch_2", {{capture, "c2", 1000, "captured"}});
    (void)shop.compare();
    CHECK(shop.asked == std::vector{today});
    shop.book("ch_3", {{capture, "c3"}});
    (void)shop.compare();
    CHECK(shop.asked == std::vector{today, today - one_day, today + one_day});
}

TEST_CASE("A row counts for the day it is dated, whichever day it was listed under") {
    Shop shop;
    shop.book("ch_1", {{capture, "c1"}});
    shop.list_under(today + one_day, "ch_1", {capture, "c1", 1000, "captured", noon});
    shop.both("ch_2", {{capture, "c2"}});
    shop.list_under(today + one_day, "ch_2", {capture, "c2", 1000, "captured", noon});
    shop.list_under(today, "ch_3", {capture, "c3", 1000, "captured", noon + 24h});
    shop.list_under(today, "ch_4", {capture, "c4", 1000, "captured", noon - 48h});
    const Compared compared = shop.compare();
    CHECK(compared.told() == "2 matched");
    CHECK(compared.tally.sums == std::map<std::string, Sum>{{"USD", {2000, 2000}}});
}

TEST_CASE("A row listed under the day and dated on the next one makes a movement of ours late") {
    Shop shop;
    shop.book("ch_1", {{capture, "c1", 1000, "", last_moment}});
    shop.list_under(today, "ch_1", {capture, "c1", 1000, "captured", last_moment + 5s});
    CHECK(shop.compare().told() == "0 matched, late c1/c1");
}

TEST_CASE("Rows without a reference are known by their ids, and else told without one") {
    Shop shop;
    shop.book("ch_1", {{capture, "c1", 1000}, {refund, "r1", 100}});
    shop.list("", {{capture, "c1", 1000, "captured"}, {refund, "r1", 90, "refunded"}});
    shop.list("", {{capture, "c9", 5, "captured"}, {refund, "r9", 5, "refunded"}});
    const Compared compared = shop.compare();
    CHECK(compared.told() == "1 matched, missing_internal -/c9, orphan_refund -/r9, amount_mismatch r1/r1");
    CHECK(compared.found.at(0).charge_id.empty());
    CHECK(compared.found.at(2).reference.empty());
    CHECK(compared.found.at(2).charge_id == "ch_1");
}

TEST_CASE("A gateway with ids of its own is matched by money, and its late movements are late") {
    Shop shop;
    for (int i = 0; i < 50; ++i) {
        const std::string n = std::to_string(i);
        shop.book("ch_" + n, {{capture, "c" + n, 1000 + i}, {refund, "r" + n, 100}});
        shop.list("ch_" + n, {{capture, "t" + n, 1000 + i, "captured"}, {refund, "u" + n, 100, "refunded"}});
    }
    CHECK(shop.compare().told() == "100 matched");
    CHECK(shop.asked == std::vector{today});
    shop.book("ch_x", {{capture, "cx", 7, "", last_moment}});
    shop.list("ch_x", {{capture, "tx", 7, "captured", last_moment + 1s}});
    CHECK(shop.compare().told() == "100 matched, late cx/tx");
    for (int i = 0; i < 3; ++i) {
        const std::string n = "y" + std::to_string(i);
        shop.book("ch_" + n, {{capture, "c" + n, 1000, "", noon + 24h}});
        shop.list("ch_" + n, {{capture, "t" + n, 1000, "captured", noon + 24h}});
    }
    CHECK(shop.compare(today + one_day).told() == "3 matched, late cx/tx");
}

TEST_CASE("A capture in part and a refund of it on a later day are no discrepancies") {
    Shop shop;
    shop.book("ch_1", {{capture, "c1", 400}});
    shop.book("ch_1", {{refund, "r1", 400, "", noon + 24h}});
    shop.list("ch_1", {{capture, "c1", 400, "refunded"}, {refund, "r1", 400, "refunded", noon + 24h}});
    CHECK(shop.compare().told() == "1 matched");
    CHECK(shop.compare(today + one_day).told() == "1 matched");
}

TEST_CASE("Authorizations, releases and voids are not compared") {
    Shop shop;
    shop.both("ch_1", {{capture, "c1"}});
    Transition step{.id = "ch_1", .fence = 1, .now = noon};
    step.ledger = {{"authorize", "a1", 1000, "USD", noon}, {"release", "c1", 200, "USD", noon}, {"void", "v1", 1, "USD", noon}};
    REQUIRE(shop.store.charges.advance(step));
    shop.listed[today].push_back({"a9", "ch_9", "authorize", 1000, "USD", "authorized", noon});
    shop.listed[today].push_back({"v9", "ch_9", "void", 1000, "USD", "voided", noon});
    CHECK(shop.compare().told() == "1 matched");
    CHECK(shop.compare().tally.sums == std::map<std::string, Sum>{{"USD", {1000, 1000}}});
}

TEST_CASE("A dispute that only we have counts neither as found nor in the sums where the gateway lists none") {
    Shop shop;
    shop.lists_disputes = false;
    shop.both("ch_1", {{capture, "c1"}});
    shop.book("ch_1", {{dispute, "d1"}});
    const Compared compared = shop.compare();
    CHECK(compared.told() == "1 matched");
    CHECK(compared.tally.total == 1);
    CHECK(compared.tally.sums == std::map<std::string, Sum>{{"USD", {1000, 1000}}});
    shop.lists_disputes = true;
    CHECK(shop.compare().told() == "1 matched, missing_gateway d1/-");
    CHECK(shop.compare().tally.sums == std::map<std::string, Sum>{{"USD", {0, 1000}}});
}

TEST_CASE("Sums that no number holds stay at the largest there is") {
    Shop shop;
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    shop.both("ch_1", {{capture, "c1", most}});
    shop.both("ch_2", {{capture, "c2", most}});
    CHECK(shop.compare().tally.sums == std::map<std::string, Sum>{{"USD", {most, most}}});
}

TEST_CASE("A gateway that fails in the middle is asked three times, and then nothing is done") {
    Shop shop;
    shop.page_size = 1;
    shop.list("ch_1", {{capture, "c1", 1000, "captured"}});
    shop.list("ch_2", {{capture, "c2", 1000, "captured"}});
    int calls = 0;
    shop.gateway = [&](std::chrono::sys_days day, std::string cursor) {
        if (cursor.empty()) return shop.page(day, cursor);
        ++calls;
        return broken();
    };
    const Compared compared = shop.compare();
    REQUIRE(compared.error);
    CHECK(compared.error->code == Code::gateway_fault);
    CHECK(calls == 3);
    CHECK(compared.handled.empty());
    CHECK(shop.time.elapsed() > 1s);
    CHECK(shop.time.elapsed() < 10s);
}

TEST_CASE("A page that comes at the third try is read once") {
    Shop shop;
    shop.both("ch_1", {{capture, "c1"}});
    int calls = 0;
    shop.gateway = [&](std::chrono::sys_days day, std::string cursor) {
        return ++calls < 3 ? broken() : shop.page(day, std::move(cursor));
    };
    CHECK(shop.compare().told() == "1 matched");
}

TEST_CASE("A listing that goes in a circle or has no end is an error and does nothing") {
    Shop shop;
    const std::size_t circle = GENERATE(1U, 2U, 1000U);
    std::size_t calls = 0;
    shop.gateway = [&](std::chrono::sys_days, std::string cursor) -> Task<Result<TransactionPage>> {
        ++calls;
        const std::size_t place = cursor.empty() ? 0 : std::stoul(cursor);
        co_return TransactionPage{.data = {{"c1", "ch_1", "capture", 1, "USD", "captured", noon}},
                                  .next_cursor = std::to_string((place + 1) % circle)};
    };
    const Compared compared = shop.compare();
    REQUIRE(compared.error);
    CHECK(compared.error->detail.find("circle") != std::string::npos);
    CHECK(compared.handled.empty());
    CHECK(calls < 5000);
}

TEST_CASE("Empty pages without end are an error") {
    Shop shop;
    std::size_t calls = 0;
    shop.gateway = [&](std::chrono::sys_days, std::string) -> Task<Result<TransactionPage>> {
        co_return TransactionPage{.next_cursor = std::to_string(++calls)};
    };
    const Compared compared = shop.compare();
    REQUIRE(compared.error);
    CHECK(compared.error->detail.find("no end") != std::string::npos);
}

TEST_CASE("Discrepancies are handled some hundreds at a time, and what was done is told with them") {
    Shop shop;
    for (int i = 0; i < 1000; ++i) shop.list("ch_" + std::to_string(i), {{capture, "c" + std::to_string(i), 1, "captured"}});
    std::vector<std::size_t> sizes;
    const Compared compared = shop.compare(today, [&](std::vector<Discrepancy>& some) -> Task<Result<void>> {
        sizes.push_back(some.size());
        for (Discrepancy& one : some) one.action = one.reference.ends_with('7') ? Action::none : Action::adopt;
        co_return Result<void>();
    });
    CHECK(*std::ranges::max_element(sizes) < 500);
    REQUIRE(compared.found.size() == 1000);
    for (const Discrepancy& one : compared.found)
        CHECK(one.action == (one.reference.ends_with('7') ? Action::none : Action::adopt));
    CHECK(std::ranges::is_sorted(compared.found, {}, &Discrepancy::reference));
}

TEST_CASE("A handler that fails ends the run with its error") {
    Shop shop;
    shop.list("ch_1", {{capture, "c1", 1, "captured"}});
    const Compared compared = shop.compare(today, [](std::vector<Discrepancy>&) -> Task<Result<void>> {
        co_return fail(Code::lease_lost, "another process compares this day");
    });
    REQUIRE(compared.error);
    CHECK(compared.error->code == Code::lease_lost);
}

TEST_CASE("Whoever watches is told of each phase to its end, and not of every record") {
    Shop shop;
    for (int i = 0; i < 20'000; ++i) shop.list("x" + std::to_string(i), {{capture, "c" + std::to_string(i), 1, "failed"}});
    shop.both("ch_1", {{capture, "c1"}});
    std::vector<Progress> told;
    (void)shop.compare(today, {}, [&](const Progress& progress) { told.push_back(progress); });
    CHECK(told.size() < 40);
    std::erase_if(told, [](const Progress& one) { return one.phase != Progress::Phase::compare; });
    REQUIRE(!told.empty());
    CHECK(told.back().done == 20'002);
    CHECK(told.back().total == 20'002);
}

TEST_CASE("A hundred thousand rows of the gateway under one reference are all told") {
    Shop shop;
    shop.book("ch_1", {{capture, "c50000"}});
    for (int i = 0; i < 100'000; ++i) shop.list("ch_1", {{capture, "c" + std::to_string(i), 1000, "captured"}});
    const Compared compared = shop.compare();
    CHECK(compared.tally.matched == 1);
    CHECK(compared.tally.found[static_cast<std::size_t>(Kind::duplicate_at_gateway)] == 99'999);
    CHECK(compared.found.size() == 99'999);
}
