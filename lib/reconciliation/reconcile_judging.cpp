#include <utility>

#include "reconciliation/reconcile_run.hpp"

/// What a first look did not settle, one reference after the other.
namespace tollgate::reconciliation {
namespace {

constexpr std::size_t judged_at_once = 4096;

}  // namespace

Task<Result<void>> Run::judge_open() {
    const Rules rules{.day = tally_.day, .lists_disputes = books_.lists_disputes, .naming = first_->looks().naming};
    Verdict verdict;
    std::optional<Judge> judge;
    for (;;) {
        auto some = co_await thread_.run([this] { return spool_->next(Spool::Sheet::open, judged_at_once); });
        if (!some) co_return fail(std::move(some.error()));
        if (some->empty()) break;
        auto known = co_await look_up(*some, judge ? judge->reference() : std::string_view());
        if (!known) co_return fail(std::move(known.error()));
        for (Movement& one : *some) {
            if (!judge || judge->reference() != one.reference) {
                if (judge) judge->finish();
                judge.emplace(one.reference, std::move((*known)[one.reference]), rules, verdict);
            }
            judge->add(std::move(one));
        }
        if (auto kept = co_await keep(verdict); !kept) co_return kept;
    }
    if (judge) judge->finish();
    co_return co_await keep(verdict);
}

Task<Result<void>> Run::keep(Verdict& verdict) {
    tally_.matched += verdict.matched;
    tally_.total += verdict.matched + verdict.found.size();
    for (const Discrepancy& one : verdict.found) ++tally_.found[static_cast<std::size_t>(one.kind)];
    for (const Movement& one : verdict.also_today) add_to_sums(tally_, one, books_.lists_disputes);
    auto kept = co_await thread_.run([this, found = std::exchange(verdict, {}).found] { return spool_->keep(found); });
    co_return kept;
}

}  // namespace tollgate::reconciliation
