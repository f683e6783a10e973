#include "service/engine.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "pipeline/audited.hpp"
#include "pipeline/circuit_breaker.hpp"
#include "pipeline/idempotent.hpp"
#include "pipeline/rate_limit.hpp"
#include "pipeline/timed.hpp"
#include "service/handlers/admin_breakers.hpp"
#include "service/handlers/admin_charges.hpp"
#include "service/handlers/admin_events.hpp"
#include "service/handlers/admin_sagas.hpp"

namespace tollgate {
namespace {

/// How long an operator waits for a saga that was set going by hand.
constexpr Milliseconds retry_patience{5'000};

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
            .origin = command.charge.actor.origin,
            .charge_id = command.charge.id,
            .request_id = command.charge.request_id};
}

AuditRecord describe_operation(const OperationCommand& command) {
    return {.who = command.who(),
            .what = "charge." + std::string(name(command.request.kind)),
            .origin = command.origin,
            .charge_id = command.charge_id,
            .request_id = command.request_id};
}

}  // namespace

Engine::Engine(const Runtime& runtime, const EngineShared& shared, Exchanges exchanges)
    : runtime_(runtime),
      shared_(shared),
      outside_(runtime, shared.settings, shared.outside, std::move(exchanges)),
      checkout_({runtime,
                 shared.charges,
                 shared.audit,
                 outside_.calls(),
                 shared.screen,
                 shared.pager,
                 hand_over_,
                 {settle_policy(shared.settings), shared.settings.saga.action_timeout, !shared.settings.notify.url.empty(),
                  shared.settings.saga.expiring_authorization == "capture"},
                 &shared.outside.meter},
                shared.settings.server.charge_timeout),
      inbox_(runtime, shared.events, shared.pager, shared.outside.meter,
             {.lease = shared.settings.saga.lease,
              .interval = shared.look_every,
              .attempts_max = shared.settings.webhook.max_attempts},
             [this](GatewayNews news) { return checkout_.hear(std::move(news)); }) {}

Task<Result<bool>> Engine::look_up(std::string charge_id) {
    const WallTime now = runtime_.clock.wall();
    const WallTime lease_until = now + shared_.settings.saga.lease;
    auto taken = co_await shared_.charges.take(std::move(charge_id), now, lease_until, Reach::unfinished);
    if (!taken) co_return fail(std::move(taken.error()));
    if (taken->kind != Taken::Kind::taken) co_return false;
    static_cast<void>(co_await checkout_.retry(std::move(taken->row), Milliseconds(0)));
    co_return true;
}

/// The stack of a charge, from the outside in.
ChargeService Engine::layered() {
    const Settings& settings = shared_.settings;
    const auto customer_of = [](const ChargeCommand& command) {
        return command.charge.tenant + "/" + command.charge.request.customer.id;
    };
    auto charge = timed(shared_.outside.meter, "charge_duration", runtime_) | audited(shared_.audit, describe, runtime_) |
                  idempotent(shared_.charges, settings.idempotency.ttl, settings.duplicates.window, runtime_) |
                  circuit_breaker(shared_.outside.breakers, "gateway.authorize", runtime_) |
                  rate_limit(customer_limit(settings.rate_limit), customer_of) | std::ref(checkout_);
    return [stack = std::make_shared<decltype(charge)>(std::move(charge))](ChargeCommand command) {
        return (*stack)(std::move(command));
    };
}

/// The stack of what is asked of a charge that exists.
OperationService Engine::layered_operation() {
    auto operation = timed(shared_.outside.meter, "operation_duration", runtime_) |
                     audited(shared_.audit, describe_operation, runtime_) |
                     [this](OperationCommand command) { return checkout_.operate(std::move(command)); };
    return [stack = std::make_shared<decltype(operation)>(std::move(operation))](OperationCommand command) {
        return (*stack)(std::move(command));
    };
}

std::vector<http::Route> Engine::routes() {
    const Settings& settings = shared_.settings;
    const OutsideCalls& calls = outside_.calls();
    auto routes = charge_routes({runtime_, layered(), shared_.charges, calls.gateway_name, calls.check_amount,
                                 settle_policy(settings), door_, customer_limit(settings.rate_limit)});
    std::ranges::move(operation_routes({layered_operation(), shared_.charges, door_}), std::back_inserter(routes));
    auto for_operators = saga_routes({runtime_, shared_.charges, shared_.audit, checkout_, door_, settings.saga.lease,
                                      std::min(settings.server.charge_timeout, retry_patience)});
    std::ranges::move(for_operators, std::back_inserter(routes));
    routes.push_back(search_route(runtime_, shared_.charges));
    routes.push_back(breakers_route(runtime_, shared_.outside.breakers));
    EventApi events{runtime_, shared_.events, shared_.audit, {}};
    for (const webhooks::Source& source : shared_.webhook_sources) events.sources.push_back(source.name);
    std::ranges::move(event_routes(std::move(events)), std::back_inserter(routes));
    auto webhooks = webhook_routes({runtime_, shared_.webhook_sources, inbox_, shared_.webhook_watch, shared_.outside.meter});
    std::ranges::move(webhooks, std::back_inserter(routes));
    return routes;
}

}  // namespace tollgate
