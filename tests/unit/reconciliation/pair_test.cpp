#include <catch2/catch.hpp>

#include "movements.hpp"

using namespace tollgate::reconciliation;
using namespace tollgate::reconciliation::test;
using namespace std::chrono_literals;
using tollgate::WallTime;

namespace {

constexpr Type capture = Type::capture;
constexpr Type refund = Type::refund;
constexpr Type dispute = Type::dispute;
constexpr WallTime tomorrow = noon + 24h;

Naming own_ids() {
    Naming naming;
    naming.otherwise.fill(5);
    return naming;
}

}  // namespace

TEST_CASE("What both sides have alike is matched at the first look and nothing is looked up") {
    const World world{
        .ours = {{capture, "c1", 1000}, {refund, "r1", 300}, {refund, "r2", 300}},
        .theirs = {{capture, "c1", 1000, "captured"}, {refund, "r2", 300, "refunded"}, {refund, "r1", 300, "refunded"}}};
    CHECK(world.settled());
    CHECK(told(world.judged()) == "3 matched");
}

TEST_CASE("A pair with another currency is one currency_mismatch whatever its amount and status are") {
    World world{.ours = {{capture, "c1", 1000}}, .theirs = {{capture, "c1", 900, "failed", noon, "EUR"}}};
    CHECK_FALSE(world.settled());
    CHECK(told(world.judged()) == "0 matched, currency_mismatch c1/c1");
    world.theirs = {{capture, "c1", 900, "failed"}};
    CHECK(told(world.judged()) == "0 matched, amount_mismatch c1/c1");
    world.theirs = {{capture, "c1", 1000, "failed"}};
    CHECK(told(world.judged()) == "0 matched, status_mismatch c1/c1");
}

TEST_CASE("A pair that has neither id nor money in common is found by its type alone") {
    const World world{.ours = {{capture, "c1", 1000}}, .theirs = {{capture, "t9", 990, "captured"}}};
    CHECK(told(world.judged()) == "0 matched, amount_mismatch c1/t9");
}

TEST_CASE("Partial refunds of the same amount under ids of the gateway's own are matched one each") {
    const World world{.ours = {{capture, "c1", 1000}, {refund, "r1", 200}, {refund, "r2", 200}, {refund, "r3", 100}},
                      .theirs = {{capture, "t1", 1000, "captured"},
                                 {refund, "t2", 100, "refunded"},
                                 {refund, "t3", 200, "refunded"},
                                 {refund, "t4", 200, "refunded"}},
                      .naming = own_ids()};
    CHECK(world.settled());
    CHECK(told(world.judged()) == "4 matched");
}

TEST_CASE("A capture that the gateway calls refunded is matched when the whole ledger has given it back, on any day") {
    World world{.ours = {{capture, "c1", 1000}}, .theirs = {{capture, "c1", 1000, "refunded"}}};
    CHECK_FALSE(world.settled());
    CHECK(told(world.judged()) == "0 matched, status_mismatch c1/c1");
    world.other_days = {{refund, "r1", 600}};
    CHECK(told(world.judged()) == "0 matched, status_mismatch c1/c1");
    world.other_days.push_back({refund, "r2", 400});
    CHECK(told(world.judged()) == "1 matched");
    world.theirs[0].status = "captured";
    CHECK(world.settled());
}

TEST_CASE("A capture that the gateway calls disputed is matched when our ledger has a dispute") {
    World world{.ours = {{capture, "c1", 1000}}, .theirs = {{capture, "c1", 1000, "disputed"}}};
    CHECK(told(world.judged()) == "0 matched, status_mismatch c1/c1");
    world.other_days = {{dispute, "d1", 1000}};
    CHECK(told(world.judged()) == "1 matched");
    world.other_days.clear();
    world.ours.push_back({dispute, "d1", 1000});
    world.theirs.push_back({dispute, "d1", 1000, "disputed"});
    CHECK(world.settled());
}

TEST_CASE("Our side of a capture tells whether it was wholly given back or disputed since") {
    World world{.ours = {{capture, "c1", 1000}}, .theirs = {{capture, "c1", 900, "captured"}}};
    CHECK(world.judged().found.at(0).internal->status == "captured");
    world.other_days = {{refund, "r1", 999}};
    CHECK(world.judged().found.at(0).internal->status == "captured");
    world.other_days = {{refund, "r1", 1000}};
    CHECK(world.judged().found.at(0).internal->status == "refunded");
    world.other_days = {{dispute, "d1", 1000}};
    CHECK(world.judged().found.at(0).internal->status == "disputed");
}

