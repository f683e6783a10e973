#include "service/console/same_site.hpp"

#include <algorithm>
#include <array>

#include "service/http/origin.hpp"
#include "service/http/text.hpp"

namespace tollgate::console {
namespace {

bool is_port(std::string_view text) {
    return !text.empty() && text.size() <= 5 && std::ranges::all_of(text, http::is_digit);
}

/// 127.0.0.0/8, in the only way browsers write it (RFC 3986, 3.2.2).
bool is_loopback_address(std::string_view host) {
    std::array<int, 4> parts{};
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const std::string_view part = host.substr(0, i + 1 < parts.size() ? host.find('.') : host.size());
        if (part.empty() || part.size() > 3 || !std::ranges::all_of(part, http::is_digit)) return false;
        for (const char c : part) parts[i] = parts[i] * 10 + (c - '0');
        if (parts[i] > 255) return false;
        host.remove_prefix(std::min(host.size(), part.size() + 1));
    }
    return parts[0] == 127;
}

bool is_loopback(std::string_view authority) {
    const std::size_t bracket = authority.starts_with('[') ? authority.find(']') : 0;
    if (bracket == std::string_view::npos) return false;
    const std::size_t colon = authority.find(':', bracket);
    const std::string_view host = authority.substr(0, colon);
    if (colon != std::string_view::npos && !is_port(authority.substr(colon + 1))) return false;
    return host == "[::1]" || http::same_word(host, "localhost") || is_loopback_address(host);
}

}  // namespace

std::optional<PaymentError> names_another_host(const http::Request& request) {
    const auto host = request.header("host");
    if (host && is_loopback(*host)) return std::nullopt;
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
