#pragma once

#include "service/http/message.hpp"

/// What a browser says of the page that makes it send a request; no page can change it, and programs say nothing of the kind.
namespace tollgate::http {

/// The host of a Host header is this machine's own: localhost, 127.0.0.0/8 in the way browsers write it, or [::1] (RFC 3986,
/// 3.2.2), with or without a port.
[[nodiscard]] bool is_loopback(std::string_view authority);

/// `Origin` (RFC 6454, 7) is there and is not this host's, as `Host` has it.
[[nodiscard]] bool has_another_origin(const Request& request);

/// The same, or `Sec-Fetch-Site` (Fetch Metadata, 2.3) says that it is a page of another origin, be it of the same site.
[[nodiscard]] bool is_sent_by_another_page(const Request& request);

}  // namespace tollgate::http
