#pragma once

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "stores/ports.hpp"

namespace tollgate {

using AuditHash = std::array<unsigned char, 32>;

/// A hash of any other length is no hash, and equals none.
[[nodiscard]] std::optional<AuditHash> audit_hash_from(std::string_view bytes);
[[nodiscard]] inline std::string_view bytes_of(const AuditHash& hash) noexcept {
    return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

/// A record's time and then every text behind its own length, each number in eight bytes, most significant first; so no line
/// break, no separator and no shifting of bytes from one field to the next can forge another record with the same encoding.
void encode(std::string& out, const AuditRecord& record);
/// None when the bytes are not exactly such an encoding.
[[nodiscard]] std::optional<AuditRecord> decode_audit_record(std::string_view bytes);

/// The chain of every store: hash N = SHA-256(hash N-1 ‖ number N ‖ encoded record N), beginning with zeros. For one thread.
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

}  // namespace tollgate
