#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "resilience/breakers.hpp"
#include "service/http/message.hpp"
#include "stores/ports.hpp"

namespace tollgate {

/// How the service is, as a body that any thread may hand out: looked at once a second, not once a request.
/// Format: draft-inadarei-api-health-check-06.
class HealthMonitor {
public:
    struct Queue {
        std::size_t in_flight = 0;
        std::size_t in_flight_max = 0;
    };

    /// Everything borrowed outlives it.
    HealthMonitor(const Runtime& runtime, StoreHealth& store, const Breakers& breakers, std::function<Queue()> queue);

    /// Looks at everything and renews the report.
    Task<void> look();

    /// Looks once a second until `stop`; on its runtime's thread.
    Task<void> run();
    void stop() noexcept;

    /// From now on not ready: load balancers go elsewhere.
    void drain();

    struct Report {
        bool ready = false;
        std::string body;
    };
    [[nodiscard]] std::shared_ptr<const Report> report() const;

private:
    void renew();

    const Runtime& runtime_;
    StoreHealth& store_;
    const Breakers& breakers_;
    std::function<Queue()> queue_;
    std::unique_ptr<Timer> timer_;
    std::string store_error_;  // empty: well, as a store that was just opened is
    bool stopping_ = false;
    bool draining_ = false;
    mutable std::mutex mutex_;  // guards report_
    std::shared_ptr<const Report> report_;
};

/// GET /health, /health/ready and /health/live.
[[nodiscard]] std::vector<http::Route> health_routes(const HealthMonitor& monitor);

}  // namespace tollgate
