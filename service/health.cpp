#include "service/health.hpp"

#include <boost/json.hpp>
#include <utility>

#include "telemetry/log.hpp"

namespace tollgate {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr std::string_view media_type = "application/health+json";

/// The breakers of one dependency: well unless one is tripped, which is a warning and no failure.
json::array dependency(const std::vector<BreakerView>& breakers, std::string_view name, const std::string& time) {
    json::object check{{"componentType", "component"}, {"status", "pass"}, {"time", time}};
    for (const BreakerView& breaker : breakers) {
        if (!breaker.name.starts_with(name) || breaker.state == BreakerState::closed) continue;
        check["status"] = "warn";
        check["output"] = "the breaker " + breaker.name + " is " + std::string(tollgate::name(breaker.state));
    }
    return {std::move(check)};
}

}  // namespace

HealthMonitor::HealthMonitor(const Runtime& runtime, StoreHealth& store, const Breakers& breakers, std::function<Queue()> queue)
    : runtime_(runtime), store_(store), breakers_(breakers), queue_(std::move(queue)), timer_(runtime.timers.make()) {
    renew();  // not ready yet, in the words of a report
}

Task<void> HealthMonitor::look() {
    const auto well = co_await store_.check();
    const std::string error = well ? std::string() : well.error().detail;
    if (error != store_error_ && well) log::info("the store is well again");
    if (error != store_error_ && !well) log::error("the store cannot be written to", {{"why", error}});
    store_error_ = error;
    renew();
}

Task<void> HealthMonitor::run() {
    while (!stopping_) {
        co_await look();
        if (!stopping_) co_await timer_->wait_until(runtime_.clock.steady() + 1s);
    }
}

void HealthMonitor::stop() noexcept {
    stopping_ = true;
    timer_->wake();
}

void HealthMonitor::drain() {
    draining_ = true;
    renew();
}

void HealthMonitor::renew() {
    const std::string time = to_rfc3339(runtime_.clock.wall());
    const auto breakers = breakers_.snapshot(runtime_.clock.steady());
    const Queue queue = queue_();
    const bool full = queue.in_flight >= queue.in_flight_max;

    json::object store{{"componentType", "datastore"}, {"status", store_error_.empty() ? "pass" : "fail"}, {"time", time}};
    if (!store_error_.empty()) store["output"] = store_error_;
    json::object checks;
    checks["store"] = json::array{std::move(store)};
    for (const std::string_view name : {"gateway", "inventory", "shipping"}) checks[name] = dependency(breakers, name, time);
    checks["queue"] = json::array{json::object{{"componentType", "system"},
                                               {"observedValue", queue.in_flight},
                                               {"observedUnit", "requests"},
                                               {"status", full ? "warn" : "pass"},
                                               {"time", time}}};

    std::string_view status = "pass";
    for (const auto& check : checks) {
        if (check.value().at(0).at("status") != "pass") status = "warn";
    }
    const bool ready = store_error_.empty() && !draining_;
    if (!ready) status = "fail";
    json::object body{{"status", status}, {"version", TOLLGATE_VERSION}};
    if (draining_) body["output"] = "the service is shutting down";
    body["checks"] = std::move(checks);

    auto report = std::make_shared<const Report>(ready, json::serialize(body));
    const std::lock_guard lock(mutex_);
    report_ = std::move(report);
}

std::shared_ptr<const HealthMonitor::Report> HealthMonitor::report() const {
    const std::lock_guard lock(mutex_);
    return report_;
}

std::vector<http::Route> health_routes(const HealthMonitor& monitor) {
    const auto ready = [&monitor](http::Request&) -> Task<http::Response> {
        const auto report = monitor.report();
        co_return http::Response{.status = report->ready ? 200 : 503,
                                 .content_type = std::string(media_type),
                                 .body = report->body,
                                 .headers = {{"Cache-Control", "no-store"}}};
    };
    const auto live = [](http::Request&) -> Task<http::Response> {
        co_return http::Response{.content_type = std::string(media_type), .body = R"({"status":"pass"})"};
    };
    return {{.method = "GET", .pattern = "/health", .handler = ready},
            {.method = "GET", .pattern = "/health/ready", .handler = ready},
            {.method = "GET", .pattern = "/health/live", .handler = live}};
}

}  // namespace tollgate
