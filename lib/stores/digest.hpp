#pragma once

#include <array>
#include <initializer_list>
#include <string>
#include <string_view>

/// What ids, keys and places are derived with: SHA-256 over length-prefixed parts, written in lower-case base32 (RFC 4648
/// section 6 alphabet), which holds no run of digits that could be taken for a card number.
namespace tollgate {

using Digest = std::array<unsigned char, 32>;

/// Each part is preceded by its length, so that no two lists of parts read alike.
[[nodiscard]] Digest digest_of(std::initializer_list<std::string_view> parts);

/// The first `bytes` of a digest, five bits a character.
[[nodiscard]] std::string base32(const Digest& digest, std::size_t bytes);

}  // namespace tollgate
