#include "simulation/instance.hpp"

#include <algorithm>
#include <array>

#include "notify/notifier.hpp"
#include "saga/recovery.hpp"
#include "service/config.hpp"
#include "service/engine.hpp"
#include "simulation/rules.hpp"

namespace tollgate::simulation {
namespace {

/// Nothing of it is read here: tests/stores looks at audit logs.
class NoAudit final : public AuditLog {
    void keep(AuditRecord) override {}
};

class NoMeter final : public DurationMeter {
public:
    void observe(std::string_view, std::chrono::duration<double>, std::string_view) override {}
};

/// Says that the connection was cut unless somebody answers first; also when its coroutine is destroyed.
class Connection {
public:
    explicit Connection(std::shared_ptr<Reply> reply) : reply_(std::move(reply)) {}
    Connection(Connection&&) noexcept = default;
    Connection& operator=(Connection&&) = delete;
    ~Connection() {
        if (reply_) reply_->set(std::nullopt);
    }
    void answer(Heard heard) const { reply_->set(std::move(heard)); }

private:
    std::shared_ptr<Reply> reply_;
};

Task<void> serve(const http::Handler& handler, Asked asked, Connection connection) {
    const std::array<http::Header, 2> headers{{{"idempotency-key", asked.key}, {"stripe-signature", asked.signature}}};
    http::Request request;
    request.method = "POST";
    request.path = asked.pattern;
    request.headers = headers;
    if (!asked.capture.empty()) request.captures = {asked.capture};
    request.body = asked.body;
    request.request_id = "req";
    http::Response response = co_await handler(request);
    const bool replayed =
        std::ranges::any_of(response.headers, [](const auto& header) { return header.first == "Idempotent-Replayed"; });
    connection.answer({response.status, std::move(response.body), replayed});
}

}  // namespace

void PageBook::page(Page page) {
    history_.note(scheduler_.now(), "page", page.kind, page.charge_id, page.detail);
    pages_.emplace_back(page.kind, page.charge_id);
}

void PageBook::warn(std::string charge_id, std::string detail) {
    history_.note(scheduler_.now(), "warning", charge_id, detail);
}

bool PageBook::has(std::string_view kind, const std::string& charge_id) const {
    return std::ranges::any_of(pages_, [&](const auto& page) { return page.first == kind && page.second == charge_id; });
}

struct Instance::Parts {
    Process& process;
    std::unique_ptr<ChargeStore> store;
    std::unique_ptr<EventStore> events;
    std::unique_ptr<Exchange> way_to_shop;
    NoAudit audit;
    NoMeter meter;
    Breakers breakers;
    const std::vector<webhooks::Source> sources;
    WebhookWatch watch;
    EngineShared shared;
    Engine engine;
    std::vector<http::Route> routes = engine.routes();
    Recovery recovery;
    Notifier notifier;

    Parts(Process& on, const Settings& settings, DurableStore& durable, World& world, Pager& pager, ShopListener& shop,
          Milliseconds look_every)
        : process(on),
          store(durable.open(on)),
          events(durable.open_events(on)),
          way_to_shop(shop.exchange(on)),
          breakers({settings.breaker.failure_threshold, settings.breaker.recovery_timeout, settings.breaker.success_threshold}),
          sources(webhook_sources(settings.webhook)),
          watch(pager, sources),
          shared{settings, *store, *events,   audit, pager, screen(), {breakers, meter, nullptr, nullptr},
                 sources,  watch,  look_every},
          engine(on.runtime(), shared,
                 Exchanges{world.exchange(on, Side::gateway), world.exchange(on, Side::inventory),
                           world.exchange(on, Side::shipping)}),
          recovery(on.runtime(), *store, {.lease = settings.saga.lease, .interval = look_every},
                   [this](ChargeRow row) { return engine.resume(std::move(row)); }),
          notifier(
              on.runtime(), *events, *way_to_shop, {.path = "/", .key = "key"}, pager, meter, [](const FailedDelivery&) {},
              look_every) {}
};

Instance::Instance(Process& process, const Settings& settings, DurableStore& store, World& world, Pager& pager,
                   ShopListener& shop, Milliseconds look_every)
    : parts_(std::make_unique<Parts>(process, settings, store, world, pager, shop, look_every)) {
    spawn(process.runtime().executor, parts_->recovery.run());
    spawn(process.runtime().executor, parts_->engine.inbox().run());
    spawn(process.runtime().executor, parts_->notifier.run());
}

Instance::~Instance() = default;

Process& Instance::process() const noexcept {
    return parts_->process;
}

void Instance::post(Asked asked, std::shared_ptr<Reply> reply) {
    const auto is_meant = [&](const http::Route& route) { return route.method == "POST" && route.pattern == asked.pattern; };
    const http::Handler& handler = std::ranges::find_if(parts_->routes, is_meant)->handler;
    spawn(parts_->process.runtime().executor, serve(handler, std::move(asked), Connection(std::move(reply))));
}

void Instance::hand_over() {
    parts_->engine.close_door();
    parts_->recovery.stop();
    parts_->notifier.stop();
    parts_->engine.hand_over();
}

}  // namespace tollgate::simulation
