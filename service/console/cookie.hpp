#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "service/http/message.hpp"

/// The cookie of a login. Its prefix makes browsers take it from this host alone and over TLS or loopback only, and no other
/// host of the domain can put one in its place (RFC 6265bis, 4.1.3.2).
namespace tollgate::console {

inline constexpr std::string_view cookie_name = "__Host-tollgate-console";

/// A new one, of 32 bytes that nobody can guess, as base64url (RFC 4648, 5). Throws std::runtime_error when OpenSSL has no
/// randomness, which nobody can mend but by starting anew.
[[nodiscard]] std::string draw_token();

/// The token that the request carries: in one Cookie field, under the name just once, and of the form that `draw_token` has.
/// Whoever sends two sends none, since which of them is meant could not be told.
[[nodiscard]] std::optional<std::string> token_of(const http::Request& request);

/// The Set-Cookie that keeps the token for so long; an empty token with 0 takes it away.
[[nodiscard]] std::string set_cookie(std::string_view token, std::chrono::seconds life);

}  // namespace tollgate::console
