#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/error.hpp"
#include "stores/sqlite/database.hpp"
#include "stores/sqlite/sqlite_store.hpp"

/// Opening a store file with everything a connection needs. All block; all fail with a sentence naming file and way out.
namespace tollgate::sqlite {

[[nodiscard]] bool in_memory(const SqliteOptions& options) noexcept;

/// The one name of a file, whichever way it was reached, so that its lock is one too.
[[nodiscard]] Result<std::string> real_path(const SqliteOptions& options);

/// The writing connection: creates the file (readable by its owner only) or brings it up to date. A file of up to 64 MiB
/// is looked through for damage; in a larger one that would take too long, and damage shows when it is met.
[[nodiscard]] Result<Database> open_for_writing(const std::string& path, const SqliteOptions& options);

/// A connection that only reads: a file somebody may be writing (`read_only`), or one that nobody has open (`unshared`).
[[nodiscard]] Result<Database> open_for_reading(const std::string& path, const SqliteOptions& options,
                                                Database::Access access = Database::Access::read_only);

/// A file that nobody has open, as it is. Whoever writes one has a log beside it; to read it like a shared one would make such
/// a log, and leave it there.
class QuietFile {
public:
    /// None: somebody has it open, or had when they died.
    [[nodiscard]] static std::optional<QuietFile> at(const std::string& path);

    /// Whether it still is as it was. Asked after a look: else what was seen may be old, or of two times.
    [[nodiscard]] bool undisturbed() const { return at(path_) == *this; }

    friend bool operator==(const QuietFile&, const QuietFile&) = default;

private:
    std::string path_;
    std::uint64_t inode_ = 0;
    std::int64_t size_ = 0, seconds_ = 0, nanoseconds_ = 0;  // of its last change
};

}  // namespace tollgate::sqlite
