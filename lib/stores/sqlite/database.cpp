#include "stores/sqlite/database.hpp"

namespace tollgate::sqlite {
namespace {

/// SQLite is told so in a URI only.
std::string unshared_uri(const std::string& path) {
    static constexpr std::string_view hex = "0123456789ABCDEF";
    std::string uri = "file:";
    for (const char c : path) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '%' || c == '?' || c == '#') {
            uri.append({'%', hex[byte >> 4], hex[byte & 15]});
        } else {
            uri.push_back(c);
        }
    }
    return uri + "?immutable=1";
}

}  // namespace

Severity severity(const Failure& failure) noexcept {
    switch (failure.code) {
        case SQLITE_IOERR_FSYNC:
        case SQLITE_IOERR_DIR_FSYNC:
            return Severity::unsynced;
        default:
            break;
    }
    switch (failure.code & 0xff) {
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return Severity::corrupt;
        case SQLITE_ERROR:
        case SQLITE_CONSTRAINT:
        case SQLITE_MISMATCH:
        case SQLITE_MISUSE:
        case SQLITE_RANGE:
        case SQLITE_TOOBIG:
            return Severity::statement;
        default:
            return Severity::passing;
    }
}

std::expected<Database, Failure> Database::open(const std::string& path, Access access, const std::string& vfs) {
    // Counting every allocation of SQLite under a lock serves nobody here. Refused once SQLite runs; then it stays on.
    static const int uncounted = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    (void)uncounted;
    int how = SQLITE_OPEN_READONLY;
    if (access == Access::read_write) how = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    if (access == Access::unshared) how |= SQLITE_OPEN_URI;
    const std::string name = access == Access::unshared ? unshared_uri(path) : path;
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(name.c_str(), &handle, how | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                                     vfs.empty() ? nullptr : vfs.c_str());
    if (handle == nullptr) return std::unexpected(Failure{.code = SQLITE_NOMEM, .text = "out of memory"});
    Database database(handle);
    if (code != SQLITE_OK) {
        database.note_failure(code);
        return std::unexpected(database.failure());
    }
    return database;
}

void Database::note_failure(int code) {
    if (failed() || code == SQLITE_OK) return;
    failure_->code = code;
    failure_->system_error = sqlite3_system_errno(handle_.get());
    failure_->text = sqlite3_errmsg(handle_.get());
}

bool Database::run(const char* sql) {
    if (failed()) return false;
    note_failure(sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr));
    return !failed();
}

std::int64_t Database::number(const char* sql) {
    Statement statement(*this, sql);
    Rows rows = statement.rows();
    return rows.next() ? rows.number(0) : 0;
}

std::string Database::text(const char* sql) {
    Statement statement(*this, sql);
    Rows rows = statement.rows();
    return rows.next() ? std::string(rows.text(0)) : std::string();
}

bool Rows::next() {
    if (database_.failed()) return false;
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) database_.note_failure(code);
    return false;
}

std::string_view Rows::text(int column) const {
    // The pointer first: asking for it may convert the value, and so change its length.
    const unsigned char* bytes = sqlite3_column_text(statement_, column);
    if (bytes == nullptr) return {};
    return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::string_view Rows::blob(int column) const {
    const void* bytes = sqlite3_column_blob(statement_, column);
    if (bytes == nullptr) return {};
    return {static_cast<const char*>(bytes), static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

bool Statement::prepare() {
    if (statement_) return true;
    if (database_.failed()) return false;
    sqlite3_stmt* statement = nullptr;
    database_.note_failure(sqlite3_prepare_v3(database_.handle(), sql_.c_str(), static_cast<int>(sql_.size()) + 1,
                                              SQLITE_PREPARE_PERSISTENT, &statement, nullptr));
    statement_.reset(statement);
    return statement_ != nullptr;
}

void Statement::bind(int index, std::string_view value) {
    // An empty view may have no address, which SQLite would take for NULL.
    const char* bytes = value.data() == nullptr ? "" : value.data();
    sqlite3_bind_text64(statement_.get(), index, bytes, value.size(), SQLITE_STATIC, SQLITE_UTF8);
}

void Statement::bind(int index, Blob value) {
    const char* bytes = value.bytes.data() == nullptr ? "" : value.bytes.data();
    sqlite3_bind_blob64(statement_.get(), index, bytes, value.bytes.size(), SQLITE_STATIC);
}

}  // namespace tollgate::sqlite
