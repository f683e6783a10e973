#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

/// How an API key is kept: `hmac-sha256:SALT:HASH`, the lower-case hex of a random 16-byte salt and of
/// HMAC-SHA-256(salt, key) (RFC 2104). Keys are long random strings, so there is no dictionary that a slow password hash
/// would defend against, while one on every request would let anybody use up the processor. The parts are separated by
/// colons because `$` is special to shells and compose files.
namespace tollgate {

/// What is wrong with a key somebody chose, as a sentence's predicate; nothing when it will do: 16 to 256 visible ASCII
/// characters. Length is all that can be checked; `openssl rand -hex 32` makes a good one.
[[nodiscard]] std::optional<std::string> api_key_problem(std::string_view key);

/// The hash to configure, under a fresh salt. The reason when the key will not do.
[[nodiscard]] std::expected<std::string, std::string> hash_api_key(std::string_view key);

/// Whether `text` has the form of a hash.
[[nodiscard]] bool is_key_hash(std::string_view text);

/// Whether `key` is the one that was hashed, in a time that does not depend on where they differ. False for a malformed hash.
[[nodiscard]] bool matches_key_hash(std::string_view hash, std::string_view key);

}  // namespace tollgate
