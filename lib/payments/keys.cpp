#include "payments/keys.hpp"

#include <openssl/evp.h>

#include <array>
#include <cstdlib>
#include <initializer_list>
#include <memory>

namespace tollgate {
namespace {

using Digest = std::array<unsigned char, 32>;

struct FreeContext {
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};

/// The algorithm is looked up once and the context kept: both cost more than the hash of a short text.
Digest sha256(std::string_view text) {
    static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    thread_local const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
    Digest digest;
    if (EVP_DigestInit_ex2(context.get(), algorithm, nullptr) != 1 ||
        EVP_DigestUpdate(context.get(), text.data(), text.size()) != 1 ||
        EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) != 1) {
        std::abort();  // an OpenSSL without SHA-256: no key can be derived
    }
    return digest;
}

/// Each part is preceded by its length, so that no two lists of parts read alike.
Digest digest_of(std::initializer_list<std::string_view> parts) {
    std::string text;
    text.reserve(256);
    for (const std::string_view part : parts) {
        text += std::to_string(part.size());
        text += ':';
        text += part;
    }
    return sha256(text);
}

std::string base32(const Digest& digest, std::size_t bytes) {
    static constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz234567";
    std::string text((bytes * 8 + 4) / 5, '\0');
    auto next = text.begin();
    unsigned bits = 0;
    int held = 0;
    for (std::size_t i = 0; i < bytes; ++i) {
        bits = (bits << 8) | digest[i];
        for (held += 8; held >= 5; held -= 5) *next++ = alphabet[(bits >> (held - 5)) & 31];
    }
    if (held > 0) *next = alphabet[(bits << (5 - held)) & 31];
    return text;
}

}  // namespace

std::string charge_id(std::string_view tenant, std::string_view idempotency_key) {
    return "ch_" + base32(digest_of({"tenant", tenant}), 2).substr(0, 2) +
           base32(digest_of({"charge", tenant, idempotency_key}), 20);
}

std::string saga_id(std::string_view charge_id) {
    return "saga_" + std::string(charge_id.substr(charge_id.find('_') + 1));
}

std::string call_key(std::string_view tenant, std::string_view idempotency_key, int attempt, Step step, int round) {
    const Digest digest =
        digest_of({"call", tenant, idempotency_key, std::to_string(attempt), name(step), std::to_string(round)});
    return base32(digest, digest.size());
}

std::string fingerprint(std::string_view canonical) {
    const Digest digest = digest_of({"payload", canonical});
    return base32(digest, digest.size());
}

}  // namespace tollgate