TEST_CASE("What failed or was voided at the gateway and is unknown to us is passed over") {
    World world{.ours = {{capture, "c2", 1000}},
                .theirs = {{capture, "c1", 1000, "failed"}, {capture, "c2", 1000, "captured"}, {refund, "r1", 10, "failed"}}};
    CHECK(told(world.judged()) == "1 matched");
    world.theirs.push_back({capture, "c3", 500, "voided"});
    world.theirs.push_back({capture, "c4", 500, "authorized"});
    CHECK(told(world.judged()) == "1 matched");
}

TEST_CASE("A refund that our ledger has and the gateway calls failed is a status_mismatch, on another day too") {
    World world{
        .ours = {{refund, "r1", 100}}, .theirs = {{refund, "r1", 100, "failed"}}, .other_days = {{capture, "c1", 1000}}};
    CHECK(told(world.judged()) == "0 matched, status_mismatch r1/r1");
    world.ours.clear();
    world.other_days.push_back({refund, "r1", 100});
    CHECK_FALSE(world.settled());
    CHECK(told(world.judged()) == "0 matched, status_mismatch r1/r1");
}

TEST_CASE("The same id listed again and a second capture are duplicates at the gateway") {
    World world{
        .ours = {{capture, "c1", 1000}},
        .theirs = {{capture, "c1", 1000, "captured"}, {capture, "c1", 1000, "captured"}, {capture, "c9", 1000, "captured"}}};
    CHECK_FALSE(world.settled());
    CHECK(told(world.judged()) == "1 matched, duplicate_at_gateway -/c1, duplicate_at_gateway -/c9");
    world.ours.clear();
    world.other_days = {{capture, "c0", 1000}};
    world.theirs = {{capture, "c9", 1000, "captured"}};
    CHECK(told(world.judged()) == "0 matched, duplicate_at_gateway -/c9");
}

TEST_CASE("An id listed as failed beside its success is no duplicate") {
    const World world{.ours = {{capture, "c1", 1000}},
                      .theirs = {{capture, "c1", 1000, "failed", noon - 1min}, {capture, "c1", 1000, "captured"}}};
    CHECK(told(world.judged()) == "1 matched");
}

TEST_CASE("Refunds that only the gateway has are missing until they exceed what was captured, then duplicates") {
    const World world{.ours = {{capture, "c1", 1000}, {refund, "r1", 400}},
                      .theirs = {{capture, "c1", 1000, "captured"},
                                 {refund, "r1", 400, "refunded"},
                                 {refund, "x1", 600, "refunded"},
                                 {refund, "x2", 1, "refunded"}}};
    CHECK(told(world.judged()) == "2 matched, duplicate_at_gateway -/x2, missing_internal -/x1");
}

TEST_CASE("A refund whose capture neither side knows is an orphan, and one whose capture only the gateway has is missing") {
    World world{.ours = {}, .theirs = {{refund, "r1", 500, "refunded"}}};
    CHECK(told(world.judged()) == "0 matched, orphan_refund -/r1");
    CHECK(world.judged().found[0].charge_id.empty());
    world.is_charge = true;
    CHECK(told(world.judged()) == "0 matched, orphan_refund -/r1");
    CHECK(world.judged().found[0].charge_id == "ch_1");
    world.theirs.push_back({capture, "c1", 500, "captured"});
    CHECK(told(world.judged()) == "0 matched, missing_internal -/c1, missing_internal -/r1");
    world.theirs.pop_back();
    world.other_days = {{capture, "c1", 500}};
    CHECK(told(world.judged()) == "0 matched, missing_internal -/r1");
}

TEST_CASE("Rows that name no reference and are unknown by their id stand each for themselves") {
    const World world{
        .ours = {},
        .theirs = {{capture, "c1", 500, "captured"}, {refund, "r1", 500, "refunded"}, {dispute, "d1", 5, "disputed"}},
        .reference = ""};
    CHECK(told(world.judged()) == "0 matched, missing_internal -/c1, missing_internal -/d1, orphan_refund -/r1");
}

TEST_CASE("What our ledger has on another day is late and not missing") {
    const World world{.ours = {}, .theirs = {{capture, "c1", 1000, "captured"}}, .other_days = {{capture, "c1", 1000}}};
    CHECK_FALSE(world.settled());
    CHECK(told(world.judged()) == "0 matched, late c1/c1");
}

TEST_CASE("What the gateway has on a neighbouring day is late and not missing") {
    World world{.ours = {{capture, "c1", 1000}}, .theirs = {}, .elsewhere = {{capture, "c1", 1000, "captured", tomorrow}}};
    CHECK(told(world.judged()) == "0 matched, late c1/c1");
    world.elsewhere[0].id = "t1";
    CHECK(told(world.judged()) == "0 matched, late c1/t1");
    world.elsewhere[0].amount = 999;
    CHECK(told(world.judged()) == "0 matched, missing_gateway c1/-");
    world.elsewhere.clear();
    CHECK(told(world.judged()) == "0 matched, missing_gateway c1/-");
}

