#include "stores/sqlite/open_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "stores/sqlite/schema.hpp"

namespace tollgate::sqlite {
namespace {

constexpr std::int64_t checked_bytes = std::int64_t{64} << 20;

std::unexpected<PaymentError> unusable(const std::string& path, const std::string& why) {
    return fail(Code::store_unavailable, "cannot open the store file " + path + ": " + why);
}

/// SQLite would create it readable for everybody, and would not say why it cannot. An existing file is not opened here:
/// closing it again would drop the locks another connection of this process holds on it.
Result<void> create_file(const std::string& path) {
    const int created = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (created >= 0) {
        ::close(created);
        return {};
    }
    if (errno == EEXIST && ::access(path.c_str(), R_OK | W_OK) == 0) return {};
    return unusable(path,
                    std::string(std::strerror(errno)) + "; make the file and its folder readable and writable for this user");
}

Result<void> check_pages(Database& database, const std::string& path) {
    if (database.number("PRAGMA page_count") * database.number("PRAGMA page_size") > checked_bytes) return {};
    std::string verdict = database.text("PRAGMA quick_check(1)");
    if (database.failed()) return fail(opening_failed(path, database.failure()));
    std::ranges::replace(verdict, '\n', ' ');
    if (verdict != "ok") return fail(opening_failed(path, {.code = SQLITE_CORRUPT, .system_error = 0, .text = verdict}));
    return {};
}

Result<Database> connect(const std::string& path, Database::Access access, const SqliteOptions& options) {
    std::expected<Database, Failure> opened = Database::open(path, access, options.vfs);
    if (!opened) return fail(opening_failed(path, opened.error()));
    sqlite3_busy_timeout(opened->handle(), static_cast<int>(options.busy_timeout.count()));
    // A damaged cell is noticed when its page is read; the schema of the file is not trusted to call functions.
    opened->run("PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY");
    return std::move(*opened);
}

}  // namespace

bool in_memory(const SqliteOptions& options) noexcept {
    return options.path == ":memory:";
}

Result<std::string> real_path(const SqliteOptions& options) {
    if (options.path.empty()) return unusable("\"\"", "it has no name; give store.url a path, as in sqlite:tollgate.db");
    std::error_code error;
    const std::filesystem::path path = std::filesystem::weakly_canonical(std::filesystem::absolute(options.path, error), error);
    if (error) return unusable(options.path, error.message());
    if (!std::filesystem::is_directory(path.parent_path(), error)) {
        return unusable(options.path,
                        "the folder " + path.parent_path().string() + " does not exist or cannot be entered; create it first");
    }
    if (std::filesystem::is_directory(path, error)) return unusable(options.path, "it is a folder; name a file in it");
    return path.string();
}

Result<Database> open_for_writing(const std::string& path, const SqliteOptions& options) {
    const bool file = !in_memory(options);
    if (file) {
        if (Result<void> created = create_file(path); !created) return fail(std::move(created.error()));
    }
    Result<Database> database = connect(path, Database::Access::read_write, options);
    if (!database) return database;
    if (file) {
        const std::string mode = database->text("PRAGMA journal_mode = WAL");
        if (!database->failed() && mode != "wal")
            return unusable(path, "its folder does not allow a write-ahead log; use a local disk");
    }
    database->run(
        "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 67108864;"
        "PRAGMA cache_size = -8192; PRAGMA secure_delete = OFF; PRAGMA foreign_keys = OFF");
    if (database->failed()) return fail(opening_failed(path, database->failure()));
    if (file) {
        if (Result<void> sound = check_pages(*database, path); !sound) return fail(std::move(sound.error()));
    }
    if (Result<void> current = migrate(*database, path, migrations()); !current) return fail(std::move(current.error()));
    return database;
}

Result<Database> open_for_reading(const std::string& path, const SqliteOptions& options, Database::Access access) {
    if (::access(path.c_str(), R_OK) != 0) {
        return unusable(path,
                        std::string(std::strerror(errno)) + "; check store.url, or start `tollgate serve` once to create it");
    }
    Result<Database> database = connect(path, access, options);
    if (!database) return database;
    if (Result<void> current = check_version(*database, path); !current) return fail(std::move(current.error()));
    return database;
}

std::optional<QuietFile> QuietFile::at(const std::string& path) {
    QuietFile quiet;
    struct stat file{};
    if (::stat(path.c_str(), &file) != 0) return std::nullopt;
    quiet.path_ = path;
    quiet.inode_ = file.st_ino;
    quiet.size_ = file.st_size;
    quiet.seconds_ = file.st_mtim.tv_sec;
    quiet.nanoseconds_ = file.st_mtim.tv_nsec;
    // In this order: a log that was folded in meanwhile has changed the file.
    std::error_code ignored;
    if (std::filesystem::exists(path + "-wal", ignored)) return std::nullopt;
    return quiet;
}

}  // namespace tollgate::sqlite
