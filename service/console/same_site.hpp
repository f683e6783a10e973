#pragma once

#include <optional>

#include "service/http/message.hpp"

/// Whether a request comes from where it seems to come from, by what no page can make a browser say.
namespace tollgate::console {

/// Why not, for a request that names no loopback host: without keys the console is for this machine alone, and a page of a name
/// that was made to lead here (DNS rebinding) must not read it.
[[nodiscard]] std::optional<PaymentError> names_another_host(const http::Request& request);

/// Why not, for a request that a page of another origin makes (http/origin.hpp), reading included. What a browser's user opens
/// by hand belongs to no page, and may read.
[[nodiscard]] std::optional<PaymentError> comes_from_elsewhere(const http::Request& request);

}  // namespace tollgate::console
