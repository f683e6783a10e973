#include "service/console/same_site.hpp"

#include "service/http/origin.hpp"

namespace tollgate::console {

std::optional<PaymentError> names_another_host(const http::Request& request) {
    const auto host = request.header("host");
    if (host && http::is_loopback(*host)) return std::nullopt;
    return PaymentError(Code::forbidden,
                        "without API keys the console is for this machine alone: open it at 127.0.0.1 or localhost, or "
                        "configure auth.keys");
}

std::optional<PaymentError> comes_from_elsewhere(const http::Request& request) {
    const bool reads = request.method == "GET" || request.method == "HEAD";
    const bool by_hand = request.header("sec-fetch-site") == "none";
    if (!http::is_sent_by_another_page(request) && (reads || !by_hand)) return std::nullopt;
    return PaymentError(Code::forbidden, "this was asked for by a page of another origin, which the console does not answer");
}

}  // namespace tollgate::console
