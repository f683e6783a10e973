#pragma once

#include <span>
#include <string_view>

#include "stores/audit_hasher.hpp"
#include "stores/sqlite/database.hpp"

namespace tollgate::sqlite {

/// Appends to the chain on the writing connection. The head is kept in `meta` too, and where there is a key the head's seal, so
/// that records cut off the end are missed as well.
class AuditChain {
public:
    AuditChain(Database& database, std::string_view key);

    /// Reads where the chain ends; at the start, and after a rollback.
    void resume();
    void append(std::span<const AuditRecord> records);

private:
    AuditHasher hasher_;
    std::int64_t seq_ = 0;
    AuditHash head_{};
    Statement last_;
    Statement insert_;
    Statement keep_head_;
    Statement keep_seal_;
};

}  // namespace tollgate::sqlite
