#include "stores/sqlite/sqlite_store.hpp"

#include "stores/sqlite/open_file.hpp"
#include "stores/sqlite/schema.hpp"
#include "stores/sqlite/sqlite_events.hpp"
#include "stores/sqlite/sqlite_reconciliation.hpp"
#include "stores/sqlite/sqlite_sessions.hpp"

namespace tollgate {

namespace {

/// `quiet`: nobody has the file open.
Result<std::unique_ptr<sqlite::Readers>> open_readers(const std::string& path, const SqliteOptions& options,
                                                      std::optional<sqlite::QuietFile> quiet = {}) {
    using Access = sqlite::Database::Access;
    std::vector<sqlite::Database> databases;
    for (std::size_t i = 0; i < std::max<std::size_t>(options.readers, 1); ++i) {
        auto database = sqlite::open_for_reading(path, options, quiet ? Access::unshared : Access::read_only);
        if (!database) return fail(std::move(database.error()));
        databases.push_back(std::move(*database));
    }
    if (!quiet) return std::make_unique<sqlite::Readers>(std::move(databases), options.queue_max);
    auto reopen = [path, options] { return sqlite::open_for_reading(path, options); };
    return std::make_unique<sqlite::Readers>(std::move(databases), options.queue_max,
                                             sqlite::Readers::Quiet{std::move(*quiet), std::move(reopen)});
}

}  // namespace

SqliteStore::SqliteStore(std::unique_ptr<sqlite::StoreParts> parts)
    : parts_(std::move(parts)),
      events_(std::make_unique<sqlite::SqliteEvents>(*parts_)),
      reconciliation_(std::make_unique<sqlite::SqliteReconciliation>(*parts_)),
      sessions_(std::make_unique<sqlite::SqliteSessions>(*parts_)) {}

SqliteStore::~SqliteStore() = default;

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(SqliteOptions options) {
    auto parts = std::make_unique<sqlite::StoreParts>();
    const bool file = !sqlite::in_memory(options);
    std::string path = options.path;
    if (file) {
        Result<std::string> real = sqlite::real_path(options);
        if (!real) return fail(std::move(real.error()));
        path = std::move(*real);
        Result<sqlite::LockFile> lock = sqlite::LockFile::take(path);
        if (!lock) return fail(std::move(lock.error()));
        parts->lock.emplace(std::move(*lock));
    }
    Result<sqlite::Database> database = sqlite::open_for_writing(path, options);
    if (!database) return fail(std::move(database.error()));
    sqlite::ChargeWrites(*database).end_all_leases();
    sqlite::EventWrites(*database).end_all_leases();
    sqlite::ReconciliationWrites(*database).end_all_leases();
    if (database->failed()) return fail(sqlite::opening_failed(path, database->failure()));

    parts->writer = std::make_unique<sqlite::Writer>(std::move(*database), options);
    if (file) {
        Result<std::unique_ptr<sqlite::Readers>> readers = open_readers(path, options);
        if (!readers) return fail(std::move(readers.error()));
        parts->readers = std::move(*readers);
    }
    return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(parts)));
}

Result<std::unique_ptr<SqliteStore>> SqliteStore::open_read_only(SqliteOptions options) {
    const Result<std::string> path = sqlite::real_path(options);
    if (!path) return fail(path.error());
    auto readers = open_readers(*path, options, sqlite::QuietFile::at(*path));
    if (!readers) return fail(std::move(readers.error()));
    auto parts = std::make_unique<sqlite::StoreParts>();
    parts->readers = std::move(*readers);
    return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(parts)));
}

Task<Result<Begun>> SqliteStore::begin(BeginCharge begin) {
    Result<Begun> begun = co_await parts_->write<Begun>([&begin](sqlite::Session& session) {
        session.housekeeping.saw(begin.now, begin.answer_ttl);
        return session.writes.begin(begin);
    });
    if (!begun) co_return begun;
    if (begun->kind == Begun::Kind::fresh) begun->row = std::move(begin.row);
    co_return begun;
}

