#include "service/outside.hpp"

#include <string>
#include <utility>

#include "gateway/http_gateway.hpp"
#include "gateway/http_goods.hpp"
#include "gateway/sandbox/sandbox_exchange.hpp"
#include "gateway/stripe/stripe_gateway.hpp"
#include "net/http_client.hpp"
#include "pipeline/circuit_breaker.hpp"
#include "pipeline/retry.hpp"
#include "pipeline/timed.hpp"

namespace tollgate {
namespace {

/// Takes the layers' types off; look-ups take a way of their own, so that a breaker that shut the step does not keep us
/// from learning what became of it, and the saga keeps its own pace between them.
template <class Payload, class Response, class Perform, class LookUp>
OutsideService<Payload, Response> by_ask(Perform perform, LookUp look_up) {
    const auto performs = std::make_shared<Perform>(std::move(perform));
    const auto looks_up = std::make_shared<LookUp>(std::move(look_up));
    return [performs, looks_up](OutsideCall<Payload> call) -> Task<Result<Response>> {
        if (call.context.ask == Ask::look_up) return (*looks_up)(std::move(call));
        return (*performs)(std::move(call));
    };
}

/// What one dependency's calls have in common.
struct Dependency {
    const Runtime& runtime;
    OutsideShared shared;
    RetryPolicy retry_policy;
    Milliseconds timeout;  // of one call; the step's own deadline is later
    std::string name;
    std::optional<PaceLayer> pace;

    /// One call: no longer than its timeout.
    template <class Payload, class Response, class Call>
    auto single(Call call) const {
        return [call, this_runtime = &runtime, timeout_ms = timeout](OutsideCall<Payload> asked) -> Task<Result<Response>> {
            const SteadyTime end = this_runtime->clock.steady() + timeout_ms;
            asked.context.deadline = std::min(asked.context.deadline, end);
            return call(std::move(asked.payload), std::move(asked.context));
        };
    }

