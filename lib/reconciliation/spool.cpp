#include "reconciliation/spool.hpp"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>

#include "stores/sqlite/database.hpp"

namespace tollgate::reconciliation {
namespace {

using sqlite::Database;
using sqlite::Failure;
using sqlite::Rows;
using sqlite::Statement;

/// Nothing here outlives the process, so nothing is synced and nothing rolled back. The cache is also what a sort may hold
/// before it writes a run of rows out.
constexpr const char* settings = R"sql(
PRAGMA page_size = 16384;
PRAGMA cache_size = -16000;
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA temp_store = FILE;
)sql";

constexpr const char* tables = R"sql(
BEGIN;
CREATE TABLE day (reference TEXT, packed BLOB);
CREATE TABLE open (reference TEXT, packed BLOB);
CREATE TABLE found (
    number INTEGER PRIMARY KEY, kind, reference, charge_id, type, action,
    our_id, our_amount, our_currency, our_status, our_at,
    their_id, their_amount, their_currency, their_status, their_at
);
)sql";

/// Where SQLite puts them (its os_unix.c, documented at sqlite.org/tempfiles.html): the first of these that can be written.
std::string temporary_folder() {
    const char* const first = std::getenv("SQLITE_TMPDIR");  // NOLINT(concurrency-mt-unsafe): nobody sets any
    const char* const second = std::getenv("TMPDIR");        // NOLINT(concurrency-mt-unsafe)
    for (const char* folder : {first, second, "/var/tmp", "/usr/tmp", "/tmp", "."}) {
        std::error_code unseen;
        if (folder != nullptr && std::filesystem::is_directory(folder, unseen) && ::access(folder, W_OK | X_OK) == 0)
            return folder;
    }
    return {};
}

PaymentError explained(const Failure& failure) {
    const std::string folder = temporary_folder();
    if (folder.empty()) {
        return {Code::store_unavailable,
                "no folder for temporary files can be written to: name one in SQLITE_TMPDIR, with room for about 250 bytes "
                "a record"};
    }
    std::string why = failure.text;
    if (failure.system_error != 0) why += std::string(" (") + std::strerror(failure.system_error) + ")";  // NOLINT
    return {Code::store_unavailable,
            "the temporary files of the comparison in " + folder + " failed: " + why +
                "; make room there, about 250 bytes for each record of either side, or name another folder in "
                "SQLITE_TMPDIR"};
}

void put(std::string& bytes, std::uint64_t number) {
    for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(number >> shift));
}

std::uint64_t number_at(std::string_view bytes, std::size_t from) {
    std::uint64_t number = 0;
    for (const char c : bytes.substr(from, 8)) number = number << 8 | static_cast<unsigned char>(c);
    return number;
}

/// All but the reference, so that a comparison of bytes is that of `order`: SQLite sorts two columns in half the time of ten.
/// Numbers are big-endian, times moved up by half their range; what only tells lengths stands at the end.
void pack(const Movement& movement, std::string& bytes) {
    const Entry& entry = movement.entry;
    bytes.clear();
    bytes.push_back(static_cast<char>(movement.side));
    bytes.push_back(static_cast<char>(movement.type));
    bytes.append(entry.id).push_back('\0');
    bytes.push_back(moved(entry) ? 0 : 1);
    put(bytes, static_cast<std::uint64_t>(entry.at.time_since_epoch().count()) ^ std::uint64_t{1} << 63);
    put(bytes, static_cast<std::uint64_t>(entry.amount) ^ std::uint64_t{1} << 63);
    bytes.append(entry.currency).push_back('\0');
    bytes.append(entry.status).push_back('\0');
    bytes.push_back(movement.unnamed ? 1 : 0);
    put(bytes, entry.id.size() << 32 | entry.currency.size());
}

void unpack(std::string_view bytes, Movement& movement) {
    const std::uint64_t lengths = number_at(bytes, bytes.size() - 8);
    const std::size_t id = lengths >> 32;
    const std::size_t currency = lengths & 0xffffffff;
    movement.side = static_cast<Side>(bytes[0]);
    movement.type = static_cast<Type>(bytes[1]);
    movement.entry.id = bytes.substr(2, id);
    bytes.remove_prefix(2 + id + 2);
    movement.entry.at = WallTime(Milliseconds(static_cast<std::int64_t>(number_at(bytes, 0) ^ std::uint64_t{1} << 63)));
    movement.entry.amount = static_cast<std::int64_t>(number_at(bytes, 8) ^ std::uint64_t{1} << 63);
    movement.entry.currency = bytes.substr(16, currency);
    bytes.remove_prefix(16 + currency + 1);
    movement.entry.status = bytes.substr(0, bytes.size() - 10);
    movement.unnamed = bytes[bytes.size() - 9] != 0;
}

/// A statement that runs from the first look at it on.
struct Reading {
    Reading(Database& database, const char* table)
        : statement(database, std::string("SELECT reference, packed FROM ") + table + " ORDER BY 1, 2"),
          rows(statement.rows()) {}
    Statement statement;
    Rows rows;
};

struct SheetParts {
    SheetParts(Database& database, const char* table_name)
        : table(table_name), insert(database, std::string("INSERT INTO ") + table_name + " VALUES (?1, ?2)") {}
    const char* table;
    Statement insert;
    std::optional<Reading> reading;
    bool ended = false;  // a statement that is asked beyond its end begins again
};

