#pragma once

#include <memory>

#include "service/auth.hpp"
#include "service/console/console.hpp"
#include "service/engine.hpp"
#include "service/health.hpp"
#include "service/http/server.hpp"
#include "service/process.hpp"
#include "service/reconciler.hpp"
#include "service/store_gauges.hpp"
#include "telemetry/labelled.hpp"
#include "telemetry/metrics.hpp"

namespace tollgate {

/// What all threads of the service share; it outlives them.
struct Shared {
    EngineShared engine;
    Metrics& metrics;
    LabelledHistogram& requests;  // by method, route and status class
    StoreGauges& gauges;
    const Authenticator& authenticator;
    const HealthMonitor& health;
    http::Counters& counters;
    sandbox::World& world;
    std::optional<Reconciler>& reconciler;  // there before anybody listens
    CensusStore& census;
    ReconciliationStore& reconciliation;
    Console& console;
};

/// All that one thread runs: its loop's charges, and the server in front of them.
class Worker {
public:
    static Result<std::unique_ptr<Worker>> make(Loop& loop, Shared& shared);

    /// Begins to serve on this socket, with TLS when there is a context.
    void listen(http::Acceptor acceptor, std::shared_ptr<asio::ssl::context> tls);

    /// Goes on with a charge that was claimed.
    Task<void> resume(ChargeRow row) { return engine_.resume(std::move(row)); }

    /// For the reconciler, on the worker's thread.
    [[nodiscard]] Engine& engine() noexcept { return engine_; }

    /// Takes up the webhooks that any process left behind, until it is drained. On the worker's thread.
    Task<void> run_inbox() { return engine_.inbox().run(); }

    /// Takes no more charges from now on, and goes on to answer whoever asks. On the worker's thread.
    void begin_drain() noexcept { engine_.close_door(); }

    /// Lets the charges that were accepted finish, stops listening, and lets everything else finish until `hand_over_at`;
    /// then hands its sagas over. True when everything had ended by `deadline`. On the worker's thread.
    Task<bool> drain(SteadyTime hand_over_at, SteadyTime deadline);

private:
    Worker(Loop& loop, Shared& shared, Exchanges exchanges)
        : loop_(loop), shared_(shared), engine_(loop.runtime, shared.engine, std::move(exchanges)) {}
    [[nodiscard]] http::Router routes();
    [[nodiscard]] http::Options options(std::shared_ptr<asio::ssl::context> tls) const;

    Loop& loop_;
    Shared& shared_;
    Engine engine_;
    std::unique_ptr<http::Server> server_;
};

}  // namespace tollgate
