#include "service/console/assets.hpp"

#include <algorithm>
#include <map>

#include "service/http/text.hpp"
#include "stores/digest.hpp"

namespace tollgate {

namespace console_assets {
extern const std::map<std::string_view, std::string_view> files;  // by name; page.html is the page itself
}  // namespace console_assets

namespace console {
namespace {

constexpr std::string_view page_name = "page.html";

/// Whether the client has this one (RFC 9110, 13.1.2: weakly compared).
bool has_it(const http::Request& request, std::string_view tag) {
    std::string_view rest = request.header("if-none-match").value_or("");
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(','), rest.size());
        std::string_view one = http::trimmed(rest.substr(0, end));
        if (one.starts_with("W/")) one.remove_prefix(2);
        if (one == tag || one == "*") return true;
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return false;
}

std::string_view type_of(std::string_view name) {
    if (name.ends_with(".css")) return "text/css; charset=utf-8";
    if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
    return name.ends_with(".svg") ? "image/svg+xml" : "text/html; charset=utf-8";
}

http::Route asset(std::string_view name, std::string_view content) {
    const std::string tag = "\"" + base32(digest_of({content}), 16) + "\"";
    const http::Response known{.status = 304, .headers = {{"ETag", tag}, {"Cache-Control", "no-cache"}}};
    http::Response whole = known;
    whole.status = 200;
    whole.content_type = type_of(name);
    whole.body = content;
    return {.method = "GET",
            .pattern = "/console/" + std::string(name),
            .handler = [tag, known, whole = std::move(whole)](http::Request& request) -> Task<http::Response> {
                co_return has_it(request, tag) ? known : whole;
            }};
}

}  // namespace

std::vector<http::Route> asset_routes() {
    std::vector<http::Route> routes;
    for (const auto& [name, content] : console_assets::files)
        if (name != page_name) routes.push_back(asset(name, content));
    return routes;
}

http::Response page(int status) {
    static constexpr const char* policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";
    return {.status = status,
            .content_type = std::string(type_of(page_name)),
            .body = std::string(console_assets::files.at(page_name)),
            .headers = {{"Content-Security-Policy", policy},
                        {"Referrer-Policy", "no-referrer"},
                        {"Cross-Origin-Opener-Policy", "same-origin"}}};
}

}  // namespace console
}  // namespace tollgate
