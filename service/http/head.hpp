#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "service/http/limits.hpp"
#include "service/http/message.hpp"

namespace tollgate::http {

/// How the end of the body is known (RFC 9112 section 6.3).
enum class Framing : std::uint8_t { none, length, chunked };

/// A request's head; all views point into the bytes it was parsed from.
struct Head {
    std::string_view method;
    std::string_view path;   // "*" for OPTIONS on the server itself
    std::string_view query;  // without "?"
    std::vector<Header> headers;
    Framing framing = Framing::none;
    std::uint64_t length = 0;  // with Framing::length
    bool http11 = true;
    bool keep_alive = true;
    bool expects_continue = false;
};

/// Reads a whole head, from the request line to the empty line, into `head` (whose memory is used again).
///
/// Beast's parser reads it; what Beast 1.81 lets through and RFC 9112 forbids is refused here: several
/// Content-Length lines or lists, any transfer-coding but `chunked` once, chunked on HTTP/1.0, folded lines,
/// missing, doubled or impossible Host. Errors: bad_request, headers_too_large (too many lines), uri_too_long,
/// not_implemented (transfer-codings), http_version_not_supported. After any of them the connection must close.
[[nodiscard]] Result<void> parse_head(std::string_view raw, const Limits& limits, Head& head);

}  // namespace tollgate::http