    /// The stack of every call outward. The names are those of the breakers and, with "_", of the histograms.
    template <class Payload, class Response, class Call>
    OutsideService<Payload, Response> stack(std::string_view kind, Call call) const {
        const std::string breaker = name + "." + std::string(kind);
        const std::string looking = name + ".look_up";
        const std::string timer = name + "_" + std::string(kind);
        auto service = single<Payload, Response>(std::move(call));
        auto look_up =
            circuit_breaker(shared.breakers, looking, runtime) | timed(shared.meter, name + "_look_up", runtime) | service;
        if (!pace) {
            return by_ask<Payload, Response>(circuit_breaker(shared.breakers, breaker, runtime) | retry(runtime, retry_policy) |
                                                 timed(shared.meter, timer, runtime) | service,
                                             std::move(look_up));
        }
        return by_ask<Payload, Response>(circuit_breaker(shared.breakers, breaker, runtime) | retry(runtime, retry_policy) |
                                             PaceLayer(*pace) | timed(shared.meter, timer, runtime) | service,
                                         std::move(look_up));
    }
};

Result<std::unique_ptr<Exchange>> exchange_for(const Runtime& runtime, const std::string& url, const char* setting,
                                               sandbox::World& world) {
    if (url.empty()) return std::make_unique<sandbox::SandboxExchange>(runtime, world);
    auto client = HttpClient::make(runtime, url);
    if (!client) return fail(Code::bad_request, std::string(setting) + ": " + client.error().detail);
    return std::unique_ptr<Exchange>(std::move(*client));
}

/// Empty: the sandbox of this process.
std::string gateway_url(const Settings::Gateway& gateway) {
    if (gateway.kind == "sandbox") return "";
    return gateway.url.empty() && gateway.kind == "stripe" ? StripeGateway::endpoint : gateway.url;
}

std::unique_ptr<PaymentGateway> make_gateway(Exchange& exchange, const Settings::Gateway& gateway) {
    if (gateway.kind == "stripe")
        return std::make_unique<StripeGateway>(exchange,
                                               StripeOptions{.api_key = gateway.api_key, .return_url = gateway.return_url});
    return std::make_unique<HttpGateway>(exchange, HttpGatewayOptions{.name = gateway.kind, .api_key = gateway.api_key});
}

}  // namespace

Result<Exchanges> Exchanges::connect(const Runtime& runtime, const Settings& settings, sandbox::World& world) {
    auto gateway = exchange_for(runtime, gateway_url(settings.gateway), "gateway.url", world);
    if (!gateway) return fail(std::move(gateway.error()));
    auto inventory = exchange_for(runtime, settings.inventory.url, "inventory.url", world);
    if (!inventory) return fail(std::move(inventory.error()));
    auto shipping = exchange_for(runtime, settings.shipping.url, "shipping.url", world);
    if (!shipping) return fail(std::move(shipping.error()));
    return Exchanges{std::move(*gateway), std::move(*inventory), std::move(*shipping)};
}

Outside::Outside(const Runtime& runtime, const Settings& settings, OutsideShared shared, Exchanges exchanges)
    : runtime_(runtime),
      gateway_timeout_(settings.gateway.timeout),
      exchanges_(std::move(exchanges)),
      gateway_(make_gateway(*exchanges_.gateway, settings.gateway)),
      inventory_(std::make_unique<HttpGoods>(*exchanges_.inventory, inventory_words)),
      shipping_(std::make_unique<HttpGoods>(*exchanges_.shipping, shipping_words)) {
    const RetryPolicy policy{.attempts_max = settings.retry.max_attempts,
                             .backoff = {settings.retry.base_delay, settings.retry.max_delay, settings.retry.multiplier}};
    std::optional<PaceLayer> pace;
    if (shared.fleet != nullptr && settings.gateway.max_per_second > 0) {
        const std::int64_t requests = settings.gateway.max_per_second;
        fleet_pace_ =
            std::make_unique<FleetPace>(runtime, *shared.fleet, "gateway", GcraPolicy{requests, std::chrono::seconds(1), 1});
        pace.emplace(rate_limit(*fleet_pace_, runtime));
    } else if (shared.outbound != nullptr) {
        pace.emplace(rate_limit(*shared.outbound, runtime));
    }
    const Dependency to_gateway{runtime, shared, policy, settings.gateway.timeout, "gateway", std::move(pace)};
    const Dependency to_inventory{runtime, shared, policy, settings.inventory.timeout, "inventory", {}};
    const Dependency to_shipping{runtime, shared, policy, settings.shipping.timeout, "shipping", {}};
    PaymentGateway& payments = *gateway_;
    GoodsService& stock = *inventory_;
    GoodsService& parcels = *shipping_;

    using Id = std::string;
    OutsideCalls& calls = calls_;
    calls.gateway_name = payments.name();
    calls.gateway = payments.traits();
    calls.inventory = stock.traits();
    calls.shipping = parcels.traits();
    calls.check_amount = [&payments](Money amount) { return payments.check_amount(amount); };
    calls.reserve = to_inventory.stack<GoodsRequest, Id>("reserve", [&stock](GoodsRequest goods, CallContext context) {
        return stock.place(std::move(goods), std::move(context));
    });
    calls.release = to_inventory.stack<Id, Id>(
        "release", [&stock](Id id, CallContext context) { return stock.undo(std::move(id), std::move(context)); });
    calls.ship = to_shipping.stack<GoodsRequest, Id>("ship", [&parcels](GoodsRequest goods, CallContext context) {
        return parcels.place(std::move(goods), std::move(context));
    });
    calls.cancel_shipment = to_shipping.stack<Id, Id>(
        "cancel", [&parcels](Id id, CallContext context) { return parcels.undo(std::move(id), std::move(context)); });
    calls.authorize = to_gateway.stack<AuthorizeRequest, AuthorizeOutcome>(
        "authorize", [&payments](AuthorizeRequest asked, CallContext context) {
            return payments.authorize(std::move(asked), std::move(context));
        });
    calls.capture = to_gateway.stack<CaptureRequest, Id>("capture", [&payments](CaptureRequest asked, CallContext context) {
        return payments.capture(std::move(asked), std::move(context));
    });
    calls.refund = to_gateway.stack<RefundRequest, Id>("refund", [&payments](RefundRequest asked, CallContext context) {
        return payments.refund(std::move(asked), std::move(context));
    });
    calls.void_authorization = to_gateway.stack<VoidRequest, Id>("void", [&payments](VoidRequest asked, CallContext context) {
        return payments.void_authorization(std::move(asked), std::move(context));
    });
    calls.transactions = to_gateway.stack<TransactionQuery, TransactionPage>(
        "transactions", [&payments](TransactionQuery asked, CallContext context) {
            asked.deadline = context.deadline;
            return payments.transactions(std::move(asked));
        });
}

reconciliation::GatewayBooks Outside::books() const {
    return [this](std::chrono::sys_days day, std::string cursor) {
        CallContext context{.key = {}, .traceparent = {}, .deadline = runtime_.clock.steady() + 4 * gateway_timeout_};
        return calls_.transactions({{.day = day, .cursor = std::move(cursor), .deadline = {}}, std::move(context)});
    };
}

}  // namespace tollgate
