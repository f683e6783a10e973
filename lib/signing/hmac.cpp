#include "signing/hmac.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <cstdlib>
#include <memory>

namespace tollgate {
namespace {

struct FreeMac {
    void operator()(EVP_MAC* mac) const noexcept { EVP_MAC_free(mac); }
    void operator()(EVP_MAC_CTX* context) const noexcept { EVP_MAC_CTX_free(context); }
};

int digit(char character) noexcept {
    if (character >= '0' && character <= '9') return character - '0';
    if (character >= 'a' && character <= 'f') return character - 'a' + 10;
    if (character >= 'A' && character <= 'F') return character - 'A' + 10;
    return -1;
}

constexpr std::string_view base64_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

Mac hmac_sha256(std::string_view key, std::initializer_list<std::string_view> parts) {
    static const std::unique_ptr<EVP_MAC, FreeMac> algorithm(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
    const std::unique_ptr<EVP_MAC_CTX, FreeMac> context(EVP_MAC_CTX_new(algorithm.get()));
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string("digest", digest, 0), OSSL_PARAM_construct_end()};
    // OpenSSL takes an empty key only with an address.
    const auto* bytes = reinterpret_cast<const unsigned char*>(key.empty() ? "" : key.data());
    bool good = context && EVP_MAC_init(context.get(), bytes, key.size(), parameters) == 1;
    for (const std::string_view part : parts) {
        good = good && EVP_MAC_update(context.get(), reinterpret_cast<const unsigned char*>(part.data()), part.size()) == 1;
    }
    Mac mac;
    std::size_t length = 0;
    good = good && EVP_MAC_final(context.get(), mac.data(), &length, mac.size()) == 1 && length == mac.size();
    if (!good) std::abort();  // an OpenSSL without HMAC: nothing can be believed
    return mac;
}

bool same(const Mac& mac, std::string_view claimed) noexcept {
    return claimed.size() == mac.size() && CRYPTO_memcmp(mac.data(), claimed.data(), mac.size()) == 0;
}

std::string hex(const Mac& mac) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(2 * mac.size());
    for (const unsigned char byte : mac) text.append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
    return text;
}

std::optional<std::string> from_hex(std::string_view text) {
    if (text.size() % 2 != 0) return std::nullopt;
    std::string bytes;
    bytes.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const int high = digit(text[i]);
        const int low = digit(text[i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        bytes += static_cast<char>(high * 16 + low);
    }
    return bytes;
}

std::string base64(std::string_view bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    unsigned bits = 0;
    int held = 0;
    for (const char byte : bytes) {
        bits = (bits << 8) | static_cast<unsigned char>(byte);
        for (held += 8; held >= 6; held -= 6) text += base64_digits[(bits >> (held - 6)) & 63];
    }
    if (held > 0) text += base64_digits[(bits << (6 - held)) & 63];
    text.append((4 - text.size() % 4) % 4, '=');
    return text;
}

std::optional<std::string> from_base64(std::string_view text) {
    const std::size_t padded = text.size();
    while (!text.empty() && text.back() == '=' && padded - text.size() < 2) text.remove_suffix(1);
    if ((padded != text.size() && padded % 4 != 0) || text.size() % 4 == 1) return std::nullopt;
    std::string bytes;
    bytes.reserve(text.size() * 3 / 4);
    unsigned bits = 0;
    int held = 0;
    for (const char character : text) {
        const std::size_t value = base64_digits.find(character);
        if (value == std::string_view::npos) return std::nullopt;
        bits = (bits << 6) | static_cast<unsigned>(value);
        held += 6;
        if (held < 8) continue;
        held -= 8;
        bytes += static_cast<char>((bits >> held) & 255);
    }
    const bool rest_is_zero = (bits & ((1U << held) - 1)) == 0;
    return rest_is_zero ? std::optional(bytes) : std::nullopt;
}

}  // namespace tollgate
