#include "stores/sqlite/charge_reads.hpp"

#include <algorithm>
#include <limits>

#include "stores/sqlite/charge_rows.hpp"
#include "stores/sqlite/cursor.hpp"

namespace tollgate::sqlite {
namespace {

/// How many places one look at what no index finds goes through.
constexpr std::int64_t looks_at = 1'000;

/// Before which place a page begins.
Result<std::int64_t> begin_of(const std::string& cursor) {
    if (cursor.empty()) return std::numeric_limits<std::int64_t>::max();
    const auto place = place_from<1>(cursor);
    if (!place) return fail(place.error());
    return place->front();
}

/// `rows` has one row more than the page, if there are more.
ChargePage read_page(Rows rows, std::size_t limit) {
    ChargePage page;
    std::int64_t last = 0;
    while (rows.next()) {
        if (page.rows.size() == limit) {
            page.next_cursor = cursor_at(std::array{last});
            break;
        }
        last = rows.number(ChargeColumn::seq);
        page.rows.push_back(read_charge(rows));
    }
    return page;
}

/// As a JSON array, for json_each.
std::string names_of(const std::vector<ChargeStatus>& statuses) {
    std::string names;
    for (const ChargeStatus status : statuses) {
        names.append(names.empty() ? "[\"" : ",\"").append(name(status)).append("\"");
    }
    return names.empty() ? "[]" : names + "]";
}

std::string select_page(const std::string& where) {
    return "SELECT " + charge_columns + " FROM charges WHERE " + where + " AND seq < ?2 ORDER BY seq DESC LIMIT ?3";
}

/// An index that begins with the tenant serves all of them: the newest of each.
const std::string with_tenants =
    "WITH RECURSIVE tenants(name) AS (SELECT min(tenant) FROM charges UNION ALL"
    " SELECT (SELECT min(tenant) FROM charges WHERE tenant > name) FROM tenants WHERE name IS NOT NULL)";

}  // namespace

ChargeReads::ChargeReads(Database& database)
    : find_(database, "SELECT " + charge_columns + " FROM charges WHERE id = ?1"),
      charge_of_(database, "SELECT id FROM charges WHERE seq = (SELECT charge FROM ledger WHERE gateway_id = ?1 LIMIT 1)"),
      ledger_(database,
              "SELECT type, gateway_id, ledger.amount, ledger.currency, at FROM ledger"
              " WHERE charge = (SELECT seq FROM charges WHERE id = ?1) ORDER BY seq"),
      at_risk_(database,
               "SELECT currency, sum(risk_unknown), sum(risk_uncaptured), sum(risk_pending_refund) FROM charges"
               " WHERE risk_unknown + risk_uncaptured + risk_pending_refund > 0 GROUP BY currency ORDER BY currency"),
      of_tenant_(database, "tenant = ?1", "status = ?4 AND status <> 'succeeded'"),
      of_order_(database, "tenant = ?1 AND order_id = ?5", "+status = ?4"),
      newest_(database, "SELECT max(seq) FROM charges"),
      survey_dense_(database, "SELECT " + charge_columns +
                                  " FROM charges WHERE seq < ?2 AND seq >= ?4"
                                  " AND status IN (SELECT value FROM json_each(?1)) ORDER BY seq DESC LIMIT ?3"),
      survey_rare_(database,
                   with_tenants + " SELECT " + charge_columns +
                       " FROM tenants CROSS JOIN (SELECT value FROM json_each(?1)) AS wanted CROSS JOIN charges WHERE seq IN"
                       " (SELECT few.seq FROM charges AS few WHERE few.tenant = tenants.name AND few.status = wanted.value"
                       " AND few.status <> 'succeeded' AND few.seq < ?2 ORDER BY few.seq DESC LIMIT ?3)"
                       " UNION ALL SELECT " +
                       charge_columns +
                       " FROM charges WHERE seq IN (SELECT seq FROM charges WHERE ?4 AND status = 'succeeded'"
                       " AND risk_pending_refund > 0 AND seq < ?2 ORDER BY seq DESC LIMIT ?3)"
                       " ORDER BY seq DESC LIMIT ?3"),
      survey_order_(database, with_tenants + " SELECT " + charge_columns +
                                  " FROM tenants CROSS JOIN charges WHERE seq IN (SELECT few.seq FROM charges AS few"
                                  " WHERE few.tenant = tenants.name AND few.order_id = ?1 AND few.seq < ?2"
                                  " ORDER BY few.seq DESC LIMIT ?3) ORDER BY seq DESC LIMIT ?3"),
      survey_customer_(database, "SELECT " + charge_columns +
                                     " FROM charges WHERE customer_id = ?1 AND customer_id <> '' AND seq < ?2"
                                     " ORDER BY seq DESC LIMIT ?3"),
      // There is another index over the due time, of all that is unfinished.
      expiring_(database, "SELECT " + charge_columns +
                              " FROM charges INDEXED BY charges_expiring WHERE status = 'authorized' AND due_at < ?1"
                              " ORDER BY due_at, seq LIMIT ?2") {}

// ?1 tenant, ?2 before which place, ?3 how many, ?4 status, ?5 order; SQLite ignores a value no parameter asks for.
// The sign keeps the index over the status out: an order has few charges, a status may have many.
ChargeReads::Pages::Pages(Database& database, const std::string& where, const std::string& status)
    : all(database, select_page(where)),
      succeeded(database, select_page(where + " AND +status = 'succeeded'")),
      by_status(database, select_page(where + " AND " + status)) {}

Statement& ChargeReads::Pages::pick(const ChargeQuery& query) {
    if (!query.status) return all;
    return *query.status == ChargeStatus::succeeded ? succeeded : by_status;
}

Result<std::optional<ChargeRow>> ChargeReads::find(const std::string& id) {
    Rows rows = find_.rows(id);
    if (!rows.next()) return std::optional<ChargeRow>();
    return std::optional<ChargeRow>(read_charge(rows));
}

Result<ChargePage> ChargeReads::page(const ChargeQuery& query) {
    const Result<std::int64_t> before = begin_of(query.cursor);
    if (!before) return fail(before.error());
    const std::size_t limit = std::clamp<std::size_t>(query.limit, 1, 100);
    const std::int64_t one_more = static_cast<std::int64_t>(limit) + 1;  // tells whether there is a next page
    const std::string_view status = query.status ? name(*query.status) : std::string_view();
    Pages& pages = query.order_id.empty() ? of_tenant_ : of_order_;
    return read_page(pages.pick(query).rows(query.tenant, *before, one_more, status, query.order_id), limit);
}

Result<ChargePage> ChargeReads::survey(const SurveyQuery& query) {
    Result<std::int64_t> before = begin_of(query.cursor);
    if (!before) return fail(before.error());
    const std::size_t limit = std::clamp<std::size_t>(query.limit, 1, 100);
    const std::int64_t one_more = static_cast<std::int64_t>(limit) + 1;
    if (!query.order_id.empty()) return read_page(survey_order_.rows(query.order_id, *before, one_more), limit);
    if (!query.customer_id.empty()) return read_page(survey_customer_.rows(query.customer_id, *before, one_more), limit);
    const std::string statuses = names_of(query.statuses);
    if (std::ranges::find(query.statuses, ChargeStatus::succeeded) == query.statuses.end()) {
        return read_page(survey_rare_.rows(statuses, *before, one_more, query.refunding), limit);
    }
    Rows newest = newest_.rows();
    *before = std::min(*before, newest.next() ? newest.number(0) + 1 : 1);
    const std::int64_t from = *before - looks_at;
    ChargePage page = read_page(survey_dense_.rows(statuses, *before, one_more, from), limit);
    if (page.next_cursor.empty() && from > 1) page.next_cursor = cursor_at(std::array{from});
    return page;
}

Result<std::vector<ChargeRow>> ChargeReads::expiring(WallTime until, std::size_t limit) {
    std::vector<ChargeRow> all;
    Rows rows = expiring_.rows(until, static_cast<std::int64_t>(std::min<std::size_t>(limit, 100)));
    while (rows.next()) all.push_back(read_charge(rows));
    return all;
}

Result<std::optional<std::string>> ChargeReads::charge_of(const std::string& gateway_id) {
    Rows rows = charge_of_.rows(gateway_id);
    return rows.next() ? std::optional(std::string(rows.text(0))) : std::nullopt;
}

Result<std::vector<CurrencyAtRisk>> ChargeReads::money_at_risk() {
    std::vector<CurrencyAtRisk> all;
    Rows rows = at_risk_.rows();
    while (rows.next()) all.push_back({std::string(rows.text(0)), {rows.number(1), rows.number(2), rows.number(3)}});
    return all;
}

Result<std::vector<LedgerEntry>> ChargeReads::ledger(const std::string& charge_id) {
    std::vector<LedgerEntry> entries;
    Rows rows = ledger_.rows(charge_id);
    while (rows.next()) {
        entries.push_back(
            {std::string(rows.text(0)), std::string(rows.text(1)), rows.number(2), std::string(rows.text(3)), rows.time(4)});
    }
    return entries;
}

}  // namespace tollgate::sqlite
