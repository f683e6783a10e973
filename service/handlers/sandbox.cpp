#include "service/handlers/sandbox.hpp"

#include <array>

#include "service/handlers/sandbox_events.hpp"
#include "service/handlers/sandbox_tokens.hpp"

namespace tollgate {
namespace {

struct Resource {
    std::string_view method;
    std::string_view pattern;
};

constexpr std::array<Resource, 13> resources{{
    {"POST", "/v1/authorize"},
    {"POST", "/v1/capture"},
    {"POST", "/v1/void"},
    {"POST", "/v1/refund"},
    {"POST", "/v1/reservations"},
    {"POST", "/v1/reservations/{id}/release"},
    {"POST", "/v1/shipments"},
    {"POST", "/v1/shipments/{id}/cancel"},
    {"GET", "/v1/operations/{key}"},
    {"GET", "/v1/transactions"},
    {"GET", "/sandbox/ledger"},
    {"POST", "/sandbox/reset"},
    {"GET", "/sandbox/authenticate/{reference}"},
}};

Task<http::Response> serve(const Runtime& runtime, sandbox::World& world, http::Request& request) {
    std::string target(request.path);
    if (!request.query.empty()) target.append("?").append(request.query);
    const std::string_view key = request.header("Idempotency-Key").value_or("");
    auto reaction = world.handle(request.method, target, key, request.body, runtime.clock.wall());
    if (reaction.delay.count() > 0) co_await sleep_for(runtime, reaction.delay);

    http::Response response;
    response.status = reaction.status;
    response.body = std::move(reaction.body);
    response.cut = reaction.cut != sandbox::Cut::none;
    for (auto& [name, value] : reaction.headers) {
        if (name == "Content-Type") {
            response.content_type = std::move(value);
        } else {
            response.headers.emplace_back(std::move(name), std::move(value));
        }
    }
    co_return response;
}

}  // namespace

std::vector<http::Route> sandbox_routes(const Runtime& runtime, sandbox::World& world, Tokenizer& tokenizer) {
    std::vector<http::Route> routes;
    for (const Resource& resource : resources) {
        http::Route route;
        route.method = resource.method;
        route.pattern = resource.pattern;
        route.handler = [&runtime, &world](http::Request& request) { return serve(runtime, world, request); };
        routes.push_back(std::move(route));
    }
    routes.push_back(sandbox_events_route(runtime));
    routes.push_back(sandbox_tokens_route(tokenizer));
    return routes;
}

}  // namespace tollgate
