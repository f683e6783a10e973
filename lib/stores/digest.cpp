#include "stores/digest.hpp"

#include <openssl/evp.h>

#include <cstdlib>
#include <memory>

namespace tollgate {
namespace {

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

}  // namespace

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

}  // namespace tollgate
