#pragma once

#include <catch2/catch.hpp>
#include <deque>

#include "notify/notifier.hpp"
#include "signing/signatures.hpp"
#include "support/kept_pages.hpp"
#include "support/memory_store.hpp"
#include "support/virtual_time.hpp"

namespace tollgate::test {

using namespace std::chrono_literals;

/// The key of the example that Standard Webhooks publishes.
inline const std::string published_key = *standard_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");

inline Event event_of(const std::string& charge, int number, const std::string& type = "charge.succeeded") {
    return {.id = "evt_00" + charge + std::to_string(number),
            .queue = EventQueue::outgoing,
            .type = type,
            .charge_id = "ch_00" + charge,
            .body = R"({"type":")" + type + R"(","number":)" + std::to_string(number) + "}"};
}

inline std::string header(const OutboundRequest& request, std::string_view name) {
    for (const auto& [known, value] : request.headers) {
        if (known == name) return value;
    }
    return {};
}

/// The shop's end: answers what the test says, after `takes`, and keeps what it got.
class Shop final : public Exchange {
public:
    struct Arrival {
        OutboundRequest request;
        WallTime at;
    };

    explicit Shop(const Runtime& runtime) : runtime_(runtime) {}

    Result<OutboundReply> always = OutboundReply{.status = 200};
    std::deque<Result<OutboundReply>> at_first;  // one a request, before `always`
    Milliseconds takes{0};
    std::vector<Arrival> arrivals;
    std::size_t inside = 0;
    std::size_t inside_max = 0;

    Task<Result<OutboundReply>> exchange(OutboundRequest request) override {
        arrivals.push_back({request, runtime_.clock.wall()});
        inside_max = std::max(inside_max, ++inside);
        auto reply = at_first.empty() ? always : at_first.front();
        if (!at_first.empty()) at_first.pop_front();
        if (takes > Milliseconds(0)) co_await sleep_for(runtime_, takes);
        --inside;
        co_return reply;
    }

    [[nodiscard]] std::vector<std::string> ids() const {
        std::vector<std::string> ids;
        for (const Arrival& one : arrivals) ids.push_back(header(one.request, "webhook-id"));
        return ids;
    }

private:
    const Runtime& runtime_;
};

class KeptOutcomes final : public DurationMeter {
public:
    std::vector<std::string> outcomes;
    void observe(std::string_view name, std::chrono::duration<double>, std::string_view outcome) override {
        outcomes.push_back(std::string(name) + " " + std::string(outcome));
    }
};

/// A notifier, what it reads and whom it tells.
struct Desk {
    VirtualTime time;
    MemoryStore store;
    Shop shop{time.runtime()};
    KeptPages pager;
    KeptOutcomes meter;
    std::vector<std::string> told;
    std::size_t untold = 0;
    std::unique_ptr<Notifier> notifier = make();

    std::unique_ptr<Notifier> make() {
        return std::make_unique<Notifier>(time.runtime(), store.event_store(), shop, NotifyTarget{"/hooks?t=1", published_key},
                                          pager, meter, [this](const FailedDelivery& failed) {
                                              told.push_back(failed.event.id + ": " + std::string(failed.why));
                                              untold += failed.untold;
                                          });
    }

    void write(Event event) {
        event.at = time.wall();
        store.events.queue({event}, event.at);
    }
    void start() { time.start(notifier->run()); }
    void stop() {
        notifier->stop();
        time.run_out();
    }
    const StoredEvent& stored(const Event& event) const { return *store.events.find(event.id); }
};

}  // namespace tollgate::test
