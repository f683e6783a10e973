#include "stores/sqlite/audit_chain.hpp"

#include <string>

namespace tollgate::sqlite {
namespace {

Blob as_blob(const AuditHash& hash) {
    return {bytes_of(hash)};
}

/// Where to go on: behind every record there is, so that one added by another hand breaks the chain and not the service.
constexpr const char* select_last =
    "SELECT max(ifnull((SELECT value FROM meta WHERE key = 'audit_seq'), 0), ifnull((SELECT max(seq) FROM audit), 0)),"
    " (SELECT value FROM meta WHERE key = 'audit_hash')";

}  // namespace

AuditChain::AuditChain(Database& database, std::string_view key)
    : hasher_(key),
      last_(database, select_last),
      insert_(database,
              "INSERT INTO audit (seq, at, who, what, outcome, origin, charge_id, request_id, hash)"
              " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"),
      keep_head_(database,
                 "INSERT INTO meta (key, value) VALUES ('audit_seq', ?1), ('audit_hash', ?2)"
                 " ON CONFLICT (key) DO UPDATE SET value = excluded.value"),
      keep_seal_(database,
                 "INSERT INTO meta (key, value) VALUES ('audit_seal', ?1)"
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
    if (!hasher_.keyed()) return;
    const AuditHash seal = hasher_.seal(head_, seq_);
    keep_seal_.run(as_blob(seal));
}

}  // namespace tollgate::sqlite
