#include "stores/sqlite/census_reads.hpp"

#include <string>

namespace tollgate::sqlite {
namespace {

/// The index over the status begins with the tenant. "status <> 'succeeded'" is what it is there for: SQLite does not conclude
/// it from the status.
std::string count_of(std::string_view status, std::string_view which = "") {
    return "sum((SELECT count(*) FROM charges WHERE tenant = tenants.name AND status = '" + std::string(status) +
           "' AND status <> 'succeeded'" + std::string(which) + "))";
}

}  // namespace

CensusReads::CensusReads(Database& database)
    : newest_(database, "SELECT max(seq) FROM charges"),
      at_or_before_(database, "SELECT seq, created_at FROM charges WHERE seq <= ?1 ORDER BY seq DESC LIMIT 1"),
      charges_(database,
               "WITH RECURSIVE tenants(name) AS (SELECT min(tenant) FROM charges UNION ALL"
               " SELECT (SELECT min(tenant) FROM charges WHERE tenant > name) FROM tenants WHERE name IS NOT NULL)"
               " SELECT " +
                   count_of("processing") + ", " + count_of("processing", " AND seq <= ?1") + ", " +
                   count_of("processing", " AND seq <= ?2") + ", " + count_of("processing", " AND seq <= ?3") + ", " +
                   count_of("requires_action") + ", " + count_of("authorized") + ", " + count_of("needs_attention") +
                   ", (SELECT count(*) FROM charges WHERE status = 'succeeded' AND risk_pending_refund > 0)"
                   " FROM tenants WHERE name IS NOT NULL"),
      queue_(database, "SELECT count(*), min(due_at) FROM events WHERE queue = ?1 AND due_at IS NOT NULL"),
      dead_(database, "SELECT count(*) FROM events WHERE state = 'dead'") {}

Result<Census> CensusReads::census(WallTime now) {
    std::int64_t newest = 0;
    if (Rows rows = newest_.rows(); rows.next()) newest = rows.number(0);
    std::array<std::int64_t, Census::ages.size()> bounds{};
    for (std::size_t i = 0; i < bounds.size(); ++i) bounds[i] = arrived_by(now - Census::ages[i], newest);

    Census census;
    if (Rows rows = charges_.rows(bounds[0], bounds[1], bounds[2]); rows.next()) {
        for (int i = 0; i < 4; ++i) {
            const std::int64_t younger_too = rows.number(i);
            census.processing[static_cast<std::size_t>(i)] = younger_too - (i < 3 ? rows.number(i + 1) : 0);
        }
        census.requires_action = rows.number(4);
        census.authorized = rows.number(5);
        census.needs_attention = rows.number(6);
        census.refunding = rows.number(7);
    }
    census.incoming = queue(EventQueue::incoming, now);
    census.outgoing = queue(EventQueue::outgoing, now);
    if (Rows rows = dead_.rows(); rows.next()) census.dead_letters = rows.number(0);
    return census;
}

/// The place of the last charge that was first asked for by then; 0: none was. Places are given in the order of arrival and no
/// charge is ever taken out, so halving finds it in a few looks.
std::int64_t CensusReads::arrived_by(WallTime time, std::int64_t newest) {
    std::int64_t low = 0;
    std::int64_t high = newest;
    while (low < high) {
        const std::int64_t middle = low + (high - low + 1) / 2;
        Rows rows = at_or_before_.rows(middle);
        if (!rows.next() || rows.time(1) <= time) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low;
}

Census::Queue CensusReads::queue(EventQueue queue, WallTime now) {
    Census::Queue told;
    Rows rows = queue_.rows(name(queue));
    if (!rows.next()) return told;
    told.waiting = rows.number(0);
    if (told.waiting > 0 && rows.time(1) <= now) told.oldest_due = rows.time(1);
    return told;
}

}  // namespace tollgate::sqlite
