#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "core/error.hpp"

namespace tollgate {

/// Where an outside service is found.
struct Origin {
    bool tls = false;
    std::string host;       // a name, or an address without brackets
    std::string port;       // decimal; the scheme's own when the URL names none
    std::string authority;  // as the Host header wants it
    std::string prefix;     // put before every path; empty, or begins with "/" and does not end with it
};

/// Reads "https://pay.example:8443/api". Fails with `bad_request` and the mend for anything but an http or https URL with
/// a host; user info, query and fragment are refused, so that no secret hides in an address.
[[nodiscard]] Result<Origin> parse_origin(std::string_view url);

/// A URL that has been checked, as whom to connect to and what to ask for there: a path, never empty, with the query if there
/// is one.
[[nodiscard]] std::pair<std::string, std::string> split_target(std::string_view url);

}  // namespace tollgate
