#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>

#include "shop.hpp"

using namespace tollgate;
using namespace tollgate::reconciliation;
using namespace tollgate::reconciliation::test;
using namespace std::chrono_literals;
using tollgate::test::SeededRandom;

namespace {

constexpr WallTime tomorrow = noon + 24h;
constexpr WallTime yesterday = noon - 24h;

/// A few days of both sides' books, what is to be found on one of them, and how to lay them out in any order.
class Plan {
public:
    Plan(std::uint64_t seed, std::size_t charges, bool own_ids) : random_(seed), own_ids_(own_ids) {
        for (std::size_t i = 0; i < charges; ++i)
            add("ch_" + std::to_string(random_.next() % 1'000'000'000) + std::to_string(i));
        std::ranges::sort(expected);
    }

    std::vector<std::string> expected;  // "late c1/c1"
    std::map<std::string, Sum> sums;
    std::uint64_t matched = 0;

    void lay_out(Shop& shop, std::uint64_t seed) {
        SeededRandom order(seed);
        const auto shuffle = [&order](auto& all) {
            for (std::size_t i = all.size(); i > 1; --i) std::swap(all[i - 1], all[order.next() % i]);
        };
        shuffle(ours_);
        shuffle(theirs_);
        for (const auto& [charge, row] : ours_) shop.book(charge, {row});
        for (const auto& [reference, row] : theirs_) shop.list(reference, {row});
        shop.page_size = 1 + order.next() % 700;
    }

private:
    static bool todays(const Row& row) { return std::chrono::floor<std::chrono::days>(row.at) == today; }

    Row row(Type type, std::int64_t amount, WallTime at = noon) {
        static constexpr const char* currencies[] = {"USD", "JPY", "KWD"};
        return {type, std::string(name(type)) + "_" + std::to_string(++ids_), amount, "", at, currencies[currency_]};
    }

    /// What the gateway calls it: by an id of its own where it has those.
    Row at_gateway(Row row, std::string status = {}) {
        row.status = status.empty() ? Shop::status_of(row.type) : std::move(status);
        if (own_ids_) row.id = "own_" + std::to_string(++ids_);
        return row;
    }

    static std::int64_t net(const Row& row) { return row.type == Type::capture ? row.amount : -row.amount; }

    void ours(const std::string& charge, const Row& row) {
        ours_.emplace_back(charge, row);
        if (todays(row)) sums[row.currency].internal += net(row);
    }
    void theirs(const std::string& reference, const Row& row) {
        theirs_.emplace_back(reference, row);
        const bool moved = row.status != "failed" && row.status != "voided";
        if (todays(row) && moved) sums[row.currency].gateway += net(row);
    }
    Row both(const std::string& charge, const Row& row) {
        ours(charge, row);
        Row other = at_gateway(row);
        theirs(charge, other);
        if (todays(row)) ++matched;
        return other;
    }
    void expect(Kind kind, const Row* ours, const Row* theirs) {
        expected.push_back(std::string(name(kind)) + " " + (ours == nullptr ? "-" : ours->id) + "/" +
                           (theirs == nullptr ? "-" : theirs->id));
    }
    void mismatch(Kind kind, const std::string& charge, const Row& ours_row, Row theirs_row) {
        ours(charge, ours_row);
        theirs(charge, theirs_row);
        expect(kind, &ours_row, &theirs_row);
    }

    void add(const std::string& charge) {
        currency_ = random_.next() % 3;
        const std::int64_t amount = 100 + static_cast<std::int64_t>(random_.next() % 100'000);
        const Row capture = row(Type::capture, amount);
        switch (random_.next() % 24) {
            case 0: {  // several refunds, some alike
                both(charge, capture);
                for (std::uint64_t i = random_.next() % 5; i > 0; --i)
                    both(charge, row(Type::refund, amount / 10 + static_cast<std::int64_t>(i) / 2));
                return;
            }
            case 1: {
                const Row other = at_gateway(capture);
                theirs(charge, other);
                return expect(Kind::missing_internal, nullptr, &other);
            }
            case 2:
                ours(charge, capture);
                return expect(Kind::missing_gateway, &capture, nullptr);
            case 3: {
                Row other = at_gateway(capture);
                --other.amount;
                return mismatch(Kind::amount_mismatch, charge, capture, other);
            }
            case 4: {
                Row other = at_gateway(capture);
                other.currency = "EUR";
                return mismatch(Kind::currency_mismatch, charge, capture, other);
            }
            case 5:
                return mismatch(Kind::status_mismatch, charge, capture,
                                at_gateway(capture, random_.next() % 2 == 0 ? "voided" : "refunded"));
            case 6: {  // captured twice, under another id or the same
                Row other = both(charge, capture);
                if (random_.next() % 2 == 0) other.id += "_again";
                other.at += 1s;
                theirs(charge, other);
                return expect(Kind::duplicate_at_gateway, nullptr, &other);
            }
            case 7: {  // late: ours first or theirs first
                const bool ours_today = random_.next() % 2 == 0;
                const Row ours_row = row(Type::capture, amount, ours_today ? today + 24h - 1ms : yesterday);
                Row theirs_row = at_gateway(ours_row);
                theirs_row.at = ours_today ? today + 24h : noon;
                return mismatch(Kind::late, charge, ours_row, theirs_row);
            }
            case 8: {
                const Row other = at_gateway(row(Type::refund, amount));
                theirs(charge, other);
                return expect(Kind::orphan_refund, nullptr, &other);
            }
            case 9: {  // refunded on a later day, which the gateway's capture tells already
                ours(charge, capture);
                theirs(charge, at_gateway(capture, "refunded"));
                both(charge, row(Type::refund, amount, tomorrow));
                ++matched;
                return;
            }
            case 10: {  // a failed attempt before, a failed refund after
                both(charge, capture);
                theirs(charge, at_gateway(row(Type::capture, amount), "failed"));
                return theirs(charge, at_gateway(row(Type::refund, amount), "failed"));
            }
            case 11: {  // unnamed, but known by its id
                ours(charge, capture);
                ++matched;
                return theirs(own_ids_ ? charge : "", at_gateway(capture));
            }
            case 12: {  // a dispute, and one that we do not have
                both(charge, capture);
                both(charge, row(Type::dispute, amount));
                const std::string other_charge = charge + "x";
                both(other_charge, row(Type::capture, amount));
                const Row dispute = at_gateway(row(Type::dispute, amount));
                theirs(other_charge, dispute);
                return expect(Kind::missing_internal, nullptr, &dispute);
            }
            case 13: {  // refunded at the gateway beyond what was captured
                both(charge, capture);
                both(charge, row(Type::refund, amount));
                const Row more = at_gateway(row(Type::refund, amount / 2, noon + 1h));
                theirs(charge, more);
                return expect(Kind::duplicate_at_gateway, nullptr, &more);
            }
            case 14:
                both(charge, row(Type::capture, amount, yesterday));
                both(charge, row(Type::refund, amount, tomorrow));
                return;
            default:
                both(charge, capture);
                return;
        }
    }

    SeededRandom random_;
    const bool own_ids_;
    std::size_t currency_ = 0;
    std::uint64_t ids_ = 0;
    std::vector<std::pair<std::string, Row>> ours_;
    std::vector<std::pair<std::string, Row>> theirs_;
};

std::vector<std::string> found_in(const Compared& compared) {
    std::vector<std::string> found;
    for (const Discrepancy& one : compared.found) {
        found.push_back(std::string(name(one.kind)) + " " + (one.internal ? one.internal->id : "-") + "/" +
                        (one.gateway ? one.gateway->id : "-"));
    }
    std::ranges::sort(found);
    return found;
}

}  // namespace

TEST_CASE("Of random days exactly what was planted is found, to the last unit, in whatever order both sides come") {
    const std::uint64_t seed = GENERATE(range(std::uint64_t{1}, std::uint64_t{9}));
    const bool own_ids = seed % 2 == 0;
    CAPTURE(seed, own_ids);
    Plan plan(seed, 2000, own_ids);
    Shop shop;
    plan.lay_out(shop, seed);
    const Compared compared = shop.compare();
    REQUIRE(!compared.error);
    CHECK(found_in(compared) == plan.expected);
    CHECK(compared.tally.matched == plan.matched);
    CHECK(compared.tally.total == plan.matched + plan.expected.size());
    CHECK(compared.tally.sums == plan.sums);
    CHECK(compared.handled == compared.found);

    Shop shuffled;
    plan.lay_out(shuffled, seed + 1000);
    const Compared again = shuffled.compare();
    CHECK(again.found == compared.found);
    CHECK(again.tally == compared.tally);
}
