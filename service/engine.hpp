#pragma once

#include <vector>

#include "payments/checkout.hpp"
#include "service/config.hpp"
#include "service/handlers/charge.hpp"
#include "service/handlers/operations.hpp"
#include "service/handlers/webhook.hpp"
#include "service/outside.hpp"
#include "webhooks/inbox.hpp"

namespace tollgate {

/// What the engines of all threads share; it outlives them.
struct EngineShared {
    const Settings& settings;
    ChargeStore& charges;
    EventStore& events;
    AuditLog& audit;
    Pager& pager;
    const fraud::Screen& screen;
    OutsideShared outside;
    const std::vector<webhooks::Source>& webhook_sources;
    WebhookWatch& webhook_watch;
    Milliseconds look_every{500};  // at the store for events, while nothing is due
};

/// All that one thread does about charges: the calls outward, the checkout, the layers around it, and the routes in front of
/// them. It knows no sockets, so that the simulation runs it as it is.
class Engine {
public:
    Engine(const Runtime& runtime, const EngineShared& shared, Exchanges exchanges);

    /// What clients may ask of it; the routes borrow the engine.
    [[nodiscard]] std::vector<http::Route> routes();

    /// Takes webhooks in for as long as `run` runs them: those that any process left behind.
    [[nodiscard]] webhooks::Inbox& inbox() noexcept { return inbox_; }

    /// Goes on with a charge that was claimed.
    Task<void> resume(ChargeRow row) { return checkout_.resume(std::move(row)); }

    /// Goes on at once with one that is not finished and that nobody works on: what it waits for is looked up outside. False
    /// when it is none of these.
    Task<Result<bool>> look_up(std::string charge_id);

    /// The gateway's own books.
    [[nodiscard]] reconciliation::GatewayBooks books() const { return outside_.books(); }
    [[nodiscard]] const GatewayTraits& gateway_traits() const noexcept { return outside_.calls().gateway; }

    /// New charges are told from now on that the service shuts down.
    void close_door() noexcept { door_.closed = true; }
    /// Lets its sagas leave what they own to others, at their next step, and webhooks that come in from now on.
    void hand_over() noexcept {
        hand_over_.request();
        inbox_.stop();
    }
    /// Charges that came in and are not answered yet.
    [[nodiscard]] std::size_t inside() const noexcept { return door_.inside; }
    /// Sagas that run, and webhooks in work.
    [[nodiscard]] std::size_t running() const noexcept { return checkout_.running() + inbox_.working(); }

private:
    [[nodiscard]] ChargeService layered();
    [[nodiscard]] OperationService layered_operation();

    const Runtime& runtime_;
    const EngineShared& shared_;
    HandOver hand_over_;
    ChargeDoor door_;
    Outside outside_;
    Checkout checkout_;
    webhooks::Inbox inbox_;
};

}  // namespace tollgate
