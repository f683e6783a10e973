#include "service/openapi/openapi.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cctype>
#include <map>
#include <utility>

#include "service/openapi/page.hpp"
#include "signing/hmac.hpp"

namespace tollgate {

namespace assets {
extern const std::string_view openapi;
extern const std::string_view docs;
}  // namespace assets

namespace {

/// Nothing but the one style sheet that is inside the page (Content Security Policy Level 3).
std::string policy_for(std::string_view style) {
    std::array<char, 32> digest{};
    ::EVP_Digest(style.data(), style.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr, ::EVP_sha256(), nullptr);
    return "default-src 'none'; style-src 'sha256-" + base64({digest.data(), digest.size()}) +
           "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
}

http::Route fixed(std::string pattern, http::Response response) {
    return {.method = "GET",
            .pattern = std::move(pattern),
            .handler = [response = std::move(response)](http::Request&) -> Task<http::Response> { co_return response; }};
}

namespace json = boost::json;

/// What the two have to agree on, of one route.
std::string promises(std::string_view scope, std::string_view body) {
    return "scope " + std::string(scope) + ", body " + std::string(body);
}

std::string promises_of(const http::Route& route) {
    constexpr std::array<std::string_view, 4> scopes{"none", "charge", "metrics", "admin"};
    constexpr std::array<std::string_view, 3> bodies{"json", "optional", "anything"};
    const std::string_view body = route.method == "POST" ? bodies[static_cast<std::size_t>(route.accepts)] : "none";
    return promises(scopes[static_cast<std::size_t>(route.scope)], body);
}

/// A key for /metrics may have the scope admin as well, so the first one counts.
std::string promises_of(const json::object& operation) {
    const json::array& security = operation.at("security").as_array();
    const std::string_view scope = security.empty() ? "none" : security.at(0).as_object().begin()->key();
    const json::value* body = operation.if_contains("requestBody");
    if (body == nullptr) return promises(scope, "none");
    const bool checked = operation.at("responses").as_object().contains("415");
    return promises(scope, !checked ? "anything" : body->at("required").as_bool() ? "json" : "optional");
}

std::map<std::string, std::string> described() {
    std::map<std::string, std::string> all;
    const json::value document = json::parse(assets::openapi);
    for (const auto& [path, methods] : document.at("paths").as_object()) {
        for (const auto& [name, operation] : methods.as_object()) {
            std::string method(name);
            std::ranges::transform(method, method.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
            all.emplace(method + " " + std::string(path), promises_of(operation.as_object()));
        }
    }
    return all;
}

/// The console's own routes are between it and its page.
bool of_the_console(const http::Route& route) {
    return route.pattern == "/console" || route.pattern.starts_with("/console/");
}

}  // namespace

std::vector<http::Route> openapi_routes() {
    http::Response document{.body = std::string(assets::openapi)};
    http::Response page{.content_type = "text/html; charset=utf-8",
                        .body = openapi::page(json::parse(assets::openapi), assets::docs),
                        .headers = {{"Content-Security-Policy", policy_for(assets::docs)},
                                    {"Referrer-Policy", "no-referrer"},
                                    {"X-Content-Type-Options", "nosniff"}}};
    return {fixed("/openapi.json", std::move(document)), fixed("/docs", std::move(page))};
}

std::vector<std::string> openapi_differences(const http::Router& router) {
    std::vector<std::string> differences;
    auto left = described();
    left.erase("GET /console");  // its handler checks the scope, since a browser may have a session instead of a key
    for (const http::Route* route : router.routes()) {
        if (of_the_console(*route)) continue;
        const std::string name = route->method + " " + route->pattern;
        const auto found = left.extract(name);
        if (!found) {
            differences.push_back(name + " is not described");
        } else if (found.mapped() != promises_of(*route)) {
            differences.push_back(name + " has " + promises_of(*route) + " and is described with " + found.mapped());
        }
    }
    for (const auto& [name, promise] : left) differences.push_back(name + " is described and not there");
    return differences;
}

}  // namespace tollgate
