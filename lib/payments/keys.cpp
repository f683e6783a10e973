#include "payments/keys.hpp"

#include <openssl/sha.h>

#include <array>
#include <initializer_list>

namespace tollgate {
namespace {

using Digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

/// Each part is preceded by its length, so that no two lists of parts read alike.
Digest digest_of(std::initializer_list<std::string_view> parts) {
    std::string text;
    for (const std::string_view part : parts) {
        text += std::to_string(part.size());
        text += ':';
        text += part;
    }
    Digest digest;
    SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
    return digest;
}

std::string base32(const Digest& digest, std::size_t bytes) {
    static constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz234567";
    std::string text;
    unsigned bits = 0;
    int held = 0;
    for (std::size_t i = 0; i < bytes; ++i) {
        bits = (bits << 8) | digest[i];
        for (held += 8; held >= 5; held -= 5) text += alphabet[(bits >> (held - 5)) & 31];
    }
    if (held > 0) text += alphabet[(bits << (5 - held)) & 31];
    return text;
}

}  // namespace

std::string charge_id(std::string_view tenant, std::string_view idempotency_key) {
    return "ch_" + base32(digest_of({"charge", tenant, idempotency_key}), 20);
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
