#include "stores/sqlite/reconciliation_reads.hpp"

#include <algorithm>

#include "stores/sqlite/cursor.hpp"

namespace tollgate::sqlite {
namespace {

BookedEntry read_entry(const Rows& rows) {
    return {.charge_id = std::string(rows.text(2)),
            .entry = {.type = std::string(rows.text(3)),
                      .gateway_id = std::string(rows.text(4)),
                      .amount = rows.number(5),
                      .currency = std::string(rows.text(6)),
                      .moved_at = rows.time(0)},
            .at = rows.time(0)};
}

}  // namespace

ReconciliationReads::ReconciliationReads(Database& database)
    : ledger_of_(database,
                 "SELECT at, ledger.seq, charges.id, type, gateway_id, ledger.amount, ledger.currency"
                 " FROM ledger CROSS JOIN charges ON charges.seq = ledger.charge"
                 " WHERE (at, ledger.seq) > (?1, ?2) AND at < ?3 ORDER BY at, ledger.seq LIMIT ?4"),
      find_run_(database, "SELECT fence, lease_until, finished_at, report FROM reconciliation_runs WHERE day = ?1"),
      find_note_(database, "SELECT 1 FROM reconciliation_notes WHERE day = ?1 AND action = ?2") {}

Result<LedgerPage> ReconciliationReads::ledger_of(const LedgerQuery& query) {
    const WallTime begin = query.day;
    const WallTime end = query.day + std::chrono::days(1);
    std::pair after{begin, std::int64_t{0}};
    if (!query.cursor.empty()) {
        // The time of day, counted from one, and the place.
        const auto place = place_from<2>(query.cursor);
        if (!place) return fail(place.error());
        if (Milliseconds(place->front()) > std::chrono::days(1)) return fail(not_given_out());
        after = {begin + Milliseconds(place->front() - 1), place->back()};
    }
    const std::size_t limit = std::clamp<std::size_t>(query.limit, 1, 1000);
    LedgerPage page;
    std::array<std::int64_t, 2> last{};
    Rows rows = ledger_of_.rows(after.first, after.second, end, static_cast<std::int64_t>(limit) + 1);
    while (rows.next()) {
        if (page.entries.size() == limit) {
            page.next_cursor = cursor_at(last);
            break;
        }
        page.entries.push_back(read_entry(rows));
        last = {(page.entries.back().at - begin).count() + 1, rows.number(1)};
    }
    return page;
}

Result<std::optional<ReconciliationRun>> ReconciliationReads::find_run(std::chrono::sys_days day) {
    Rows rows = find_run_.rows(WallTime(day));
    if (!rows.next()) return std::optional<ReconciliationRun>();
    ReconciliationRun run{.fence = static_cast<std::uint64_t>(rows.number(0)),
                          .lease_until = rows.time(1),
                          .finished_at = {},
                          .report = std::string(rows.blob(3))};
    if (!rows.null(2)) run.finished_at = rows.time(2);
    return std::optional(std::move(run));
}

Result<bool> ReconciliationReads::is_noted(std::chrono::sys_days day, const std::string& action) {
    return find_note_.rows(WallTime(day), action).next();
}

}  // namespace tollgate::sqlite
