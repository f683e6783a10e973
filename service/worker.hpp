#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>

#include "payments/checkout.hpp"
#include "service/auth.hpp"
#include "service/config.hpp"
#include "service/handlers/charge.hpp"
#include "service/health.hpp"
#include "service/http/server.hpp"
#include "service/outside.hpp"
#include "telemetry/metrics.hpp"

namespace tollgate {

/// One event loop: its clock, timers and chance.
struct Loop {
    SystemClock clock;  // what is dropped with the loop still reads it
    SystemRandom random;
    asio::io_context io{1};
    AsioTimers timers{io.get_executor()};
    Runtime runtime{io.get_executor(), clock, random, timers};
};

/// What all threads of the service share; it outlives them.
struct Shared {
    const Settings& settings;
    ChargeStore& charges;
    AuditLog& audit;
    Pager& pager;
    Breakers& breakers;
    Metrics& metrics;
    const Authenticator& authenticator;
    const HealthMonitor& health;
    http::Counters& counters;
    OutsideShared outside;
};

/// All that one thread runs: its loop's charges, and the server in front of them.
class Worker {
public:
    static Result<std::unique_ptr<Worker>> make(Loop& loop, Shared& shared);

    /// Begins to serve on this socket, with TLS when there is a context.
    void listen(http::Acceptor acceptor, std::shared_ptr<asio::ssl::context> tls);

    /// Goes on with a charge that was claimed.
    Task<void> resume(ChargeRow row) { return checkout_->resume(std::move(row)); }

    /// Takes no more charges from now on, and goes on to answer whoever asks. On the worker's thread.
    void begin_drain() noexcept { door_.closed = true; }

    /// Lets the charges that were accepted finish, stops listening, and lets everything else finish until `hand_over_at`;
    /// then hands its sagas over. True when everything had ended by `deadline`. On the worker's thread.
    Task<bool> drain(SteadyTime hand_over_at, SteadyTime deadline);

private:
    Worker(Loop& loop, Shared& shared) : loop_(loop), shared_(shared) {}
    [[nodiscard]] http::Router routes();
    [[nodiscard]] http::Options options(std::shared_ptr<asio::ssl::context> tls) const;
    [[nodiscard]] ChargeService layered() const;

    Loop& loop_;
    Shared& shared_;
    HandOver hand_over_;
    ChargeDoor door_;
    std::unique_ptr<Outside> outside_;
    std::unique_ptr<Checkout> checkout_;
    std::unique_ptr<http::Server> server_;
};

}  // namespace tollgate
