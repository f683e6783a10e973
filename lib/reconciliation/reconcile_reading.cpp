#include <algorithm>
#include <iterator>
#include <utility>

#include "async/all_of.hpp"
#include "reconciliation/reconcile_listing.hpp"
#include "reconciliation/reconcile_run.hpp"

/// Where a comparison takes its records from.
namespace tollgate::reconciliation {
namespace {

constexpr std::size_t page_size = 1000;
constexpr std::size_t asked_at_once = 32;
/// Several pages: going to another thread and back may take longer than what is done there.
constexpr std::size_t spooled_at_once = 5000;
constexpr std::chrono::days one_day{1};

Task<Result<std::optional<std::string>>> charge_of(ChargeStore& charges, std::string gateway_id) {
    co_return co_await charges.charge_of(std::move(gateway_id));
}

/// A charge of ours without any ledger is one all the same.
Task<Result<Known>> known_of(ChargeStore& charges, std::string reference) {
    auto ledger = co_await charges.ledger(reference);
    if (!ledger) co_return fail(std::move(ledger.error()));
    if (!ledger->empty()) co_return Known{.is_charge = true, .ledger = std::move(*ledger)};
    auto charge = co_await charges.find(std::move(reference));
    if (!charge) co_return fail(std::move(charge.error()));
    co_return Known{.is_charge = charge->has_value()};
}

}  // namespace

Task<Result<void>> Run::read_ledger() {
    LedgerQuery query{.day = tally_.day, .limit = page_size};
    std::vector<Movement> waiting;
    do {
        auto page = co_await books_.ledger.ledger_of(query);
        if (!page) co_return fail(std::move(page.error()));
        for (BookedEntry& one : page->entries) {
            const auto type = type_from(one.entry.type);
            if (!type) continue;
            waiting.push_back({.reference = std::move(one.charge_id),
                               .side = Side::ours,
                               .type = *type,
                               .entry = {.id = std::move(one.entry.gateway_id),
                                         .amount = one.entry.amount,
                                         .currency = std::move(one.entry.currency),
                                         .at = one.at}});
            ++ledger_records_;
        }
        query.cursor = std::move(page->next_cursor);
        if (auto put = co_await spool(waiting, Spool::Sheet::day, query.cursor.empty()); !put) co_return put;
        tell(Phase::ledger, ledger_records_);
    } while (!query.cursor.empty());
    co_return Result<void>();
}

Task<Result<void>> Run::read_gateway(std::chrono::sys_days listed_under) {
    const auto sheet = listed_under == tally_.day ? Spool::Sheet::day : Spool::Sheet::open;
    Listing listing(runtime_, books_.gateway, listed_under);
    std::vector<Movement> waiting;
    while (!listing.ended()) {
        auto rows = co_await listing.next();
        if (!rows) co_return fail(std::move(rows.error()));
        auto movements = co_await movements_of(std::move(*rows), listed_under);
        if (!movements) co_return fail(std::move(movements.error()));
        gateway_records_ += movements->size();
        std::ranges::move(*movements, std::back_inserter(waiting));
        if (auto put = co_await spool(waiting, sheet, listing.ended()); !put) co_return put;
        tell(Phase::gateway, gateway_records_);
    }
    co_return Result<void>();
}

/// Once enough wait, or all have come. Of the neighbouring days only what may explain an open reference is kept.
Task<Result<void>> Run::spool(std::vector<Movement>& waiting, Spool::Sheet sheet, bool all) {
    if (!all && waiting.size() < spooled_at_once) co_return Result<void>();
    co_return co_await thread_.run([this, sheet, movements = std::exchange(waiting, {})] {
        return sheet == Spool::Sheet::day ? spool_->add(sheet, movements) : spool_->add_to_open(movements);
    });
}

Task<Result<void>> Run::read_neighbours() {
    for (const std::chrono::sys_days day : {tally_.day - one_day, tally_.day + one_day}) {
        if (auto read = co_await read_gateway(day); !read) co_return read;
    }
    co_return Result<void>();
}

Task<Result<std::vector<Movement>>> Run::movements_of(std::vector<GatewayTransaction> rows,
                                                      std::chrono::sys_days listed_under) {
    std::vector<Movement> movements;
    for (GatewayTransaction& row : rows) {
        const auto type = type_from(row.type);
        const auto day = std::chrono::floor<std::chrono::days>(row.created_at);
        if (!type || day < tally_.day - one_day || day > tally_.day + one_day) continue;
        const bool todays = day == tally_.day && listed_under == tally_.day;
        const bool unnamed = row.reference.empty();
        movements.push_back({.reference = std::move(row.reference),
                             .side = todays ? Side::theirs : Side::elsewhere,
                             .type = *type,
                             .unnamed = unnamed,
                             .entry = {.id = std::move(row.id),
                                       .amount = row.amount,
                                       .currency = std::move(row.currency),
                                       .status = std::move(row.status),
                                       .at = row.created_at}});
    }
    if (auto named = co_await name_unnamed(movements); !named) co_return fail(std::move(named.error()));
    co_return movements;
}

Task<Result<void>> Run::name_unnamed(std::vector<Movement>& movements) {
    std::vector<Movement*> unnamed;
    for (Movement& one : movements) {
        if (one.unnamed) unnamed.push_back(&one);
    }
    for (std::size_t from = 0; from < unnamed.size(); from += asked_at_once) {
        const auto some = std::span(unnamed).subspan(from, std::min(asked_at_once, unnamed.size() - from));
        std::vector<Task<Result<std::optional<std::string>>>> asked;
        for (const Movement* one : some) asked.push_back(charge_of(books_.charges, one->entry.id));
        auto answers = co_await all_of(runtime_, std::move(asked));
        for (std::size_t i = 0; i < some.size(); ++i) {
            if (!answers[i]) co_return fail(std::move(answers[i].error()));
            some[i]->reference = std::move(*answers[i]).value_or("");
        }
    }
    co_return Result<void>();
}

Task<Result<Run::KnownBy>> Run::look_up(const std::vector<Movement>& movements, std::string_view but) {
    std::vector<std::string> references;
    for (const Movement& one : movements) {
        const bool asked = one.reference.empty() || one.reference == but;
        if (!asked && (references.empty() || references.back() != one.reference)) references.push_back(one.reference);
    }
    KnownBy known;
    for (std::size_t from = 0; from < references.size(); from += asked_at_once) {
        const auto some = std::span(references).subspan(from, std::min(asked_at_once, references.size() - from));
        std::vector<Task<Result<Known>>> asked;
        for (const std::string& reference : some) asked.push_back(known_of(books_.charges, reference));
        auto answers = co_await all_of(runtime_, std::move(asked));
        for (std::size_t i = 0; i < some.size(); ++i) {
            if (!answers[i]) co_return fail(std::move(answers[i].error()));
            known.emplace(std::move(some[i]), std::move(*answers[i]));
        }
    }
    co_return known;
}

}  // namespace tollgate::reconciliation
