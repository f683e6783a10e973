#include "service/console/assets.hpp"

#include <algorithm>

#include "service/http/text.hpp"
#include "stores/digest.hpp"

namespace tollgate {

namespace console_assets {
extern const std::string_view page;
extern const std::string_view style;
extern const std::string_view app;
extern const std::string_view icon;
}  // namespace console_assets

namespace console {
namespace {

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

http::Route asset(std::string name, std::string type, std::string_view content) {
    const std::string tag = "\"" + base32(digest_of({content}), 16) + "\"";
    const http::Response known{.status = 304, .headers = {{"ETag", tag}, {"Cache-Control", "no-cache"}}};
    http::Response whole = known;
    whole.status = 200;
    whole.content_type = std::move(type);
    whole.body = content;
    return {.method = "GET",
            .pattern = "/console/" + std::move(name),
            .handler = [tag, known, whole = std::move(whole)](http::Request& request) -> Task<http::Response> {
                co_return has_it(request, tag) ? known : whole;
            }};
}

}  // namespace

std::vector<http::Route> asset_routes() {
    std::vector<http::Route> routes;
    routes.push_back(asset("style.css", "text/css; charset=utf-8", console_assets::style));
    routes.push_back(asset("app.js", "text/javascript; charset=utf-8", console_assets::app));
    routes.push_back(asset("icon.svg", "image/svg+xml", console_assets::icon));
    return routes;
}

http::Response page(int status) {
    static constexpr const char* policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";
    return {.status = status,
            .content_type = "text/html; charset=utf-8",
            .body = std::string(console_assets::page),
            .headers = {{"Content-Security-Policy", policy},
                        {"Referrer-Policy", "no-referrer"},
                        {"Cross-Origin-Opener-Policy", "same-origin"}}};
}

}  // namespace console
}  // namespace tollgate
