#include <catch2/catch.hpp>

#include "pipeline/circuit_breaker.hpp"
#include "pipeline/fleet_breakers.hpp"
#include "support/memory_fleet.hpp"
#include "unit/pipeline/scripted.hpp"

using namespace tollgate;
using namespace std::chrono_literals;
using test::Call;

namespace {

/// Four processes, a gateway that is up or down, and a store that comes and goes: all drawn from the seed.
struct Course {
    struct Process {
        Process(Course& course, std::string name) : exchange(course.time.runtime(), breakers, course.fleet, std::move(name)) {
            std::ignore = breakers.at("g");
        }
        Breakers breakers{{.failure_threshold = 3, .recovery_timeout = 10s, .success_threshold = 2}};
        FleetBreakers exchange;
        int probing = 0;  // calls under way that began while half-open
    };

    explicit Course(std::uint64_t seed) : time(seed) {
        for (int i = 0; i < 4; ++i) {
            processes.push_back(std::make_unique<Process>(*this, "p" + std::to_string(i)));
            time.start(processes.back()->exchange.run());
        }
        time.settle();
    }

    std::uint64_t draw(std::uint64_t below) { return time.runtime().random.next() % below; }

    Task<Result<std::string>> gateway(Call) {
        const bool well = up;
        co_await sleep_for(time.runtime(), Milliseconds(10 + static_cast<int>(draw(500))));
        if (!well) co_return fail(Code::network_error, "down");
        co_return std::string("ok");
    }

    Task<void> call(Process& process) {
        auto ask = [this, &process](Call asked) -> Task<Result<std::string>> {
            const bool probe = process.breakers.at("g").state() == BreakerState::half_open;
            process.probing += probe;
            watch();
            auto result = co_await gateway(std::move(asked));
            process.probing -= probe;
            co_return result;
        };
        auto service = circuit_breaker(process.breakers, "g", time.runtime()) | std::ref(ask);
        const auto result = co_await service(Call{time.steady() + 1min});
        answered += result.has_value();
        refused += !result && result.error().code == Code::circuit_open;
    }

    /// Those that probe, at a time when everybody has heard from the store lately.
    void watch() {
        int probers = 0;
        for (const auto& process : processes) probers += process->probing > 0;
        if (time.steady() - store_trouble > 12s) most_probers = std::max(most_probers, probers);
        for (const auto& process : processes) probes_max = std::max(probes_max, process->probing);
    }

    void pass(std::chrono::seconds span) {
        for (auto ms = 0ms; ms < span; ms += 100ms) {
            if (draw(2) == 0) time.start(call(*processes[draw(processes.size())]));
            if (fleet.away) store_trouble = time.steady();
            time.advance(100ms);
        }
    }

    test::VirtualTime time;
    test::MemoryFleet fleet{time};
    bool up = true;
    SteadyTime store_trouble = SteadyTime{};
    int answered = 0;
    int refused = 0;
    int most_probers = 0;
    int probes_max = 0;
    std::vector<std::unique_ptr<Process>> processes;
};

}  // namespace

TEST_CASE("whatever the gateway and the store go through one process probes at a time and all recover") {
    bool probed = false;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        CAPTURE(seed);
        Course course(seed);
        for (int phase = 0; phase < 12; ++phase) {
            course.up = course.draw(2) == 0;
            course.fleet.away = course.draw(4) == 0;
            course.fleet.takes = Milliseconds(course.draw(3) * 20);
            if (course.draw(12) == 0) {
                course.fleet.forget();
                course.store_trouble = course.time.steady();
            }
            course.pass(std::chrono::seconds(5 + course.draw(30)));
        }
        CHECK(course.most_probers <= 1);
        CHECK(course.probes_max <= 2);
        probed |= course.most_probers == 1;

        course.fleet.away = false;
        course.up = true;
        course.pass(30s);
        course.answered = course.refused = 0;
        course.pass(10s);
        CHECK(course.refused == 0);
        CHECK(course.answered > 0);
        for (const auto& process : course.processes) CHECK(process->breakers.at("g").state() == BreakerState::closed);

        // And when it fails again, everybody knows within two seconds.
        course.up = false;
        course.pass(5s);
        course.time.advance(2s);
        for (const auto& process : course.processes) CHECK(process->breakers.at("g").state() != BreakerState::closed);
        for (const auto& process : course.processes) process->exchange.stop();
        course.time.settle();
    }
    CHECK(probed);
}
