#pragma once

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

}  // namespace tollgate::sqlite
