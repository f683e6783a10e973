#include "service/app.hpp"

#include <unistd.h>

#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <thread>
#include <utility>

#include "notify/notifier.hpp"
#include "pipeline/fleet_breakers.hpp"
#include "saga/recovery.hpp"
#include "service/canary.hpp"
#include "service/config/values.hpp"
#include "service/fraud.hpp"
#include "service/http/tls.hpp"
#include "service/metered_store.hpp"
#include "service/pages.hpp"
#include "service/store.hpp"
#include "service/target.hpp"
#include "service/worker.hpp"
#include "signing/signatures.hpp"
#include "telemetry/log.hpp"

namespace tollgate {
namespace {

using namespace std::chrono_literals;

std::size_t thread_count(int configured) {
    return configured > 0 ? static_cast<std::size_t>(configured) : std::max(1U, std::thread::hardware_concurrency());
}

void tell_failed_delivery(const FailedDelivery& failed) {
    log::warn("an event was not delivered", {{"id", failed.event.id},
                                             {"type", failed.event.type},
                                             {"charge_id", failed.event.charge_id},
                                             {"why", failed.why},
                                             {"failures", failed.failures},
                                             {"again_in_seconds", std::chrono::ceil<std::chrono::seconds>(failed.wait).count()},
                                             {"untold", failed.untold}});
}

/// The store counts by itself; /metrics tells what has come since it was last asked.
void tell_store_counts(Metrics& metrics, const Store& store) {
    const auto transitions = metrics.counter("store_transitions_total", "Durable steps of charges.");
    const auto commits = metrics.counter("store_commits_total", "Commits of the store; a commit carries many transitions.");
    metrics.before_each_text([&store, transitions, commits, told = Store::Counts()]() mutable {
        const Store::Counts now = store.counts();
        transitions.add(static_cast<double>(now.transitions - told.transitions));
        commits.add(static_cast<double>(now.commits - told.commits));
        told = now;
    });
}

void tell_process(Metrics& metrics, WallTime now) {
    metrics.gauge("build_info", "Always 1; the label tells which version runs.", {{"version", TOLLGATE_VERSION}}).set(1);
    metrics.gauge("process_start_time_seconds", "When this process began to serve, in seconds since 1970.")
        .set(std::chrono::duration<double>(now.time_since_epoch()).count());
}

double level_of(BreakerState state) {
    switch (state) {
        case BreakerState::closed:
            return 0;
        case BreakerState::half_open:
            return 1;
        case BreakerState::open:
            return 2;
    }
    return 2;
}

void tell_breakers(Metrics& metrics, const Breakers& breakers, const Clock& clock) {
    metrics.before_each_text([&metrics, &breakers, &clock] {
        for (const BreakerView& view : breakers.snapshot(clock.steady())) {
            metrics
                .gauge("breaker_state", "0: closed, calls pass; 1: half open, it is being tried; 2: open, calls are refused.",
                       {{"name", view.name}})
                .set(level_of(view.state));
        }
    });
}

void tell_server(Metrics& metrics, const http::Counters& counters) {
    const auto in_flight = metrics.gauge("http_requests_in_flight", "Requests that are being worked on.");
    const auto connections = metrics.gauge("http_connections", "Connections that are open.");
    const auto refused =
        metrics.counter("http_overload_refusals_total", "Requests answered 503 because too many were in flight.");
    metrics.before_each_text([&counters, in_flight, connections, refused, told = std::uint64_t{0}]() mutable {
        in_flight.set(static_cast<double>(counters.in_flight.load()));
        connections.set(static_cast<double>(counters.connections.load()));
        const std::uint64_t now = counters.refused.load();
        refused.add(static_cast<double>(now - std::exchange(told, now)));
    });
}

/// Unlike every other's, wherever it runs; for people as well.
std::string process_name(Random& random) {
    std::array<char, 65> host{};
    ::gethostname(host.data(), host.size() - 1);
    return std::string(host.data()) + "/" + std::to_string(::getpid()) + "/" + std::to_string(random.next());
}

Task<void> wait_for_signal(asio::signal_set& signals) {
    boost::system::error_code ignored;
    co_await signals.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

/// The running service: what it is made of, in the order it must be taken down.
class Service {
public:
    Service(const Settings& settings, Store& store, std::vector<std::unique_ptr<Loop>>& loops)
        : settings_(settings), store_(store), loops_(loops), first_(loops.front()->runtime) {}

    /// The sentence when it cannot start.
    std::optional<std::string> start() {
        if (!settings_.page.url.empty()) {
            auto target = open_target(first_, settings_.page.url, "page.url");
            if (!target) return target.error().detail;
            page_target_ = std::move(*target);
        }
        pages_.emplace(first_, page_target_.client.get(), page_target_.path);
        if (!settings_.notify.url.empty()) {
            auto target = open_target(first_, settings_.notify.url, "notify.url");
            if (!target) return target.error().detail;
            notify_target_ = std::move(*target);
            NotifyTarget shop{notify_target_.path, standard_key(settings_.notify.secret).value_or("")};
            notifier_.emplace(first_, events_, *notify_target_.client, std::move(shop), *pages_, metrics_,
                              tell_failed_delivery);
        }
        std::shared_ptr<asio::ssl::context> tls;
        if (!settings_.server.tls_certificate.empty()) {
            auto made = http::make_server_tls(
                {settings_.server.tls_certificate, settings_.server.tls_private_key, settings_.server.tls_client_ca});
            if (!made) return made.error().detail;
            tls = std::move(*made);
        }
        tell_store_counts(metrics_, store_);
        tell_process(metrics_, first_.clock.wall());
        tell_breakers(metrics_, breakers_, first_.clock);
        tell_server(metrics_, counters_);
        if (store_.fleet() != nullptr) fleet_.emplace(first_, breakers_, *store_.fleet(), process_name(first_.random));
        if (settings_.gateway.max_per_second > 0 && store_.fleet() == nullptr)
            outbound_.emplace(GcraPolicy{settings_.gateway.max_per_second, 1s, settings_.gateway.max_per_second});
        const OutsideShared outside{breakers_, metrics_, outbound_ ? &*outbound_ : nullptr, store_.fleet()};
        webhook_watch_.emplace(*pages_, webhook_sources_);
        shared_.emplace(Shared{{settings_, charges_, events_, store_.audit(), *pages_, fraud_.screen(), outside,
                                webhook_sources_, *webhook_watch_},
                               metrics_,
                               requests_,
                               gauges_,
                               authenticator_,
                               health_,
                               counters_,
                               world_,
                               reconciler_,
                               store_.census(),
                               store_.reconciliation(),
                               console_});
        for (const auto& loop : loops_) {
            auto worker = Worker::make(*loop, *shared_);
            if (!worker) return worker.error().detail;
            workers_.push_back(std::move(*worker));
        }
        if (settings_.gateway.kind == "sandbox" && !settings_.reconcile.at.empty()) {
            log::warn(
                "the sandbox inside the service forgets its books at a restart: the days that reconcile.at compares may page "
                "about "
                "honest captures; run `tollgate sandbox`, with gateway.kind \"http\" and gateway.url");
        }
        reconciler_.emplace(first_, reconciler_parts(workers_.front()->engine()));
        auto acceptors = open_listeners(loops_, settings_.server.listen);
        if (!acceptors) return acceptors.error().detail;
        const auto address = acceptors->front().local_endpoint();
        for (std::size_t i = 0; i < workers_.size(); ++i) workers_[i]->listen(std::move((*acceptors)[i]), tls);
        spawn(first_.executor, health_.run());
        spawn(first_.executor, recovery_.run());
        spawn(first_.executor, workers_.front()->run_inbox());
        if (fleet_) spawn(first_.executor, fleet_->run());
        if (notifier_) spawn(first_.executor, notifier_->run());
        spawn(first_.executor, reconciler_->run());
        spawn(first_.executor, supervise());
        log::info("started",
                  {{"version", TOLLGATE_VERSION}, {"address", http::to_string(address)}, {"threads", workers_.size()}});
        announce(address);
        return std::nullopt;
    }

    /// Everything that was accepted had ended when the loops stopped.
    [[nodiscard]] bool ended_clean() const noexcept { return clean_ && left_to_drain_ == 0; }

private:
    /// The reconciler works on the first loop, with what the first worker has.
    [[nodiscard]] ReconcilerParts reconciler_parts(Engine& engine) {
        return {.books = {store_.reconciliation(), charges_, engine.books(), engine.gateway_traits().lists_disputes},
                .events = events_,
                .audit = store_.audit(),
                .metrics = metrics_,
                .look_up = [&engine](std::string id) { return engine.look_up(std::move(id)); },
                .page = [this](Page page, std::string key) { return pages_->deliver(std::move(page), std::move(key)); },
                .lease = settings_.saga.lease,
                .daily = config::parse_time_of_day(settings_.reconcile.at)};
    }

    /// Waits for the word to stop, then lets every worker finish within the drain time.
    Task<void> supervise() {
        co_await wait_for_signal(signals_);
        log::info("shutting down: no longer ready, finishing what was accepted");
        health_.drain();
        recovery_.stop();
        if (fleet_) fleet_->stop();
        if (notifier_) notifier_->stop();
        reconciler_->stop();
        const SteadyTime deadline = first_.clock.steady() + settings_.server.drain_timeout;
        const SteadyTime hand_over_at = deadline - std::min<Milliseconds>(5s, settings_.server.drain_timeout / 4);
        left_to_drain_ = workers_.size() + (notifier_ ? 1 : 0) + 1;
        if (notifier_) spawn(first_.executor, drain_notifier(deadline));
        spawn(first_.executor, drain_reconciler(deadline));
        for (std::size_t i = 0; i < workers_.size(); ++i) {
            spawn(loops_[i]->runtime.executor, drain_one(*workers_[i], hand_over_at, deadline));
        }
        co_await wait_for_signal(signals_);
        log::warn("told to stop a second time: leaving at once");
        clean_ = false;
        stop_loops();
    }

    Task<void> drain_one(Worker& worker, SteadyTime hand_over_at, SteadyTime deadline) {
        worker.begin_drain();
        const bool idle = co_await worker.drain(hand_over_at, deadline);
        drained(idle);
    }

    Task<void> drain_notifier(SteadyTime deadline) {
        const bool ended = co_await notifier_->ended(deadline);
        drained(ended);
    }

    Task<void> drain_reconciler(SteadyTime deadline) {
        const bool ended = co_await reconciler_->ended(deadline);
        drained(ended);
    }

    void drained(bool clean) {
        if (!clean) clean_ = false;
        if (--left_to_drain_ == 0) stop_loops();
    }

    void stop_loops() {
        for (const auto& loop : loops_) loop->io.stop();
    }

    const Settings& settings_;
    Store& store_;
    std::vector<std::unique_ptr<Loop>>& loops_;
    const Runtime& first_;

    Metrics metrics_;
    StoreTimer store_timer_{metrics_, first_.clock};
    MeteredCharges charges_{store_.charges(), store_timer_, metrics_};
    MeteredEvents events_{store_.events(), store_timer_};
    LabelledHistogram requests_{metrics_,
                                "http_request",
                                "Requests, from their whole head to the last byte of their answer.",
                                {"method", "route", "status"}};
    StoreGauges gauges_{charges_, store_.census(), settings_.store.timeout};
    Authenticator authenticator_{settings_.auth.keys};
    http::Counters counters_;
    Breakers breakers_{
        {settings_.breaker.failure_threshold, settings_.breaker.recovery_timeout, settings_.breaker.success_threshold},
        [](const BreakerChange& change) {
            log::warn(
                "breaker",
                {{"name", change.name}, {"from", name(change.from)}, {"to", name(change.to)}, {"learned", change.from_fleet}});
        }};
    Console console_{
        {authenticator_, store_.sessions(), store_.audit(), {settings_, breakers_, counters_, charges_, store_.census()}}};
    sandbox::World world_{{.forgetful_of_past = true, .records_max = 20'000}};
    std::optional<FleetBreakers> fleet_;
    std::optional<OutboundLimit> outbound_;
    Target page_target_, notify_target_;
    std::optional<Pages> pages_;
    std::optional<Notifier> notifier_;
    Fraud fraud_{settings_.fraud};
    const std::vector<webhooks::Source> webhook_sources_ = webhook_sources(settings_.webhook);
    std::optional<WebhookWatch> webhook_watch_;
    HealthMonitor health_{first_, store_.health(), breakers_,
                          [this] { return HealthMonitor::Queue{counters_.in_flight.load(), settings_.server.max_in_flight}; }};
    Recovery recovery_{first_, charges_, {.lease = settings_.saga.lease}, [this](ChargeRow row) {
                           return workers_.front()->resume(std::move(row));
                       }};
    std::optional<Reconciler> reconciler_;
    std::optional<Shared> shared_;
    std::vector<std::unique_ptr<Worker>> workers_;
    asio::signal_set signals_{first_.executor, SIGTERM, SIGINT};
    std::atomic<std::size_t> left_to_drain_{0};
    std::atomic<bool> clean_{true};
};

}  // namespace

int serve(Settings settings) {
    harden_process();
    SystemRandom random;
    if (const auto leak = find_leak(every_sink(), random)) return say(*leak);
    log::start({.level = log::level_from(settings.log.level),
                .format = settings.log.format == "text" ? log::Format::text : log::Format::json});
    auto loops = make_loops(thread_count(settings.server.threads));
    int code = 0;
    bool clean = true;
    {
        std::vector<const Runtime*> runtimes;
        for (const auto& loop : loops) runtimes.push_back(&loop->runtime);
        auto store = Store::open(settings, runtimes);
        if (!store) {
            log::stop();
            return say(store.error().detail);
        }
        Service service(settings, *store, loops);
        if (const auto why = service.start()) {
            code = say(*why);
        } else {
            wipe_secrets(settings);  // everything that needs them is built
            run_loops(loops);
            clean = service.ended_clean();
        }
        if (!clean) {
            // Coroutines are left that borrow what would now be destroyed: let the store finish, and leave.
            store->close();
            log::warn("left with work unfinished; it is resumed by whoever starts next");
            log::stop();
            std::_Exit(0);
        }
    }
    log::info("stopped");
    log::stop();
    return code;
}

}  // namespace tollgate
