#pragma once

#include <memory>

#include "core/meter.hpp"
#include "gateway/exchange.hpp"
#include "gateway/sandbox/world.hpp"
#include "payments/outside_calls.hpp"
#include "pipeline/fleet_pace.hpp"
#include "pipeline/rate_limit.hpp"
#include "reconciliation/reconcile.hpp"
#include "resilience/breakers.hpp"
#include "service/config.hpp"

namespace tollgate {

/// What the outside calls of all threads share.
struct OutsideShared {
    Breakers& breakers;
    DurationMeter& meter;
    OutboundLimit* outbound = nullptr;  // the cap, where this process is alone; none: no cap
    FleetStore* fleet = nullptr;        // keeps the cap for all processes instead
};

/// The ways to the outside world of one thread.
struct Exchanges {
    std::unique_ptr<Exchange> gateway, inventory, shipping;

    /// Over sockets, and to the sandbox of this process where an URL is empty. Fails with the setting's name and the mend
    /// when a URL cannot be used. What is borrowed outlives them.
    static Result<Exchanges> connect(const Runtime& runtime, const Settings& settings, sandbox::World& world);
};

/// The gateway, inventory and shipping of one thread with their connections, and every call to them in its layers.
class Outside {
public:
    /// What is borrowed outlives it.
    Outside(const Runtime& runtime, const Settings& settings, OutsideShared shared, Exchanges exchanges);

    [[nodiscard]] const OutsideCalls& calls() const noexcept { return calls_; }

    /// The gateway's own books, each page in the layers of every call.
    [[nodiscard]] reconciliation::GatewayBooks books() const;

private:
    const Runtime& runtime_;
    const Milliseconds gateway_timeout_;
    Exchanges exchanges_;
    std::unique_ptr<PaymentGateway> gateway_;
    std::unique_ptr<GoodsService> inventory_, shipping_;
    std::unique_ptr<FleetPace> fleet_pace_;
    OutsideCalls calls_;
};

}  // namespace tollgate