Task<Result<void>> SqliteStore::advance(Transition transition) {
    return parts_->write<void>([transition = std::move(transition)](sqlite::Session& session) {
        session.housekeeping.saw(transition.now);
        return session.writes.advance(transition);
    });
}

Task<Result<std::vector<ChargeRow>>> SqliteStore::claim(WallTime now, WallTime lease_until, std::size_t limit) {
    return parts_->write<std::vector<ChargeRow>>([now, lease_until, limit](sqlite::Session& session) {
        session.housekeeping.saw(now);
        return session.writes.claim(now, lease_until, limit);
    });
}

Task<Result<Taken>> SqliteStore::take(std::string id, WallTime now, WallTime lease_until, Reach reach) {
    return parts_->write<Taken>([id = std::move(id), now, lease_until, reach](sqlite::Session& session) {
        session.housekeeping.saw(now);
        return session.writes.take(id, now, lease_until, reach);
    });
}

Task<Result<Taken>> SqliteStore::take_for(std::string id, std::string operation, WallTime now, WallTime lease_until) {
    return parts_->write<Taken>(
        [id = std::move(id), operation = std::move(operation), now, lease_until](sqlite::Session& session) {
            session.housekeeping.saw(now);
            return session.writes.take_for(id, operation, now, lease_until);
        });
}

Task<Result<std::optional<ChargeRow>>> SqliteStore::find(std::string id) {
    return parts_->read<std::optional<ChargeRow>>(
        [id = std::move(id)](sqlite::Session& session) { return session.reads.find(id); });
}

Task<Result<ChargePage>> SqliteStore::page(ChargeQuery query) {
    return parts_->read<ChargePage>([query = std::move(query)](sqlite::Session& session) { return session.reads.page(query); });
}

Task<Result<ChargePage>> SqliteStore::survey(SurveyQuery query) {
    return parts_->read<ChargePage>(
        [query = std::move(query)](sqlite::Session& session) { return session.reads.survey(query); });
}

Task<Result<std::vector<ChargeRow>>> SqliteStore::expiring(WallTime until, std::size_t limit) {
    return parts_->read<std::vector<ChargeRow>>(
        [until, limit](sqlite::Session& session) { return session.reads.expiring(until, limit); });
}

Task<Result<std::optional<std::string>>> SqliteStore::charge_of(std::string gateway_id) {
    return parts_->read<std::optional<std::string>>(
        [id = std::move(gateway_id)](sqlite::Session& session) { return session.reads.charge_of(id); });
}

Task<Result<std::vector<CurrencyAtRisk>>> SqliteStore::money_at_risk() {
    return parts_->read<std::vector<CurrencyAtRisk>>([](sqlite::Session& session) { return session.reads.money_at_risk(); });
}

Task<Result<std::vector<LedgerEntry>>> SqliteStore::ledger(std::string charge_id) {
    return parts_->read<std::vector<LedgerEntry>>(
        [id = std::move(charge_id)](sqlite::Session& session) { return session.reads.ledger(id); });
}

Task<Result<Census>> SqliteStore::census(WallTime now) {
    return parts_->read<Census>([now](sqlite::Session& session) { return session.census_reads.census(now); });
}

void SqliteStore::keep(AuditRecord record) {
    if (parts_->writer) parts_->writer->append(std::move(record));
}

Task<Result<void>> SqliteStore::check() {
    if (!parts_->writer) co_return Result<void>();
    std::optional<PaymentError> trouble = parts_->writer->trouble();
    if (!trouble) co_return Result<void>();
    if (!parts_->writer->worth_a_probe()) co_return fail(std::move(*trouble));
    co_return co_await parts_->write<void>([](sqlite::Session& session) {
        session.database.run(
            "INSERT INTO meta (key, value) VALUES ('probe', 1)"
            " ON CONFLICT (key) DO UPDATE SET value = value + 1");
        return Result<void>();
    });
}

SqliteStore::Written SqliteStore::written() const noexcept {
    if (!parts_->writer) return {};
    return {.transitions = parts_->writer->transitions(), .commits = parts_->writer->commits()};
}

}  // namespace tollgate
