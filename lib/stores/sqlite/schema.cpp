#include "stores/sqlite/schema.hpp"

#include <array>
#include <cstring>

namespace tollgate::sqlite {
namespace {

/// PRAGMA application_id: "toll".
constexpr std::int64_t application_id = 0x746f6c6c;

/// Times are milliseconds since 1970 UTC. `seq` is the order of arrival: pages and their cursors go by it, since it
/// neither moves nor repeats when a clock jumps. `state` and answers are bytes nobody here looks into.
constexpr const char* version_1 = R"sql(
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value ANY
) STRICT, WITHOUT ROWID;

CREATE TABLE charges (
    seq             INTEGER PRIMARY KEY,
    id              TEXT NOT NULL UNIQUE CHECK (id <> ''),  -- derived from tenant and key, so it is unique for both
    tenant          TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    fingerprint     TEXT NOT NULL,
    order_id        TEXT NOT NULL,
    amount          INTEGER NOT NULL,
    currency        TEXT NOT NULL,
    status          TEXT NOT NULL,
    live            INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    begun_at        INTEGER NOT NULL,
    attempt         INTEGER NOT NULL,
    fence           INTEGER NOT NULL,
    lease_until     INTEGER NOT NULL,
    due_at          INTEGER,
    key_free        INTEGER NOT NULL,
    answer_status   INTEGER,
    answered_at     INTEGER,
    state           BLOB NOT NULL,
    answer_body     BLOB
) STRICT;
CREATE INDEX charges_by_tenant ON charges (tenant);
CREATE INDEX charges_by_order ON charges (tenant, order_id);
-- Most charges succeed: a page of those is dense without an index, every other status is rare.
CREATE INDEX charges_by_status ON charges (tenant, status) WHERE status <> 'succeeded';
-- Without lease_until, which moves with every step.
CREATE INDEX charges_due ON charges (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX charges_answered ON charges (answered_at) WHERE answer_status IS NOT NULL;

-- A charge is named by its place here: unlike its id that keeps what is written together on the same pages.
CREATE TABLE ledger (
    seq        INTEGER PRIMARY KEY,
    charge     INTEGER NOT NULL REFERENCES charges (seq),
    type       TEXT NOT NULL,
    gateway_id TEXT NOT NULL,
    amount     INTEGER NOT NULL,
    currency   TEXT NOT NULL,
    at         INTEGER NOT NULL,
    UNIQUE (charge, type, gateway_id)
) STRICT;

CREATE TABLE limits (
    key    TEXT PRIMARY KEY,
    tat_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    seq        INTEGER PRIMARY KEY,
    at         INTEGER NOT NULL,
    who        TEXT NOT NULL,
    what       TEXT NOT NULL,
    outcome    TEXT NOT NULL,
    origin     TEXT NOT NULL,
    charge_id  TEXT NOT NULL,
    request_id TEXT NOT NULL,
    hash       BLOB NOT NULL
) STRICT;
)sql";

/// One row an event; `event` names what was counted, so that the same is not counted twice. A key has few: see `Velocity`.
constexpr const char* version_2 = R"sql(
CREATE TABLE velocities (
    key   TEXT NOT NULL,
    at    INTEGER NOT NULL,
    event TEXT NOT NULL,
    until INTEGER NOT NULL,  -- it counts before, not then
    PRIMARY KEY (key, at, event)
) STRICT, WITHOUT ROWID;
CREATE INDEX velocities_outlived ON velocities (until);
)sql";

/// Who tells of money by the gateway's own ids finds its charge by them. Of an event, what moves stands apart from its body,
/// which never does: many that are settled together then share a page.
constexpr const char* version_3 = R"sql(
CREATE INDEX ledger_by_gateway ON ledger (gateway_id);

CREATE TABLE events (
    seq         INTEGER PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE CHECK (id <> ''),
    queue       TEXT NOT NULL,
    source      TEXT NOT NULL,
    name        TEXT NOT NULL,
    type        TEXT NOT NULL,
    charge_id   TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    at          INTEGER NOT NULL,
    turn        INTEGER NOT NULL,  -- of the outgoing ones of a charge that wait, the lowest goes first
    state       TEXT NOT NULL,
    claims      INTEGER NOT NULL,
    failures    INTEGER NOT NULL,
    due_at      INTEGER,
    lease_until INTEGER NOT NULL,  -- 0: nobody holds it
    note        TEXT NOT NULL,
    settled_at  INTEGER
) STRICT;
-- With lease_until, so that what is held is passed over in the index.
CREATE INDEX events_due ON events (queue, due_at, lease_until) WHERE due_at IS NOT NULL;
CREATE INDEX events_by_time ON events (queue, at);
CREATE INDEX events_dead ON events (state) WHERE state = 'dead';
CREATE INDEX events_of_charge ON events (charge_id, turn) WHERE queue = 'outgoing' AND state = 'waiting';

CREATE TABLE event_bodies (
    event INTEGER PRIMARY KEY REFERENCES events (seq),
    body  BLOB NOT NULL
) STRICT;
)sql";

