#pragma once

#include <optional>

#include "service/http/message.hpp"

/// Whether a request comes from where it seems to come from, by what no page can make a browser say.
namespace tollgate::console {

/// Why not, for a request that names no loopback host: without keys the console is for this machine alone, and a page of a name
/// that was made to lead here (DNS rebinding) must not read it.
[[nodiscard]] std::optional<PaymentError> names_another_host(const http::Request& request);

/// Why not, for a request that a page of another origin makes: `Origin` (RFC 6454, 7) is another host's than `Host`, or
/// `Sec-Fetch-Site` (Fetch Metadata, 2.3) says so. A browser's user who opens an address belongs to no page, and may read.
/// Clients that send neither are no browsers.
[[nodiscard]] std::optional<PaymentError> comes_from_elsewhere(const http::Request& request);

}  // namespace tollgate::console
