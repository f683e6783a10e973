#pragma once

#include <span>

#include "core/error.hpp"
#include "stores/sqlite/database.hpp"

/// The tables of a store file, and how an older file becomes a newer one.
namespace tollgate::sqlite {

/// The steps from version N to N + 1, in order from version 0 (an empty file). Steps that were released never change.
[[nodiscard]] std::span<const char* const> migrations() noexcept;

/// Brings the file up to date: each step in a transaction of its own with its version (PRAGMA user_version), so a step
/// that fails leaves the version before it. Fails for a newer file, or one of another program.
[[nodiscard]] Result<void> migrate(Database& database, const std::string& path, std::span<const char* const> steps);

/// For those who only read: fails unless the file is of exactly this version.
[[nodiscard]] Result<void> check_version(Database& database, const std::string& path);

/// The sentence for a failure met while the file is being opened, with the way out.
[[nodiscard]] PaymentError opening_failed(const std::string& path, const Failure& failure);

}  // namespace tollgate::sqlite