TEST_CASE("A refund of tomorrow that our ledger has too does not make one of today late") {
    const World world{.ours = {{refund, "r1", 200}},
                      .theirs = {},
                      .elsewhere = {{refund, "r2", 200, "refunded", tomorrow}},
                      .other_days = {{capture, "c1", 1000}, {refund, "r2", 200}}};
    CHECK(told(world.judged()) == "0 matched, missing_gateway r1/-");
}

TEST_CASE("Under ids of the gateway's own a refund of tomorrow explains one of ours only once") {
    World world{.ours = {{refund, "r1", 200}},
                .theirs = {},
                .elsewhere = {{refund, "t2", 200, "refunded", tomorrow}},
                .other_days = {{capture, "c1", 1000}, {refund, "r2", 200}},
                .naming = own_ids()};
    CHECK(told(world.judged()) == "0 matched, missing_gateway r1/-");
    world.elsewhere.push_back({refund, "t1", 200, "refunded", tomorrow});
    CHECK(world.judged().found.at(0).kind == Kind::late);
}

TEST_CASE("A refund at the gateway like an earlier one is missing where ids are shared and late where they are not") {
    World world{
        .ours = {}, .theirs = {{refund, "t1", 200, "refunded"}}, .other_days = {{capture, "c1", 1000}, {refund, "r1", 200}}};
    world.naming.by_id.fill(5);
    CHECK(told(world.judged()) == "0 matched, missing_internal -/t1");
    world.naming = own_ids();
    CHECK(told(world.judged()) == "0 matched, late r1/t1");
}

TEST_CASE("Two late refunds that cross midnight both ways are not taken for a pair") {
    World world{.ours = {{refund, "r1", 500, "", noon + 11h}},
                .theirs = {{refund, "r0", 500, "refunded", noon - 11h}},
                .elsewhere = {{refund, "r1", 500, "refunded", tomorrow}},
                .other_days = {{capture, "c1", 1000}, {refund, "r0", 500}}};
    CHECK_FALSE(world.settled());
    CHECK(told(world.judged()) == "0 matched, late r0/r0, late r1/r1");
    world.theirs[0].amount = 300;
    CHECK(told(world.judged()) == "0 matched, amount_mismatch r0/r0, late r1/r1");
}

TEST_CASE("What both have on different days is compared all the same") {
    World world{.ours = {}, .theirs = {{capture, "c1", 1000, "captured"}}, .other_days = {{capture, "c1", 1000}}};
    CHECK(told(world.judged()) == "0 matched, late c1/c1");
    world.theirs[0].amount = 100'000;
    CHECK(told(world.judged()) == "0 matched, amount_mismatch c1/c1");
    world.theirs[0].currency = "EUR";
    CHECK(told(world.judged()) == "0 matched, currency_mismatch c1/c1");
    World other{.ours = {{capture, "c1", 1000}}, .theirs = {}, .elsewhere = {{capture, "c1", 999, "captured", tomorrow}}};
    CHECK(told(other.judged()) == "0 matched, amount_mismatch c1/c1");
}

TEST_CASE("What our ledger got while the day was read is compared like the rest, and counts in the sums") {
    World world{
        .ours = {}, .theirs = {{capture, "c1", 1000, "captured"}}, .other_days = {{capture, "c1", 1000, "", noon + 1h}}};
    const Verdict verdict = world.judged();
    CHECK(told(verdict) == "1 matched");
    REQUIRE(verdict.also_today.size() == 1);
    CHECK(verdict.also_today[0].side == Side::ours);
    CHECK(verdict.also_today[0].entry.amount == 1000);
    world.theirs[0].amount = 999;
    CHECK(told(world.judged()) == "0 matched, amount_mismatch c1/c1");
}

TEST_CASE("Where nothing shows how the gateway names things, the same money of a neighbouring day is late and not told again") {
    World world{.ours = {}, .theirs = {{refund, "txn_r", 300, "refunded"}}, .other_days = {{capture, "c1", 1000}}};
    world.other_days.push_back({refund, "re_11", 300, "", tomorrow});
    CHECK(told(world.judged()) == "0 matched, late re_11/txn_r");
    // The captures of the day tell of its refunds, where those do not.
    world.naming.otherwise[static_cast<std::size_t>(capture)] = 20;
    CHECK(told(world.judged()) == "0 matched, late re_11/txn_r");
    world.other_days.back().at = noon + 4 * one_day;  // no neighbour
    CHECK(told(world.judged()) == "0 matched, missing_internal -/txn_r");
}

