#include "net/redis/command.hpp"

#include <hiredis/hiredis.h>
#include <openssl/evp.h>

#include <array>
#include <cstdlib>
#include <utility>
#include <vector>

namespace tollgate::redis {
namespace {

std::string sha1_hex(std::string_view text) {
    std::array<unsigned char, 20> digest{};
    unsigned size = 0;
    if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1 || size != digest.size()) {
        std::abort();  // an OpenSSL without SHA-1
    }
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    for (const unsigned char byte : digest) {
        hex.push_back(digits[byte >> 4]);
        hex.push_back(digits[byte & 15]);
    }
    return hex;
}

/// CRC-16/XMODEM: polynomial 0x1021, beginning with zero.
std::uint16_t crc16(std::string_view bytes) noexcept {
    unsigned crc = 0;
    for (const char byte : bytes) {
        crc ^= static_cast<unsigned>(static_cast<unsigned char>(byte)) << 8;
        for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
    }
    return static_cast<std::uint16_t>(crc);
}

}  // namespace

Command::Command(std::span<const std::string_view> words) {
    std::vector<const char*> texts;
    std::vector<std::size_t> sizes;
    texts.reserve(words.size());
    sizes.reserve(words.size());
    for (const std::string_view word : words) {
        texts.push_back(word.data());
        sizes.push_back(word.size());
    }
    char* formatted = nullptr;
    const int size = redisFormatCommandArgv(&formatted, static_cast<int>(words.size()), texts.data(), sizes.data());
    if (size < 0) std::abort();  // no memory
    wire_.assign(formatted, static_cast<std::size_t>(size));
    redisFreeCommand(formatted);
}

Script::Script(std::string name, std::string source)
    : name_(std::move(name)), source_(std::move(source)), sha1_(sha1_hex(source_)) {}

Command Script::call(std::span<const std::string_view> keys, std::span<const std::string_view> arguments) const {
    const std::string count = std::to_string(keys.size());
    std::vector<std::string_view> words;
    words.reserve(3 + keys.size() + arguments.size());
    words.insert(words.end(), {"EVALSHA", sha1_, count});
    words.insert(words.end(), keys.begin(), keys.end());
    words.insert(words.end(), arguments.begin(), arguments.end());
    return Command(words);
}

std::uint16_t slot_of(std::string_view key) noexcept {
    const std::size_t open = key.find('{');
    if (open != std::string_view::npos) {
        const std::size_t close = key.find('}', open + 1);
        if (close != std::string_view::npos && close > open + 1) key = key.substr(open + 1, close - open - 1);
    }
    return crc16(key) % 16384;
}

}  // namespace tollgate::redis
