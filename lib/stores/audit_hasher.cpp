#include "stores/audit_hasher.hpp"

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

AuditHasher::AuditHasher() : sha256_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context_(EVP_MD_CTX_new()) {
    if (!sha256_ || !context_) std::abort();  // an OpenSSL without SHA-256, or no memory at start
}

AuditHash AuditHasher::next(const AuditHash& previous, std::int64_t seq, const AuditRecord& record) {
    encoded_.assign(bytes_of(previous));
    put_number(encoded_, static_cast<std::uint64_t>(seq));
    encode(encoded_, record);
    AuditHash hash{};
    if (EVP_DigestInit_ex2(context_.get(), sha256_.get(), nullptr) != 1 ||
        EVP_DigestUpdate(context_.get(), encoded_.data(), encoded_.size()) != 1 ||
        EVP_DigestFinal_ex(context_.get(), hash.data(), nullptr) != 1) {
        std::abort();
    }
    return hash;
}

}  // namespace tollgate
