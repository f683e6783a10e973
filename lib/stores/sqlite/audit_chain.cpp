#include "stores/sqlite/audit_chain.hpp"

#include <string>

namespace tollgate::sqlite {
namespace {

Blob as_blob(const AuditHash& hash) {
    return {bytes_of(hash)};
}

constexpr const char* select_all =
    "SELECT seq, at, who, what, outcome, origin, charge_id, request_id, hash FROM audit ORDER BY seq";
constexpr const char* select_head =
    "SELECT (SELECT value FROM meta WHERE key = 'audit_seq'), (SELECT value FROM meta WHERE key = 'audit_hash')";

/// Where to go on: behind every record there is, so that one added by another hand breaks the chain and not the service.
constexpr const char* select_last =
    "SELECT max(ifnull((SELECT value FROM meta WHERE key = 'audit_seq'), 0), ifnull((SELECT max(seq) FROM audit), 0)),"
    " (SELECT value FROM meta WHERE key = 'audit_hash')";

AuditRecord read_record(const Rows& rows) {
    return {.at = rows.time(1),
            .who = std::string(rows.text(2)),
            .what = std::string(rows.text(3)),
            .outcome = std::string(rows.text(4)),
            .origin = std::string(rows.text(5)),
            .charge_id = std::string(rows.text(6)),
            .request_id = std::string(rows.text(7))};
}

}  // namespace

AuditChain::AuditChain(Database& database)
    : last_(database, select_last),
      insert_(database,
              "INSERT INTO audit (seq, at, who, what, outcome, origin, charge_id, request_id, hash)"
              " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"),
      keep_head_(database,
                 "INSERT INTO meta (key, value) VALUES ('audit_seq', ?1), ('audit_hash', ?2)"
                 " ON CONFLICT (key) DO UPDATE SET value = excluded.value") {}

void AuditChain::resume() {
    seq_ = 0;
    head_ = {};
    Rows rows = last_.rows();
    if (!rows.next()) return;
    seq_ = rows.number(0);
    head_ = audit_hash_from(rows.blob(1)).value_or(AuditHash{});
}

void AuditChain::append(std::span<const AuditRecord> records) {
    if (records.empty()) return;
    for (const AuditRecord& record : records) {
        head_ = hasher_.next(head_, ++seq_, record);
        insert_.run(seq_, record.at, record.who, record.what, record.outcome, record.origin, record.charge_id,
                    record.request_id, as_blob(head_));
    }
    keep_head_.run(seq_, as_blob(head_));
}

Result<AuditVerdict> verify_chain(Database& database) {
    AuditVerdict verdict;
    AuditHasher hasher;
    AuditHash expected{};
    std::int64_t seq = 0;
    database.run("BEGIN");
    {
        Statement all(database, select_all);
        Rows rows = all.rows();
        while (!verdict.bad_seq && rows.next()) {
            ++seq;
            if (rows.number(0) != seq) {
                verdict = {seq - 1, seq, "the record is missing", {}};
                break;
            }
            expected = hasher.next(expected, seq, read_record(rows));
            if (audit_hash_from(rows.blob(8)) != expected) {
                verdict = {seq - 1, seq, "the record does not match its hash", {}};
                break;
            }
            verdict.records = seq;
        }
        Statement head(database, select_head);
        Rows kept = head.rows();
        if (!verdict.bad_seq && kept.next()) {
            const std::int64_t head_seq = kept.null(0) ? 0 : kept.number(0);
            const bool same = head_seq == seq && (seq == 0 || audit_hash_from(kept.blob(1)) == expected);
            if (!same) verdict = {seq, seq + 1, "the chain does not end where it was last written to", {}};
        }
    }
    if (database.failed()) {
        return fail(Code::store_unavailable, "the audit log could not be read: " + database.failure().text);
    }
    database.run("COMMIT");
    return verdict;
}

}  // namespace tollgate::sqlite
