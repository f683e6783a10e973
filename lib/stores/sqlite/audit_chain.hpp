#pragma once

#include <span>

#include "stores/audit_hasher.hpp"
#include "stores/ports.hpp"
#include "stores/sqlite/database.hpp"
#include "stores/sqlite/sqlite_store.hpp"

namespace tollgate::sqlite {

/// Appends to the chain on the writing connection. The head is kept in `meta` too, so that records cut off the end are
/// missed as well.
class AuditChain {
public:
    explicit AuditChain(Database& database);

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
};

/// Reads the chain from its beginning in one snapshot; may run beside a writer.
[[nodiscard]] Result<AuditVerdict> verify_chain(Database& database);

}  // namespace tollgate::sqlite
