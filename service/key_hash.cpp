#include "service/key_hash.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>

namespace tollgate {
namespace {

constexpr std::string_view prefix = "hmac-sha256:";
constexpr std::size_t salt_bytes = 16;
constexpr std::size_t hash_bytes = 32;
using Hash = std::array<unsigned char, hash_bytes>;
using Salt = std::array<unsigned char, salt_bytes>;

template <std::size_t N>
std::string to_hex(const std::array<unsigned char, N>& bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (auto byte : bytes) {
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

template <std::size_t N>
bool from_hex(std::string_view text, std::array<unsigned char, N>& bytes) {
    if (text.size() != 2 * N) return false;
    for (std::size_t i = 0; i < N; ++i) {
        int high = digit(text[2 * i]);
        int low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        bytes[i] = static_cast<unsigned char>(high * 16 + low);
    }
    return true;
}

bool parse(std::string_view text, Salt& salt, Hash& hash) {
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    auto colon = text.find(':');
    return colon != std::string_view::npos && from_hex(text.substr(0, colon), salt) && from_hex(text.substr(colon + 1), hash);
}

bool keyed_hash(const Salt& salt, std::string_view key, Hash& out) {
    unsigned length = 0;
    return HMAC(EVP_sha256(), salt.data(), static_cast<int>(salt.size()), reinterpret_cast<const unsigned char*>(key.data()),
                key.size(), out.data(), &length) != nullptr &&
           length == hash_bytes;
}

}  // namespace

std::optional<std::string> api_key_problem(std::string_view key) {
    if (key.size() < 16) return "is shorter than 16 characters, so it could be guessed: make one with `openssl rand -hex 32`";
    if (key.size() > 256) return "is longer than 256 characters";
    if (!std::ranges::all_of(key, [](char c) { return c > ' ' && c < 0x7f; }))
        return "holds a character that an Authorization header cannot carry: use visible ASCII without spaces";
    return std::nullopt;
}

std::expected<std::string, std::string> hash_api_key(std::string_view key) {
    if (auto why = api_key_problem(key)) return std::unexpected("the key " + *why);
    Salt salt;
    Hash hash;
    if (RAND_bytes(salt.data(), static_cast<int>(salt.size())) != 1 || !keyed_hash(salt, key, hash))
        return std::unexpected(std::string("OpenSSL gave no random salt: check the system's entropy source"));
    return std::string(prefix) + to_hex(salt) + ":" + to_hex(hash);
}

bool is_key_hash(std::string_view text) {
    Salt salt;
    Hash hash;
    return parse(text, salt, hash);
}

bool matches_key_hash(std::string_view text, std::string_view key) {
    Salt salt;
    Hash kept;
    Hash presented;
    return parse(text, salt, kept) && keyed_hash(salt, key, presented) &&
           CRYPTO_memcmp(kept.data(), presented.data(), hash_bytes) == 0;
}

}  // namespace tollgate
