#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "stores/audit_hasher.hpp"

namespace tollgate {

/// What a look through the audit log found.
struct AuditVerdict {
    std::int64_t records = 0;             // sound ones; in a store of one chain those before the first bad one
    std::int64_t chains = 1;              // that were looked at
    std::optional<std::int64_t> bad_seq;  // the number of the first bad record; none: all is whole
    std::string why;
    std::string chain;                  // the one with the bad record, where a store has several
    std::optional<AuditRecord> record;  // the bad one, where it can be read
};

/// Told now and then how many records were looked at.
using AuditProgress = std::function<void(std::int64_t)>;

/// A record as it is kept; borrowed for the call.
struct AuditEntry {
    std::string_view chain;  // empty where a store has one
    std::int64_t seq;
    const AuditRecord& record;
    const AuditHash& hash;
};

/// Takes one record after the other; an error ends it, and is what the one who asked is told.
using AuditVisitor = std::function<Result<void>(const AuditEntry&)>;

}  // namespace tollgate
