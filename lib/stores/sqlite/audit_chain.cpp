#include "stores/sqlite/audit_chain.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>

namespace tollgate::sqlite {
namespace {

void put_number(std::string& out, std::uint64_t number) {
    for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>((number >> shift) & 0xff));
}

void put_text(std::string& out, std::string_view text) {
    put_number(out, text.size());
    out.append(text);
}

Blob as_blob(const AuditHash& hash) {
    return {{reinterpret_cast<const char*>(hash.data()), hash.size()}};
}

/// A hash of any other length is no hash, and equals none.
std::optional<AuditHash> as_hash(std::string_view bytes) {
    AuditHash hash{};
    if (bytes.size() != hash.size()) return std::nullopt;
    std::ranges::copy(bytes, reinterpret_cast<char*>(hash.data()));
    return hash;
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

AuditHasher::AuditHasher() : sha256_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context_(EVP_MD_CTX_new()) {
    if (!sha256_ || !context_) std::abort();  // an OpenSSL without SHA-256, or no memory at start
}

AuditHash AuditHasher::next(const AuditHash& previous, std::int64_t seq, const AuditRecord& record) {
    encoded_.assign(reinterpret_cast<const char*>(previous.data()), previous.size());
    put_number(encoded_, static_cast<std::uint64_t>(seq));
    put_number(encoded_, static_cast<std::uint64_t>(record.at.time_since_epoch().count()));
    for (const std::string* text :
         {&record.who, &record.what, &record.outcome, &record.origin, &record.charge_id, &record.request_id}) {
        put_text(encoded_, *text);
    }
    AuditHash hash{};
    if (EVP_DigestInit_ex2(context_.get(), sha256_.get(), nullptr) != 1 ||
        EVP_DigestUpdate(context_.get(), encoded_.data(), encoded_.size()) != 1 ||
        EVP_DigestFinal_ex(context_.get(), hash.data(), nullptr) != 1) {
        std::abort();
    }
    return hash;
}

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
    head_ = as_hash(rows.blob(1)).value_or(AuditHash{});
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
                verdict = {seq - 1, seq, "the record is missing"};
                break;
            }
            expected = hasher.next(expected, seq, read_record(rows));
            if (as_hash(rows.blob(8)) != expected) {
                verdict = {seq - 1, seq, "the record does not match its hash"};
                break;
            }
            verdict.records = seq;
        }
        Statement head(database, select_head);
        Rows kept = head.rows();
        if (!verdict.bad_seq && kept.next()) {
            const std::int64_t head_seq = kept.null(0) ? 0 : kept.number(0);
            const bool same = head_seq == seq && (seq == 0 || as_hash(kept.blob(1)) == expected);
            if (!same) verdict = {seq, seq + 1, "the chain does not end where it was last written to"};
        }
    }
    if (database.failed()) {
        return fail(Code::store_unavailable, "the audit log could not be read: " + database.failure().text);
    }
    database.run("COMMIT");
    return verdict;
}

}  // namespace tollgate::sqlite
