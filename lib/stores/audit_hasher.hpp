#pragma once

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

/// The keys of an audit chain, wiped from memory with it. The first signs, any of them verifies. Without one, or where one is
/// empty, it is plain SHA-256: that shows damage and clumsy hands, and no forger, who can compute it as well.
class AuditKeys {
public:
    AuditKeys() = default;
    AuditKeys(std::vector<std::string> keys) : keys_(std::move(keys)) {}
    AuditKeys(const AuditKeys&) = default;
    AuditKeys& operator=(AuditKeys other) noexcept {
        keys_.swap(other.keys_);  // what was here goes with `other`
        return *this;
    }
    ~AuditKeys();

    [[nodiscard]] const std::vector<std::string>& all() const noexcept { return keys_; }
    [[nodiscard]] std::string_view signing() const noexcept { return keys_.empty() ? std::string_view() : keys_.front(); }

private:
    std::vector<std::string> keys_;
};

/// The chain of every store, beginning with zeros: hash N = HMAC-SHA256(key, hash N-1 ‖ number N ‖ encoded record N) (RFC
/// 2104), or SHA-256 of the same without a key. For one thread.
class AuditHasher {
public:
    /// The key is copied, and wiped at the end.
    explicit AuditHasher(std::string_view key);

    [[nodiscard]] bool keyed() const noexcept { return mac_ != nullptr; }
    [[nodiscard]] AuditHash next(const AuditHash& previous, std::int64_t seq, const AuditRecord& record);

    /// What only a holder of the key can say of the chain's end, so that whoever cuts records off cannot put an earlier end in
    /// its place. Shorter than any record's encoding, so neither can be taken for the other.
    [[nodiscard]] AuditHash seal(const AuditHash& last, std::int64_t seq);

private:
    [[nodiscard]] AuditHash hash();

    struct Free {
        void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
        void operator()(EVP_MD* digest) const noexcept { EVP_MD_free(digest); }
        void operator()(EVP_MAC_CTX* context) const noexcept { EVP_MAC_CTX_free(context); }
    };
    std::unique_ptr<EVP_MD, Free> sha256_;
    std::unique_ptr<EVP_MD_CTX, Free> context_;
    std::unique_ptr<EVP_MAC_CTX, Free> mac_;  // none: without a key. Kept: to make one anew is four times as dear as its hash
    std::string encoded_;
};

/// Follows a chain from its beginning: each record may be under any of the keys, so that they can be changed, but a record
/// without a key comes before all that have one. For one thread.
class AuditChecker {
public:
    explicit AuditChecker(const AuditKeys& keys);

    /// Why the record that is kept with this hash is not the next one of the chain; none: it is.
    [[nodiscard]] std::optional<std::string> next(const AuditRecord& record, std::string_view hash);

    /// Whether the chain ends here for whoever wrote it; `seal` is what was kept of it, and not needed where no key was used.
    [[nodiscard]] bool ends(std::int64_t seq, std::string_view hash, std::string_view seal);

    [[nodiscard]] std::int64_t seq() const noexcept { return seq_; }  // of the last sound record

    /// To the beginning of another chain.
    void restart() noexcept;

private:
    std::vector<AuditHasher> hashers_;
    std::size_t last_used_ = 0;
    bool keyed_ = false;  // a record of this chain had a key
    AuditHash head_{};
    std::int64_t seq_ = 0;
};

}  // namespace tollgate
