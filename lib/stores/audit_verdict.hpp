#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tollgate {

/// What a look at the whole audit log found.
struct AuditVerdict {
    std::int64_t records = 0;             // sound ones; in a store of one chain those before the first bad one
    std::optional<std::int64_t> bad_seq;  // the number of the first bad record; none: all is whole
    std::string why;
    std::string chain;  // the one with the bad record, where a store has several
};

}  // namespace tollgate