/// What clients asked of a charge lies beside what they asked of it before. An `answered_at` goes with an answer.
constexpr const char* version_4 = R"sql(
CREATE TABLE operations (
    charge        INTEGER NOT NULL REFERENCES charges (seq),
    id            TEXT NOT NULL,
    fingerprint   TEXT NOT NULL,
    answer_status INTEGER,
    answered_at   INTEGER,
    answer_body   BLOB,
    PRIMARY KEY (charge, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX operations_answered ON operations (answered_at) WHERE answered_at IS NOT NULL;

ALTER TABLE charges ADD COLUMN risk_unknown INTEGER NOT NULL DEFAULT 0;
ALTER TABLE charges ADD COLUMN risk_uncaptured INTEGER NOT NULL DEFAULT 0;
ALTER TABLE charges ADD COLUMN risk_pending_refund INTEGER NOT NULL DEFAULT 0;
-- Both are empty of the charges that go well, and are not touched by their steps.
CREATE INDEX charges_at_risk ON charges (currency, risk_unknown, risk_uncaptured, risk_pending_refund)
    WHERE risk_unknown + risk_uncaptured + risk_pending_refund > 0;
CREATE INDEX charges_refunding ON charges (status) WHERE risk_pending_refund > 0;
)sql";

/// A day is the millisecond it begins at. A run's lease of 0 has ended.
constexpr const char* version_5 = R"sql(
CREATE INDEX ledger_by_time ON ledger (at);

CREATE TABLE reconciliation_runs (
    day         INTEGER PRIMARY KEY,
    fence       INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    finished_at INTEGER,
    report      BLOB
) STRICT;

CREATE TABLE reconciliation_notes (
    day    INTEGER NOT NULL,
    action TEXT NOT NULL,
    PRIMARY KEY (day, action)
) STRICT, WITHOUT ROWID;
)sql";

/// What operators look for, across tenants: a customer's charges, of older ones as their states tell, and authorizations that
/// run out; of these the index is empty but for the charges that wait for their capture. And who is logged in at the console.
constexpr const char* version_6 = R"sql(
ALTER TABLE charges ADD COLUMN customer_id TEXT NOT NULL DEFAULT '';
UPDATE charges SET customer_id = json_extract(CAST(state AS TEXT), '$.req.cus[0]')
    WHERE CASE WHEN json_valid(CAST(state AS TEXT)) THEN json_type(CAST(state AS TEXT), '$.req.cus[0]') END = 'text';
CREATE INDEX charges_by_customer ON charges (customer_id) WHERE customer_id <> '';
CREATE INDEX charges_expiring ON charges (due_at) WHERE status = 'authorized';

CREATE TABLE sessions (
    id         TEXT PRIMARY KEY CHECK (id <> ''),
    owner      TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_end ON sessions (expires_at);
)sql";

constexpr std::array<const char*, 6> steps_ever{version_1, version_2, version_3, version_4, version_5, version_6};

std::unexpected<PaymentError> unusable(const std::string& path, const std::string& why) {
    return fail(Code::store_unavailable, "cannot open the store file " + path + ": " + why);
}

std::unexpected<PaymentError> too_new(const std::string& path, std::int64_t version, std::size_t known) {
    return unusable(path, "it was written by a newer Tollgate (schema " + std::to_string(version) + ", this one knows " +
                              std::to_string(known) + "); run that version, or restore a backup made before it");
}

}  // namespace

std::span<const char* const> migrations() noexcept {
    return steps_ever;
}

Result<void> migrate(Database& database, const std::string& path, std::span<const char* const> steps) {
    std::int64_t version = database.number("PRAGMA user_version");
    const std::int64_t owner = database.number("PRAGMA application_id");
    const std::int64_t tables = database.number("SELECT count(*) FROM sqlite_schema");
    if (database.failed()) return fail(opening_failed(path, database.failure()));
    if (tables > 0 && owner != application_id) {
        return unusable(path, "it is a SQLite file of another program; name another file in store.url");
    }
    if (version < 0 || version > static_cast<std::int64_t>(steps.size())) return too_new(path, version, steps.size());

    for (; version < static_cast<std::int64_t>(steps.size()); ++version) {
        const std::string numbers = "PRAGMA application_id = " + std::to_string(application_id) +
                                    "; PRAGMA user_version = " + std::to_string(version + 1) + "; COMMIT";
        const bool done = database.run("BEGIN IMMEDIATE") && database.run(steps[static_cast<std::size_t>(version)]) &&
                          database.run(numbers.c_str());
        if (done) continue;
        const Failure why = database.failure();
        database.clear_failure();
        if (database.in_transaction()) database.run("ROLLBACK");
        return fail(opening_failed(path, why));
    }
    return {};
}

Result<void> check_version(Database& database, const std::string& path) {
    const std::int64_t version = database.number("PRAGMA user_version");
    const std::int64_t owner = database.number("PRAGMA application_id");
    if (database.failed()) return fail(opening_failed(path, database.failure()));
    if (owner != application_id) return unusable(path, "it is no store of Tollgate; check store.url");
    if (version > static_cast<std::int64_t>(steps_ever.size())) return too_new(path, version, steps_ever.size());
    if (version < static_cast<std::int64_t>(steps_ever.size())) {
        return unusable(path, "it is of an older Tollgate; `tollgate serve` brings it up to date at its start");
    }
    return {};
}

PaymentError opening_failed(const std::string& path, const Failure& failure) {
    std::string why = failure.text;
    if (severity(failure) == Severity::corrupt) {
        why = "it is damaged or no SQLite file (" + failure.text +
              "); stop the service and restore a backup, or save what can be read with `sqlite3 FILE .recover`";
    } else if (failure.system_error != 0 &&
               ((failure.code & 0xff) == SQLITE_CANTOPEN || (failure.code & 0xff) == SQLITE_IOERR)) {
        why += std::string(" (") + std::strerror(failure.system_error) + "); make the file and its folder writable";
    } else if ((failure.code & 0xff) == SQLITE_BUSY) {
        why += "; another program is holding it";
    }
    return {Code::store_unavailable, "cannot open the store file " + path + ": " + why};
}

}  // namespace tollgate::sqlite
