#include "stores/audit_hasher.hpp"

#include <openssl/crypto.h>
#include <openssl/params.h>

#include <algorithm>
#include <cstdlib>

namespace tollgate {
namespace {

void put_number(std::string& out, std::uint64_t number) {
    for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>((number >> shift) & 0xff));
}

void put_text(std::string& out, std::string_view text) {
    put_number(out, text.size());
    out.append(text);
}

bool take_number(std::string_view& in, std::uint64_t& number) {
    if (in.size() < 8) return false;
    number = 0;
    for (const char byte : in.substr(0, 8)) number = (number << 8) | static_cast<unsigned char>(byte);
    in.remove_prefix(8);
    return true;
}

bool take_text(std::string_view& in, std::string& text) {
    std::uint64_t size = 0;
    if (!take_number(in, size) || size > in.size()) return false;
    text = in.substr(0, size);
    in.remove_prefix(size);
    return true;
}

}  // namespace

std::optional<AuditHash> audit_hash_from(std::string_view bytes) {
    AuditHash hash{};
    if (bytes.size() != hash.size()) return std::nullopt;
    std::ranges::copy(bytes, reinterpret_cast<char*>(hash.data()));
    return hash;
}

void encode(std::string& out, const AuditRecord& record) {
    put_number(out, static_cast<std::uint64_t>(record.at.time_since_epoch().count()));
    for (const std::string* text :
         {&record.who, &record.what, &record.outcome, &record.origin, &record.charge_id, &record.request_id}) {
        put_text(out, *text);
    }
}

std::optional<AuditRecord> decode_audit_record(std::string_view bytes) {
    AuditRecord record;
    std::uint64_t at = 0;
    if (!take_number(bytes, at)) return std::nullopt;
    record.at = WallTime(Milliseconds(static_cast<std::int64_t>(at)));
    for (std::string* text :
         {&record.who, &record.what, &record.outcome, &record.origin, &record.charge_id, &record.request_id}) {
        if (!take_text(bytes, *text)) return std::nullopt;
    }
    if (!bytes.empty()) return std::nullopt;
    return record;
}

AuditKeys::~AuditKeys() {
    for (std::string& key : keys_) OPENSSL_cleanse(key.data(), key.size());
}

AuditHasher::AuditHasher(std::string_view key) : sha256_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context_(EVP_MD_CTX_new()) {
    if (!sha256_ || !context_) std::abort();  // an OpenSSL without SHA-256, or no memory at start
    if (key.empty()) return;
    EVP_MAC* const hmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    mac_.reset(EVP_MAC_CTX_new(hmac));
    EVP_MAC_free(hmac);  // the context has a share in it
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string("digest", digest, 0), OSSL_PARAM_construct_end()};
    const auto* bytes = reinterpret_cast<const unsigned char*>(key.data());
    if (EVP_MAC_init(mac_.get(), bytes, key.size(), parameters) != 1) std::abort();
}

AuditHash AuditHasher::next(const AuditHash& previous, std::int64_t seq, const AuditRecord& record) {
    encoded_.assign(bytes_of(previous));
    put_number(encoded_, static_cast<std::uint64_t>(seq));
    encode(encoded_, record);
    return hash();
}

AuditHash AuditHasher::seal(const AuditHash& last, std::int64_t seq) {
    encoded_.assign(bytes_of(last));
    put_number(encoded_, static_cast<std::uint64_t>(seq));
    return hash();
}

AuditHash AuditHasher::hash() {
    const auto* bytes = reinterpret_cast<const unsigned char*>(encoded_.data());
    AuditHash hash{};
    std::size_t size = 0;
    const bool good = keyed() ? EVP_MAC_init(mac_.get(), nullptr, 0, nullptr) == 1 &&  // the same key again
                                    EVP_MAC_update(mac_.get(), bytes, encoded_.size()) == 1 &&
                                    EVP_MAC_final(mac_.get(), hash.data(), &size, hash.size()) == 1
                              : EVP_DigestInit_ex2(context_.get(), sha256_.get(), nullptr) == 1 &&
                                    EVP_DigestUpdate(context_.get(), bytes, encoded_.size()) == 1 &&
                                    EVP_DigestFinal_ex(context_.get(), hash.data(), nullptr) == 1;
    if (!good) std::abort();
    return hash;
}

AuditChecker::AuditChecker(const AuditKeys& keys) {
    for (const std::string& key : keys.all()) hashers_.emplace_back(key);
    if (hashers_.empty()) hashers_.emplace_back("");
}

std::optional<std::string> AuditChecker::next(const AuditRecord& record, std::string_view hash) {
    for (std::size_t i = 0; i < hashers_.size(); ++i) {
        const std::size_t at = (last_used_ + i) % hashers_.size();
        const AuditHash expected = hashers_[at].next(head_, seq_ + 1, record);
        if (hash != bytes_of(expected)) continue;
        if (keyed_ && !hashers_[at].keyed()) return "the record has no key, though those before it have one";
        keyed_ = hashers_[at].keyed();
        last_used_ = at;
        head_ = expected;
        ++seq_;
        return std::nullopt;
    }
    if (hashers_.size() == 1 && !hashers_.front().keyed()) return "the record does not match its hash (audit.keys is empty)";
    return "the record does not match its hash under any of audit.keys";
}

bool AuditChecker::ends(std::int64_t seq, std::string_view hash, std::string_view seal) {
    if (seq != seq_ || (seq != 0 && hash != bytes_of(head_))) return false;
    return !keyed_ || std::ranges::any_of(hashers_, [&](AuditHasher& hasher) {
        return hasher.keyed() && seal == bytes_of(hasher.seal(head_, seq_));
    });
}

void AuditChecker::restart() noexcept {
    keyed_ = false;
    head_ = {};
    seq_ = 0;
}

}  // namespace tollgate