std::optional<Entry> entry_at(const Rows& row, int column) {
    if (row.null(column)) return std::nullopt;
    return Entry{.id = std::string(row.text(column)),
                 .amount = row.number(column + 1),
                 .currency = std::string(row.text(column + 2)),
                 .status = std::string(row.text(column + 3)),
                 .at = row.time(column + 4)};
}

template <class Member>
auto member_of(const std::optional<Entry>& entry, Member member) {
    using Value = std::remove_cvref_t<decltype(std::declval<const Entry&>().*member)>;
    return entry ? std::optional<Value>((*entry).*member) : std::nullopt;
}

}  // namespace

struct Spool::Parts {
    explicit Parts(Database opened) : database(std::move(opened)) {}

    Database database;
    std::array<SheetParts, 2> sheets{SheetParts(database, "day"), SheetParts(database, "open")};
    Statement is_open{database, "SELECT 1 FROM open WHERE reference = ?1"};
    Statement keep{database,
                   "INSERT INTO found VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"};
    Statement kept{database, "SELECT * FROM found WHERE number >= ?1 ORDER BY number LIMIT ?2"};
    Statement note_action{database, "UPDATE found SET action = ?2 WHERE number = ?1"};
    std::uint64_t found = 0;
    bool indexed = false;
};

Spool::Spool(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Spool::~Spool() = default;

Result<std::unique_ptr<Spool>> Spool::open() {
    auto database = Database::open("", Database::Access::read_write, "");
    if (!database) return fail(explained(database.error()));
    auto parts = std::make_unique<Parts>(std::move(*database));
    parts->database.run(settings);
    parts->database.run(tables);
    auto spool = std::unique_ptr<Spool>(new Spool(std::move(parts)));
    if (const auto opened = spool->judged(); !opened) return fail(opened.error());
    return spool;
}

Result<void> Spool::judged() const {
    if (parts_->database.failed()) return fail(explained(parts_->database.failure()));
    return {};
}

Result<void> Spool::add(Sheet sheet, std::span<const Movement> movements) {
    Statement& insert = parts_->sheets[static_cast<std::size_t>(sheet)].insert;
    std::string packed;
    for (const Movement& one : movements) {
        pack(one, packed);
        insert.run(one.reference, sqlite::Blob{packed});
    }
    return judged();
}

Result<void> Spool::add_to_open(std::span<const Movement> movements) {
    if (!std::exchange(parts_->indexed, true)) parts_->database.run("CREATE INDEX open_references ON open (reference)");
    for (const Movement& one : movements) {
        const bool wanted = parts_->is_open.rows(one.reference).next();
        if (!wanted) continue;
        if (auto added = add(Sheet::open, {&one, 1}); !added) return added;
    }
    return judged();
}

Result<bool> Spool::next(Sheet sheet, Movement& movement) {
    SheetParts& parts = parts_->sheets[static_cast<std::size_t>(sheet)];
    if (parts.ended) return false;
    if (!parts.reading) parts.reading.emplace(parts_->database, parts.table);
    if (parts.reading->rows.next()) {
        movement.reference = parts.reading->rows.text(0);
        unpack(parts.reading->rows.blob(1), movement);
        return true;
    }
    parts.ended = true;
    if (auto done = judged(); !done) return fail(done.error());
    return false;
}

Result<std::vector<Movement>> Spool::next(Sheet sheet, std::size_t most) {
    std::vector<Movement> movements;
    while (movements.size() < most) {
        Movement movement;
        const auto more = next(sheet, movement);
        if (!more) return fail(more.error());
        if (!*more) break;
        movements.push_back(std::move(movement));
    }
    return movements;
}

Result<void> Spool::keep(std::span<const Discrepancy> found) {
    for (const Discrepancy& one : found) {
        const auto& [kind, reference, charge_id, type, ours, theirs, action] = one;
        parts_->keep.run(parts_->found++, static_cast<int>(kind), reference, charge_id, type, static_cast<int>(action),
                         member_of(ours, &Entry::id), member_of(ours, &Entry::amount), member_of(ours, &Entry::currency),
                         member_of(ours, &Entry::status), member_of(ours, &Entry::at), member_of(theirs, &Entry::id),
                         member_of(theirs, &Entry::amount), member_of(theirs, &Entry::currency),
                         member_of(theirs, &Entry::status), member_of(theirs, &Entry::at));
    }
    return judged();
}

Result<std::vector<Discrepancy>> Spool::kept(std::uint64_t from, std::size_t most) {
    std::vector<Discrepancy> found;
    Rows rows = parts_->kept.rows(from, static_cast<std::uint64_t>(most));
    while (rows.next()) {
        found.push_back({.kind = static_cast<Kind>(rows.number(1)),
                         .reference = std::string(rows.text(2)),
                         .charge_id = std::string(rows.text(3)),
                         .type = std::string(rows.text(4)),
                         .internal = entry_at(rows, 6),
                         .gateway = entry_at(rows, 11),
                         .action = static_cast<Action>(rows.number(5))});
    }
    if (auto read = judged(); !read) return fail(read.error());
    return found;
}

Result<void> Spool::note_actions(std::uint64_t from, std::span<const Discrepancy> found) {
    for (const Discrepancy& one : found) {
        if (one.action != Action::none) parts_->note_action.run(from, static_cast<int>(one.action));
        ++from;
    }
    return judged();
}

void Spool::interrupt() noexcept {
    sqlite3_interrupt(parts_->database.handle());
}

}  // namespace tollgate::reconciliation
