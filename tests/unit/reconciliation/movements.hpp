#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "core/random.hpp"
#include "reconciliation/pair_judge.hpp"

/// Short words for what the tests of pairing are about.
namespace tollgate::reconciliation::test {

inline constexpr std::chrono::sys_days today = std::chrono::November / 22 / 2026;
inline constexpr WallTime noon = today + std::chrono::hours(12);
inline constexpr std::chrono::days one_day{1};

struct Row {
    Type type = Type::capture;
    std::string id;
    std::int64_t amount = 1000;
    std::string status = {};
    WallTime at = noon;
    std::string currency = "USD";
};

inline Movement of(Side side, Row row, std::string reference = "ch_1") {
    return {.reference = std::move(reference),
            .side = side,
            .type = row.type,
            .entry = {.id = row.id, .amount = row.amount, .currency = row.currency, .status = row.status, .at = row.at}};
}

inline LedgerEntry booked(const Row& row, std::optional<WallTime> at = {}) {
    return {.type = std::string(name(row.type)),
            .gateway_id = row.id,
            .amount = row.amount,
            .currency = row.currency,
            .moved_at = at};
}

/// One reference of a day, and what the store knows of it.
struct World {
    std::vector<Row> ours;
    std::vector<Row> theirs;
    std::vector<Row> elsewhere = {};   // the gateway's neighbouring days
    std::vector<Row> other_days = {};  // our ledger's; yesterday's where they tell no time
    bool is_charge = false;
    bool lists_disputes = true;
    Naming naming = {};
    std::string reference = "ch_1";

    [[nodiscard]] std::vector<Movement> movements() const {
        std::vector<Movement> all;
        for (const Row& row : ours) all.push_back(of(Side::ours, row, reference));
        for (const Row& row : theirs) all.push_back(of(Side::theirs, row, reference));
        for (const Row& row : elsewhere) all.push_back(of(Side::elsewhere, row, reference));
        std::ranges::sort(all, [](const Movement& a, const Movement& b) { return order(a, b) < 0; });
        return all;
    }

    [[nodiscard]] Verdict judged() const {
        Known known{.is_charge = is_charge || !ours.empty() || !other_days.empty()};
        for (const Row& row : ours) known.ledger.push_back(booked(row, row.at));
        for (const Row& row : other_days) known.ledger.push_back(booked(row, row.at == noon ? noon - one_day : row.at));
        const Rules rules{.day = today, .lists_disputes = lists_disputes, .naming = naming};
        Verdict verdict;
        Judge judge(reference, std::move(known), rules, verdict);
        for (Movement& one : movements()) judge.add(std::move(one));
        judge.finish();
        return verdict;
    }

    [[nodiscard]] bool settled() const {
        FirstLooks looks{.naming = naming};
        return first_look(movements(), lists_disputes, looks);
    }
};

/// "2 matched, late r_1/g_1, missing_internal -/g_2": kinds with the ids of both sides, sorted.
inline std::string told(const Verdict& verdict) {
    std::vector<std::string> words;
    for (const Discrepancy& one : verdict.found) {
        words.push_back(std::string(name(one.kind)) + " " + (one.internal ? one.internal->id : "-") + "/" +
                        (one.gateway ? one.gateway->id : "-"));
    }
    std::ranges::sort(words);
    std::string text = std::to_string(verdict.matched) + " matched";
    for (const std::string& word : words) text += ", " + word;
    return text;
}

}  // namespace tollgate::reconciliation::test