TEST_CASE("A charge is told only of what the gateway names as its call was answered") {
    World world{.ours = {}, .theirs = {{capture, "c1", 1000, "captured"}}, .is_charge = true};
    CHECK(world.judged().found.at(0).action == Action::left);
    world.naming = own_ids();
    CHECK(told(world.judged()) == "0 matched, missing_internal -/c1");
    CHECK(world.judged().found.at(0).action == Action::none);
    world.naming = {};
    world.is_charge = false;
    CHECK(world.judged().found.at(0).action == Action::none);
}

TEST_CASE("A refund is not told to a charge whose ledger has totals of refunds, in which it may be") {
    World world{.ours = {{refund, "c1:500", 500}},
                .theirs = {{refund, "re_1", 300, "refunded"}, {refund, "re_2", 200, "refunded"}},
                .other_days = {{capture, "c1", 1000}}};
    for (const Discrepancy& found : world.judged().found) CHECK(found.action == Action::none);
    world.ours[0].id = "re_0";
    CHECK(std::ranges::count(world.judged().found, Action::left, &Discrepancy::action) == 1);
}

TEST_CASE("Where the gateway uses our ids, money that it does not know is not taken for something else of its charge") {
    Naming ours;
    ours.by_id.fill(5);
    World failed{.ours = {{capture, "c_real", 1000}}, .theirs = {{capture, "c_other", 1000, "failed"}}, .naming = ours};
    CHECK(told(failed.judged()) == "0 matched, missing_gateway c_real/-");
    World refunds{.ours = {{refund, "re_1", 500}},
                  .theirs = {{refund, "re_dash", 300, "refunded"}},
                  .other_days = {{capture, "c1", 1000}},
                  .naming = ours};
    CHECK(told(refunds.judged()) == "0 matched, missing_gateway re_1/-, missing_internal -/re_dash");
    World capture_of_another_sum{.ours = {{capture, "c1", 1000}}, .theirs = {{capture, "t9", 990, "captured"}}, .naming = ours};
    CHECK(told(capture_of_another_sum.judged()) == "0 matched, amount_mismatch c1/t9");
}

TEST_CASE("A row of today that was listed under another day counts for today, once") {
    World world{.ours = {{capture, "c1", 1000}}, .theirs = {}, .elsewhere = {{capture, "c1", 1000, "captured", noon}}};
    CHECK(told(world.judged()) == "1 matched");
    CHECK(world.judged().also_today.size() == 1);
    world.theirs = {{capture, "c1", 1000, "captured"}};
    CHECK(told(world.judged()) == "1 matched");
    CHECK(world.judged().also_today.empty());
}

TEST_CASE("A dispute that only we have is missing where the gateway lists disputes, and left out where it does not") {
    World world{.ours = {{dispute, "d1", 1000}}, .theirs = {}, .other_days = {{capture, "c1", 1000}}};
    CHECK_FALSE(world.settled());
    CHECK(told(world.judged()) == "0 matched, missing_gateway d1/-");
    world.lists_disputes = false;
    CHECK(world.settled());
    CHECK(told(world.judged()) == "0 matched");
}

TEST_CASE("A dispute that only the gateway has is missing_internal") {
    const World world{.ours = {{capture, "c1", 1000}},
                      .theirs = {{capture, "c1", 1000, "captured"}, {dispute, "d1", 1000, "disputed"}}};
    CHECK(told(world.judged()) == "1 matched, missing_internal -/d1");
}

TEST_CASE("Hundreds of thousands of rows under one reference are judged one by one, and ours among them is found") {
    Verdict verdict;
    const Rules rules{.day = today};
    Judge judge("ch_1", {.is_charge = true, .ledger = {booked({capture, "x150000", 1000})}}, rules, verdict);
    judge.add(of(Side::ours, {capture, "x150000", 1000}));
    std::size_t held_back = 0;
    for (int i = 100'000; i < 200'000; ++i) {
        judge.add(of(Side::theirs, {capture, "x" + std::to_string(i), 1000, "captured"}));
        held_back = std::max(held_back, static_cast<std::size_t>(i - 100'000 + 1) - verdict.found.size());
    }
    CHECK(held_back <= Judge::held_beyond + 2);
    judge.finish();
    CHECK(verdict.matched == 1);
    CHECK(verdict.found.size() == 99'999);
    CHECK(std::ranges::all_of(verdict.found, [](const auto& one) { return one.kind == Kind::duplicate_at_gateway; }));
}
