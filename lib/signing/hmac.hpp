#pragma once

#include <array>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

/// What webhooks are signed with, in both directions.
namespace tollgate {

using Mac = std::array<unsigned char, 32>;

/// HMAC-SHA256 (RFC 2104) over the parts, one behind the other.
[[nodiscard]] Mac hmac_sha256(std::string_view key, std::initializer_list<std::string_view> parts);

/// Whether `claimed` holds just these bytes; the time it takes tells nothing of them.
[[nodiscard]] bool same(const Mac& mac, std::string_view claimed) noexcept;

[[nodiscard]] std::string hex(const Mac& mac);  // lower case
/// Either case; nothing unless it is an even number of hexadecimal digits.
[[nodiscard]] std::optional<std::string> from_hex(std::string_view text);

/// RFC 4648 section 4, with padding.
[[nodiscard]] std::string base64(std::string_view bytes);
/// Nothing unless it is just that; padding may be left out.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace tollgate
