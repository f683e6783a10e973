#include "stores/sqlite/audit_rows.hpp"

namespace tollgate::sqlite {
namespace {

constexpr std::int64_t rows_a_look = 2'000;

AuditRow read_row(const Rows& rows) {
    return {.seq = rows.number(0),
            .record = {.at = rows.time(1),
                       .who = std::string(rows.text(2)),
                       .what = std::string(rows.text(3)),
                       .outcome = std::string(rows.text(4)),
                       .origin = std::string(rows.text(5)),
                       .charge_id = std::string(rows.text(6)),
                       .request_id = std::string(rows.text(7))},
            .hash = std::string(rows.blob(8))};
}

}  // namespace

Result<AuditRows> AuditRows::open(const SqliteOptions& options) {
    Result<std::string> path = real_path(options);
    if (!path) return fail(std::move(path.error()));
    AuditRows rows(std::move(*path), options);
    rows.quiet_ = QuietFile::at(rows.path_);
    const Result<void> opened = rows.connect(rows.quiet_ ? Database::Access::unshared : Database::Access::read_only);
    if (!opened) return fail(opened.error());
    return rows;
}

Result<AuditLook> AuditRows::look(std::int64_t seq, WallTime from, WallTime until) {
    AuditLook look = read(seq, from, until);
    if (quiet_ && !quiet_->undisturbed()) {
        quiet_.reset();
        const Result<void> opened = connect(Database::Access::read_only);
        if (!opened) return fail(opened.error());
        look = read(seq, from, until);
    }
    const Severity kind = severity(look.damage);
    if (look.damage && kind != Severity::corrupt && kind != Severity::statement)
        return fail(Code::store_unavailable, "the audit log could not be read: " + look.damage.text);
    return look;
}

Result<void> AuditRows::connect(Database::Access access) {
    Result<Database> opened = open_for_reading(path_, options_, access);
    if (!opened) return fail(std::move(opened.error()));
    database_.emplace(std::move(*opened));
    return {};
}

AuditLook AuditRows::read(std::int64_t seq, WallTime from, WallTime until) {
    AuditLook look;
    database_->run("BEGIN");
    {
        Statement some(*database_,
                       "SELECT seq, at, who, what, outcome, origin, charge_id, request_id, hash FROM audit"
                       " WHERE seq >= ?1 AND at >= ?2 AND at < ?3 ORDER BY seq LIMIT ?4");
        Statement head(*database_,
                       "SELECT ifnull((SELECT value FROM meta WHERE key = 'audit_seq'), 0),"
                       " (SELECT value FROM meta WHERE key = 'audit_hash'), (SELECT value FROM meta WHERE key = 'audit_seal')");
        Rows rows = some.rows(seq, from, until, rows_a_look);
        while (rows.next()) look.rows.push_back(read_row(rows));
        look.more = std::ssize(look.rows) == rows_a_look;
        Rows kept = head.rows();
        if (kept.next()) {
            look.last_seq = kept.number(0);
            look.last_hash = kept.blob(1);
            look.seal = kept.blob(2);
        }
    }
    look.damage = database_->failure();
    database_->clear_failure();
    if (database_->in_transaction()) database_->run("ROLLBACK");
    return look;
}

}  // namespace tollgate::sqlite
