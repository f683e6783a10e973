#pragma once

#include <optional>
#include <string_view>

namespace tollgate::http {

struct Target {
    std::string_view path;   // "*" for the asterisk form
    std::string_view query;  // without "?"
};

/// Splits a request target (RFC 9112 section 3.2): a path, an absolute http or https URL, or `*` for OPTIONS.
/// Nothing for any other form, characters outside visible ASCII, a fragment, or a broken percent-encoding.
[[nodiscard]] std::optional<Target> split_target(std::string_view target, std::string_view method);

/// Whether the text is a host (name, IPv4, or IPv6 in brackets) with an optional port: what Host may hold.
[[nodiscard]] bool is_authority(std::string_view text) noexcept;

}  // namespace tollgate::http
