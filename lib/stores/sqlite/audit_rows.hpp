#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stores/audit_hasher.hpp"
#include "stores/sqlite/open_file.hpp"

namespace tollgate::sqlite {

/// A record as it lies there, whatever somebody made of it.
struct AuditRow {
    std::int64_t seq = 0;
    AuditRecord record;
    std::string hash;
};

/// Some records that follow one another, and where the chain ends, all of one moment.
struct AuditLook {
    std::vector<AuditRow> rows;
    bool more = false;  // there may be others behind them
    std::int64_t last_seq = 0;
    std::string last_hash;
    std::string seal;
    Failure damage;  // the records behind these cannot be read
};

/// The audit records of a store file, read some at a time: beside a writer, whose log a long look would keep from being folded
/// in, or alone, and then nothing is left beside the file.
class AuditRows {
public:
    [[nodiscard]] static Result<AuditRows> open(const SqliteOptions& options);

    /// A number below all that there are, also those that somebody made up.
    static constexpr std::int64_t first = INT64_MIN;

    /// From this number on, those from `from` until before `until`.
    [[nodiscard]] Result<AuditLook> look(std::int64_t seq, WallTime from, WallTime until);

private:
    AuditRows(std::string path, SqliteOptions options) : path_(std::move(path)), options_(std::move(options)) {}
    Result<void> connect(Database::Access access);
    [[nodiscard]] AuditLook read(std::int64_t seq, WallTime from, WallTime until);

    std::string path_;
    SqliteOptions options_;
    std::optional<QuietFile> quiet_;  // none: it is read like a shared one
    std::optional<Database> database_;
};

}  // namespace tollgate::sqlite
