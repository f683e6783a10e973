#include "service/http/target.hpp"

#include "service/http/text.hpp"

namespace tollgate::http {
namespace {

bool has_only_target_chars(std::string_view text) noexcept {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (!is_visible(text[i]) || text[i] == '#') return false;
        if (text[i] == '%' && (i + 2 >= text.size() || hex_value(text[i + 1]) < 0 || hex_value(text[i + 2]) < 0)) return false;
    }
    return true;
}

bool is_port(std::string_view text) noexcept {
    return text.size() <= 5 && std::all_of(text.begin(), text.end(), is_digit);
}

bool is_host_char(char c) noexcept {
    return is_letter_or_digit(c) || (c != '\0' && std::string_view("-._~%!$&'()*+,;=").find(c) != std::string_view::npos);
}

/// The part of an absolute URL after its scheme; nothing when it has no http scheme.
std::optional<std::string_view> after_scheme(std::string_view target) noexcept {
    for (const std::string_view scheme : {std::string_view("http://"), std::string_view("https://")})
        if (same_word(target.substr(0, scheme.size()), scheme)) return target.substr(scheme.size());
    return std::nullopt;
}

}  // namespace

bool is_authority(std::string_view text) noexcept {
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos || end < 3) return false;
        for (const char c : text.substr(1, end - 1))
            if (hex_value(c) < 0 && c != ':' && c != '.') return false;
        const std::string_view rest = text.substr(end + 1);
        return rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)));
    }
    const std::size_t colon = text.find(':');
    const std::string_view host = text.substr(0, colon);
    if (host.empty() || !std::all_of(host.begin(), host.end(), is_host_char)) return false;
    return colon == std::string_view::npos || is_port(text.substr(colon + 1));
}

std::optional<Target> split_target(std::string_view target, std::string_view method) {
    if (target == "*") {
        if (method != "OPTIONS") return std::nullopt;
        return Target{target, {}};
    }
    if (!has_only_target_chars(target)) return std::nullopt;
    if (const auto rest = after_scheme(target)) {
        const std::size_t end = std::min(rest->find_first_of("/?"), rest->size());
        if (!is_authority(rest->substr(0, end))) return std::nullopt;
        target = rest->substr(end);
        if (target.empty()) return Target{"/", {}};
        if (target.front() == '?') return Target{"/", target.substr(1)};
    }
    if (!target.starts_with('/')) return std::nullopt;
    const std::size_t question = target.find('?');
    if (question == std::string_view::npos) return Target{target, {}};
    return Target{target.substr(0, question), target.substr(question + 1)};
}

}  // namespace tollgate::http
