#pragma once

#include <openssl/evp.h>

#include <array>
#include <memory>
#include <span>

#include "stores/ports.hpp"
#include "stores/sqlite/database.hpp"
#include "stores/sqlite/sqlite_store.hpp"

namespace tollgate::sqlite {

using AuditHash = std::array<unsigned char, 32>;

/// The chain: hash N = SHA-256(hash N-1 ‖ record N), beginning with zeros. A record is written as its number, its time and
/// then every text behind its own length, each number in eight bytes, most significant first; so no line break, no
/// separator and no shifting of bytes from one field to the next can forge another record with the same encoding.
class AuditHasher {
public:
    AuditHasher();
    [[nodiscard]] AuditHash next(const AuditHash& previous, std::int64_t seq, const AuditRecord& record);

private:
    struct Free {
        void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
    };
    struct FreeDigest {
        void operator()(EVP_MD* digest) const noexcept { EVP_MD_free(digest); }
    };
    std::unique_ptr<EVP_MD, FreeDigest> sha256_;
    std::unique_ptr<EVP_MD_CTX, Free> context_;
    std::string encoded_;
};

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
