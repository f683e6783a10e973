#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tollgate {

/// Which addresses a client may connect to. Asked with all that a host's name was resolved to, or the one that it is: why
/// none of them may be, as a phrase that goes on from "the host …"; nothing when all may.
using AddressRule =
    std::function<std::optional<std::string>(std::string_view host, std::span<const boost::asio::ip::tcp::endpoint>)>;

/// The rule for targets that events and pages are sent to (`notify.url`, `page.url`), so that neither a slip nor a name
/// server can turn them against what is reachable only from here (server-side request forgery). It tells the mend too.
///   an address written out is the operator's own word: refused are only link-local, multicast and unspecified ones;
///   "localhost" may be loopback only;
///   any other name may be public addresses only. One that is not refuses them all, for whoever mixes them has a reason.
[[nodiscard]] std::optional<std::string> vet_target(std::string_view host,
                                                    std::span<const boost::asio::ip::tcp::endpoint> addresses);

}  // namespace tollgate
