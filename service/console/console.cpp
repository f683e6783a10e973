#include "service/console/console.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "service/console/assets.hpp"
#include "service/console/cookie.hpp"
#include "service/console/same_site.hpp"
#include "service/http/text.hpp"

namespace tollgate {
namespace {

constexpr std::string_view api = "/admin/";
constexpr Milliseconds retry_when_full{5'000};

bool wants_page(const http::Request& request) {
    std::string_view rest = request.header("accept").value_or("");
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(','), rest.size());
        const std::string_view range = rest.substr(0, end);
        if (http::same_word(http::trimmed(range.substr(0, range.find(';'))), "text/html")) return true;
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return false;
}

/// What is for one person's eyes, and of the type that is named: neither kept nor guessed at.
void seal(http::Response& response) {
    const bool says = std::ranges::any_of(response.headers, [](const auto& header) { return header.first == "Cache-Control"; });
    if (!says) response.headers.emplace_back("Cache-Control", "no-store");
    response.headers.emplace_back("X-Content-Type-Options", "nosniff");
}

}  // namespace

Console::Console(ConsoleParts parts)
    : parts_(parts), access_(parts.authenticator, parts.sessions), limit_(console::draw_token()), live_(parts.live) {}

/// Around every route of the console.
http::Route Console::sealed(http::Route route) const {
    route.handler = [this, inner = std::move(route.handler)](http::Request& request) -> Task<http::Response> {
        http::Response response;
        const auto refused = access_.open() ? console::names_another_host(request) : std::nullopt;
        if (refused)
            response = http::problem_response(*refused, request);
        else
            response = co_await inner(request);
        seal(response);
        co_return response;
    };
    return route;
}

/// A route of the API for whoever is logged in, with all else as it is.
http::Route Console::mirrored(const Runtime& runtime, http::Route route) const {
    route.pattern = "/console/api/" + route.pattern.substr(api.size());
    route.scope = http::Scope::none;
    route.handler = [this, &runtime, inner = std::move(route.handler)](http::Request& request) -> Task<http::Response> {
        auto visitor = co_await access_.admit(runtime, request);
        if (!visitor) co_return http::problem_response(visitor.error(), request);
        request.tenant = std::move(visitor->who);
        co_return co_await inner(request);
    };
    return route;
}

std::vector<http::Route> Console::routes(const Runtime& runtime, const http::Router& router) {
    std::vector<http::Route> routes = console::asset_routes();
    const auto add = [&](std::string method, std::string pattern, http::Handler handler) {
        routes.push_back({.method = std::move(method), .pattern = std::move(pattern), .handler = std::move(handler)});
    };
    add("GET", "/console", [this, &runtime](http::Request& request) { return show_page(runtime, request); });
    add("POST", "/console/session", [this, &runtime](http::Request& request) { return log_in(runtime, request); });
    add("GET", "/console/session", [this, &runtime](http::Request& request) { return tell_session(runtime, request); });
    add("DELETE", "/console/session", [this, &runtime](http::Request& request) { return log_out(runtime, request); });
    add("GET", "/console/live", [this, &runtime](http::Request& request) { return look_on(runtime, request); });
    for (const http::Route* route : router.routes())
        if (route->pattern.starts_with(api)) routes.push_back(mirrored(runtime, *route));
    for (http::Route& route : routes) route = sealed(std::move(route));
    return routes;
}

/// Why the API key in the Authorization header opens nothing here; none: it does.
std::optional<PaymentError> Console::refused_key(const http::Request& request) const {
    if (request.count("authorization") > 1)
        return PaymentError(Code::bad_request, "Authorization stands on more than one line.");
    auto checked = parts_.authenticator.check(request.header("authorization"), http::Scope::admin);
    if (checked) return std::nullopt;
    return std::move(checked.error());
}

/// The page is the same for all; whoever may not see more sees its login.
Task<http::Response> Console::show_page(const Runtime& runtime, const http::Request& request) const {
    std::optional<PaymentError> refused;
    if (request.count("authorization") > 0) {
        refused = refused_key(request);
    } else if (auto visitor = co_await access_.visitor(runtime, request); !visitor) {
        refused = std::move(visitor.error());
    }
    if (!refused) co_return console::page(200);
    http::Response problem = http::problem_response(*refused, request);
    if (!wants_page(request)) co_return problem;
    http::Response page = console::page(problem.status);
    std::ranges::move(problem.headers, std::back_inserter(page.headers));
    co_return page;
}

Task<http::Response> Console::look_on(const Runtime& runtime, const http::Request& request) {
    auto visitor = co_await access_.admit(runtime, request);
    if (!visitor) co_return http::problem_response(visitor.error(), request);
    auto stream = places_.stream(runtime, access_, live_, std::move(visitor->session));
    if (!stream)
        co_return http::problem_response({Code::overloaded, "Too many consoles look on already.", retry_when_full}, request);
    co_return http::Response{.content_type = "text/event-stream", .stream = std::move(stream)};
}

}  // namespace tollgate
