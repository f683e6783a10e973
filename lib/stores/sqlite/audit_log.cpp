#include <algorithm>

#include "stores/sqlite/audit_rows.hpp"

namespace tollgate {

using sqlite::AuditLook;
using sqlite::AuditRow;
using sqlite::AuditRows;

namespace {

AuditVerdict bad(AuditVerdict verdict, std::int64_t seq, std::string why, std::optional<AuditRecord> record = {}) {
    verdict.bad_seq = seq;
    verdict.why = std::move(why);
    verdict.record = std::move(record);
    return verdict;
}

AuditVerdict unreadable(AuditVerdict verdict, std::int64_t seq, const sqlite::Failure& why) {
    return bad(std::move(verdict), seq, "the record cannot be read: " + why.text);
}

}  // namespace

Result<AuditVerdict> verify_audit(const SqliteOptions& options, const AuditProgress& progress) {
    Result<AuditRows> rows = AuditRows::open(options);
    if (!rows) return fail(std::move(rows.error()));
    AuditVerdict verdict;
    AuditChecker checker(options.audit_keys);
    for (;;) {
        Result<AuditLook> look =
            rows->look(checker.seq() == 0 ? AuditRows::first : checker.seq() + 1, WallTime::min(), WallTime::max());
        if (!look) return fail(std::move(look.error()));
        for (AuditRow& row : look->rows) {
            const std::int64_t seq = checker.seq() + 1;
            if (row.seq > seq) return bad(std::move(verdict), seq, "the record is missing");
            if (row.seq < seq) return bad(std::move(verdict), seq, "a record is out of its place", std::move(row.record));
            std::optional<std::string> why = checker.next(row.record, row.hash);
            if (why) return bad(std::move(verdict), seq, std::move(*why), std::move(row.record));
            ++verdict.records;
        }
        if (look->damage) return unreadable(std::move(verdict), checker.seq() + 1, look->damage);
        if (!look->more) {
            if (checker.ends(look->last_seq, look->last_hash, look->seal)) return verdict;
            return bad(std::move(verdict), checker.seq() + 1, "the chain does not end where it was last written to");
        }
        if (progress) progress(verdict.records);
    }
}

Result<AuditVerdict> export_audit(const SqliteOptions& options, std::chrono::sys_days day, const AuditVisitor& visit) {
    Result<AuditRows> rows = AuditRows::open(options);
    if (!rows) return fail(std::move(rows.error()));
    AuditVerdict verdict;
    std::int64_t next = AuditRows::first;
    for (;;) {
        Result<AuditLook> look = rows->look(next, day, day + std::chrono::days(1));
        if (!look) return fail(std::move(look.error()));
        for (AuditRow& row : look->rows) {
            const std::optional<AuditHash> hash = audit_hash_from(row.hash);
            if (!hash) return bad(std::move(verdict), row.seq, "its hash is none", std::move(row.record));
            const Result<void> taken = visit({"", row.seq, row.record, *hash});
            if (!taken) return fail(taken.error());
            next = row.seq + 1;
            ++verdict.records;
        }
        if (look->damage) return unreadable(std::move(verdict), std::max<std::int64_t>(next, 1), look->damage);
        if (!look->more) return verdict;
    }
}

}  // namespace tollgate
