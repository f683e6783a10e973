#include "service/worker.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "service/handlers/admin_attention.hpp"
#include "service/handlers/reconciliation.hpp"
#include "service/openapi/openapi.hpp"
#include "telemetry/log.hpp"

namespace tollgate {
namespace {

using namespace std::chrono_literals;

/// "2xx", so that no client can make more series than there are classes; "none": it went before it was answered.
std::string_view class_of(int status) {
    constexpr std::array<std::string_view, 6> classes{"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
    return classes[static_cast<std::size_t>(std::clamp(status / 100, 0, 5))];
}

http::Route metrics_route(const Runtime& runtime, const Metrics& metrics, StoreGauges& gauges) {
    return {.method = "GET",
            .pattern = "/metrics",
            .scope = http::Scope::metrics,
            .handler = [&runtime, &metrics, &gauges](http::Request&) -> Task<http::Response> {
                http::Response response{.content_type = "text/plain; version=0.0.4; charset=utf-8"};
                response.body = co_await gauges.text(runtime);
                response.body += metrics.text();
                co_return response;
            }};
}

}  // namespace

Result<std::unique_ptr<Worker>> Worker::make(Loop& loop, Shared& shared) {
    auto exchanges = Exchanges::connect(loop.runtime, shared.engine.settings, shared.world);
    if (!exchanges) return fail(std::move(exchanges.error()));
    return std::unique_ptr<Worker>(new Worker(loop, shared, std::move(*exchanges)));
}

http::Router Worker::routes() {
    http::Router router;
    for (http::Route& route : engine_.routes()) router.add(std::move(route));
    for (http::Route& route : health_routes(shared_.health)) router.add(std::move(route));
    const Milliseconds patience = shared_.engine.settings.server.charge_timeout;
    for (http::Route& route : reconciliation_routes({loop_.runtime, *shared_.reconciler, shared_.reconciliation, patience}))
        router.add(std::move(route));
    const EngineShared& engine = shared_.engine;
    router.add(attention_route(
        {loop_.runtime, engine.charges, engine.events, shared_.census, shared_.reconciliation, engine.settings.store.timeout}));
    for (http::Route& route : openapi_routes()) router.add(std::move(route));
    router.add(metrics_route(loop_.runtime, shared_.metrics, shared_.gauges));
    assert(openapi_differences(router).empty());
    for (http::Route& route : shared_.console.routes(loop_.runtime, router)) router.add(std::move(route));
    return router;
}

http::Options Worker::options(std::shared_ptr<asio::ssl::context> tls) const {
    const Settings::Server& server = shared_.engine.settings.server;
    http::Options options;
    options.limits.max_body = server.max_body;
    options.limits.max_connections = server.max_connections;
    options.limits.max_in_flight = server.max_in_flight;
    options.limits.header_timeout = server.header_timeout;
    options.limits.body_timeout = server.body_timeout;
    options.limits.idle_timeout = server.idle_timeout;
    options.tls = std::move(tls);
    options.authenticate = [&auth = shared_.authenticator](std::optional<std::string_view> header, http::Scope scope) {
        return auth.check(header, scope);
    };
    options.this_machine_only = shared_.authenticator.open();
    options.access = [&requests = shared_.requests](const http::Access& access) {
        // The pattern and not the path, and no method of the client's own making: their number is that of the routes.
        const std::string_view route = access.route.empty() ? "none" : access.route;
        requests.observe({access.method, route, class_of(access.status)}, access.duration);
        const bool changes = access.method == "POST" || access.method == "DELETE";
        const auto level = access.status >= 500 ? log::Level::warn : changes ? log::Level::info : log::Level::debug;
        if (!log::enabled(level)) return;
        log::write(level, "request",
                   {{"method", access.method},
                    {"route", access.route},
                    {"status", access.status},
                    {"duration_us", std::chrono::duration_cast<std::chrono::microseconds>(access.duration).count()},
                    {"tenant", access.tenant},
                    {"peer", access.peer},
                    {"request_id", access.request_id},
                    {"delivered", access.delivered}});
    };
    options.fault = [](std::string_view what, const http::Access& access) {
        log::error("a handler failed; this is a bug",
                   {{"what", what}, {"route", access.route}, {"request_id", access.request_id}});
    };
    return options;
}

void Worker::listen(http::Acceptor acceptor, std::shared_ptr<asio::ssl::context> tls) {
    server_ =
        std::make_unique<http::Server>(loop_.runtime, std::move(acceptor), routes(), options(std::move(tls)), shared_.counters);
    server_->start();
}

Task<bool> Worker::drain(SteadyTime hand_over_at, SteadyTime deadline) {
    while (engine_.inside() > 0 && loop_.clock.steady() < hand_over_at) co_await sleep_for(loop_.runtime, 10ms);
    server_->begin_drain();
    const bool all_answered = co_await server_->wait_until_idle(hand_over_at);
    engine_.hand_over();
    const bool idle = all_answered || co_await server_->wait_until_idle(deadline);
    while (engine_.running() > 0 && loop_.clock.steady() < deadline) co_await sleep_for(loop_.runtime, 10ms);
    co_return idle&& engine_.running() == 0;
}

}  // namespace tollgate
