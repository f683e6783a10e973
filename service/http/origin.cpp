#include "service/http/origin.hpp"

#include <algorithm>
#include <array>

#include "service/http/text.hpp"

namespace tollgate::http {
namespace {

bool is_port(std::string_view text) {
    return !text.empty() && text.size() <= 5 && std::ranges::all_of(text, is_digit);
}

/// 127.0.0.0/8, in the only way browsers write it (RFC 3986, 3.2.2).
bool is_loopback_address(std::string_view host) {
    std::array<int, 4> parts{};
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const std::string_view part = host.substr(0, i + 1 < parts.size() ? host.find('.') : host.size());
        if (part.empty() || part.size() > 3 || !std::ranges::all_of(part, is_digit)) return false;
        for (const char c : part) parts[i] = parts[i] * 10 + (c - '0');
        if (parts[i] > 255) return false;
        host.remove_prefix(std::min(host.size(), part.size() + 1));
    }
    return parts[0] == 127;
}

}  // namespace

bool is_loopback(std::string_view authority) {
    const std::size_t bracket = authority.starts_with('[') ? authority.find(']') : 0;
    if (bracket == std::string_view::npos) return false;
    const std::size_t colon = authority.find(':', bracket);
    const std::string_view host = authority.substr(0, colon);
    if (colon != std::string_view::npos && !is_port(authority.substr(colon + 1))) return false;
    return host == "[::1]" || same_word(host, "localhost") || is_loopback_address(host);
}

bool has_another_origin(const Request& request) {
    if (request.count("origin") == 0) return false;
    const auto origin = request.header("origin");
    const auto host = request.header("host");
    if (!origin || !host) return true;
    for (const std::string_view scheme : {std::string_view("https://"), std::string_view("http://")}) {
        if (origin->starts_with(scheme)) return !same_word(origin->substr(scheme.size()), *host);
    }
    return true;
}

bool is_sent_by_another_page(const Request& request) {
    if (has_another_origin(request)) return true;
    if (request.count("sec-fetch-site") == 0) return false;
    const auto site = request.header("sec-fetch-site");
    return site != "same-origin" && site != "none";
}

}  // namespace tollgate::http
