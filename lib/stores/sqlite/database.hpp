#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/time.hpp"

/// SQLite's C interface with owners and one error at a time. A connection and its statements belong to one thread.
namespace tollgate::sqlite {

/// Why SQLite did not do it: its extended result code and the system's errno.
struct Failure {
    int code = SQLITE_OK;
    int system_error = 0;
    std::string text;

    explicit operator bool() const noexcept { return code != SQLITE_OK; }
};

/// What a failure means for those who wait.
enum class Severity : std::uint8_t {
    passing,    // the disk is full, somebody holds the file, …: roll back and refuse
    statement,  // this one operation is at fault; others may go on
    corrupt,    // the file can no longer be trusted
    unsynced,   // fsync failed: nobody knows what is on the disk
};

[[nodiscard]] Severity severity(const Failure& failure) noexcept;

/// One connection. The first failure sticks, and every later statement is refused until `clear_failure`, so that a
/// transition is written as a straight line and judged once, before its commit.
class Database {
public:
    enum class Access : std::uint8_t {
        read_write,
        read_only,
        unshared,  // reads a file that nobody has open, and leaves nothing beside it: no lock, no write-ahead log
    };

    /// `vfs` empty: the system's own.
    static std::expected<Database, Failure> open(const std::string& path, Access access, const std::string& vfs);

    bool run(const char* sql);
    [[nodiscard]] std::int64_t number(const char* sql);  // the first column of the first row; 0 without one
    [[nodiscard]] std::string text(const char* sql);     // the same as text

    [[nodiscard]] const Failure& failure() const noexcept { return *failure_; }
    [[nodiscard]] bool failed() const noexcept { return static_cast<bool>(*failure_); }
    void clear_failure() noexcept { *failure_ = {}; }
    void note_failure(int code);

    [[nodiscard]] bool in_transaction() const noexcept { return sqlite3_get_autocommit(handle_.get()) == 0; }
    [[nodiscard]] std::int64_t changes() const noexcept { return sqlite3_changes64(handle_.get()); }
    [[nodiscard]] std::int64_t changes_ever() const noexcept { return sqlite3_total_changes64(handle_.get()); }
    [[nodiscard]] sqlite3* handle() const noexcept { return handle_.get(); }

private:
    struct Close {
        void operator()(sqlite3* handle) const noexcept { sqlite3_close_v2(handle); }
    };
    explicit Database(sqlite3* handle) : handle_(handle), failure_(std::make_unique<Failure>()) {}

    std::unique_ptr<sqlite3, Close> handle_;
    std::unique_ptr<Failure> failure_;  // at a fixed address: statements read it
};

/// Bytes as they are.
struct Blob {
    std::string_view bytes;
};

/// The rows of a running statement; resets it at the end. What it was bound to must outlive it.
class Rows {
public:
    Rows(sqlite3_stmt* statement, Database& database) : statement_(statement), database_(database) {}
    Rows(const Rows&) = delete;
    Rows& operator=(const Rows&) = delete;
    ~Rows() { sqlite3_reset(statement_); }

    [[nodiscard]] bool next();
    [[nodiscard]] bool null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
    [[nodiscard]] std::int64_t number(int column) const { return sqlite3_column_int64(statement_, column); }
    [[nodiscard]] WallTime time(int column) const { return WallTime(Milliseconds(number(column))); }
    [[nodiscard]] std::string_view text(int column) const;  // valid until the next row
    [[nodiscard]] std::string_view blob(int column) const;  // the same

private:
    sqlite3_stmt* statement_;
    Database& database_;
};

/// A prepared statement, prepared at its first use and kept.
class Statement {
public:
    Statement(Database& database, std::string sql) : database_(database), sql_(std::move(sql)) {}

    /// Binds ?1, ?2, … without copying.
    template <class... Values>
    [[nodiscard]] Rows rows(const Values&... values) {
        if (prepare()) {
            int index = 0;
            (bind(++index, values), ...);
        }
        return Rows(statement_.get(), database_);
    }

    /// Runs to the end; how many rows were changed.
    template <class... Values>
    std::int64_t run(const Values&... values) {
        Rows all = rows(values...);
        while (all.next()) {
        }
        return database_.failed() ? 0 : database_.changes();
    }

private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
    };

    bool prepare();
    void bind(int index, std::int64_t value) { sqlite3_bind_int64(statement_.get(), index, value); }
    void bind(int index, std::uint64_t value) { bind(index, static_cast<std::int64_t>(value)); }
    void bind(int index, int value) { bind(index, std::int64_t{value}); }
    void bind(int index, bool value) { bind(index, std::int64_t{value}); }
    void bind(int index, WallTime value) { bind(index, std::int64_t{value.time_since_epoch().count()}); }
    void bind(int index, std::string_view value);
    void bind(int index, const std::string& value) { bind(index, std::string_view(value)); }
    void bind(int index, Blob value);
    template <class T>
    void bind(int index, const std::optional<T>& value) {
        if (value) {
            bind(index, *value);
        } else {
            sqlite3_bind_null(statement_.get(), index);
        }
    }

    Database& database_;
    std::string sql_;
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

}  // namespace tollgate::sqlite
