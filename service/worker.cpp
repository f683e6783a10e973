#include "service/worker.hpp"

#include <utility>

#include "payments/problem.hpp"
#include "pipeline/audited.hpp"
#include "pipeline/circuit_breaker.hpp"
#include "pipeline/idempotent.hpp"
#include "pipeline/rate_limit.hpp"
#include "pipeline/timed.hpp"
#include "telemetry/log.hpp"

namespace tollgate {
namespace {

using namespace std::chrono_literals;

SettlePolicy settle_policy(const Settings& settings) {
    return {settings.saga.lease, settings.saga.compensation_retries, settings.saga.compensation_delay};
}

std::optional<GcraPolicy> customer_limit(const Settings::RateLimit& limit) {
    if (limit.requests == 0) return std::nullopt;
    return GcraPolicy{limit.requests, limit.per, limit.burst};
}

AuditRecord describe(const ChargeCommand& command) {
    return {.at = command.begin.now,
            .who = command.charge.tenant,
            .what = "charge.create",
            .origin = command.charge.origin,
            .charge_id = command.charge.id,
            .request_id = command.charge.request_id};
}

http::Route metrics_route(const Metrics& metrics) {
    return {.method = "GET",
            .pattern = "/metrics",
            .scope = http::Scope::metrics,
            .handler = [&metrics](http::Request&) -> Task<http::Response> {
                co_return http::Response{.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = metrics.text()};
            }};
}

}  // namespace

Result<std::unique_ptr<Worker>> Worker::make(Loop& loop, Shared& shared) {
    std::unique_ptr<Worker> worker(new Worker(loop, shared));
    auto outside = Outside::make(loop.runtime, shared.settings, shared.outside);
    if (!outside) return fail(std::move(outside.error()));
    worker->outside_ = std::move(*outside);
    const SagaContext context{
        loop.runtime, shared.charges,     worker->outside_->calls(),
        shared.pager, worker->hand_over_, {settle_policy(shared.settings), shared.settings.saga.action_timeout}};
    worker->checkout_ = std::make_unique<Checkout>(context, shared.settings.server.charge_timeout);
    return worker;
}

/// The stack of a charge, from the outside in.
ChargeService Worker::layered() const {
    const Settings& settings = shared_.settings;
    const auto customer_of = [](const ChargeCommand& command) {
        return command.charge.tenant + "/" + command.charge.request.customer.id;
    };
    auto charge = timed(shared_.metrics, "charge_duration", loop_.runtime) | audited(shared_.audit, describe, loop_.runtime) |
                  idempotent(shared_.charges, settings.idempotency.ttl, settings.duplicates.window, loop_.runtime) |
                  circuit_breaker(shared_.breakers, "gateway.authorize", loop_.runtime) |
                  rate_limit(customer_limit(settings.rate_limit), customer_of) | std::ref(*checkout_);
    return [stack = std::make_shared<decltype(charge)>(std::move(charge))](ChargeCommand command) {
        return (*stack)(std::move(command));
    };
}

http::Router Worker::routes() {
    http::Router router;
    ChargeApi api{loop_.runtime,
                  layered(),
                  shared_.charges,
                  outside_->calls().gateway_name,
                  settle_policy(shared_.settings),
                  door_,
                  customer_limit(shared_.settings.rate_limit)};
    for (http::Route& route : charge_routes(std::move(api))) router.add(std::move(route));
    for (http::Route& route : health_routes(shared_.health)) router.add(std::move(route));
    router.add(metrics_route(shared_.metrics));
    return router;
}

http::Options Worker::options(std::shared_ptr<asio::ssl::context> tls) const {
    const Settings::Server& server = shared_.settings.server;
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
    options.access = [](const http::Access& access) {
        const bool changes = access.method == "POST";
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
    while (door_.inside > 0 && loop_.clock.steady() < hand_over_at) co_await sleep_for(loop_.runtime, 10ms);
    server_->begin_drain();
    const bool all_answered = co_await server_->wait_until_idle(hand_over_at);
    hand_over_.request();
    const bool idle = all_answered || co_await server_->wait_until_idle(deadline);
    while (checkout_->running() > 0 && loop_.clock.steady() < deadline) co_await sleep_for(loop_.runtime, 10ms);
    co_return idle && checkout_->running() == 0;
}

}  // namespace tollgate
