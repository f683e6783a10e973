#pragma once

#include <algorithm>
#include <map>

#include "stores/fleet.hpp"
#include "support/virtual_time.hpp"

namespace tollgate::test {

/// What Redis keeps for a fleet, in memory and in virtual time: the model of fleet.hpp that simulated processes share.
class MemoryFleet final : public FleetStore {
public:
    explicit MemoryFleet(VirtualTime& time) : time_(time) {}

    bool away = false;       // asked now, it fails after `takes`
    Milliseconds takes{0};   // there and back: half of it before it answers, half after
    int exchanges = 0;       // answered
    int changes = 0;         // of breakers
    int blocks = 0;          // of places, asked for
    std::int64_t taken = 0;  // places

    void forget() {
        breakers_.clear();
        paces_.clear();
    }

    Task<Result<std::vector<BreakerStanding>>> exchange(std::string process, std::vector<BreakerNews> news) override {
        co_await travel();
        if (away) co_return fail(Code::store_unavailable, "away");
        for (const BreakerNews& told : news) hear(process, told);
        ++exchanges;
        std::vector<BreakerStanding> standings;
        for (const auto& [name, breaker] : breakers_) standings.push_back(seen_by(process, name, breaker));
        co_await travel();
        co_return standings;
    }

    Task<Result<Places>> take_places(std::string name, GcraPolicy policy, std::int64_t count, Milliseconds patience) override {
        ++blocks;
        co_await travel();
        if (away) co_return fail(Code::store_unavailable, "away");
        const SteadyTime now = time_.steady();
        SteadyTime& next = paces_[name];
        next = std::max(next, now);
        Places places{.first_in = std::chrono::ceil<std::chrono::microseconds>(next - now)};
        if (const auto spare = patience - (next - now); spare >= Milliseconds(0)) {
            places.count = std::min<std::int64_t>(count, spare * policy.requests / policy.per + 1);
            next += std::chrono::nanoseconds(policy.per) * places.count / policy.requests;
            taken += places.count;
        }
        co_await travel();
        co_return places;
    }

private:
    struct Kept {
        std::uint64_t era = 0;
        BreakerStanding::State state = BreakerStanding::State::closed;
        SteadyTime until{};
        std::string owner;
    };

    Task<void> travel() {
        if (takes > Milliseconds(0)) co_await sleep_for(time_.runtime(), takes / 2);
    }

    void hear(const std::string& process, const BreakerNews& told) {
        using State = BreakerStanding::State;
        const auto found = breakers_.find(told.name);
        const bool known = found != breakers_.end();
        const Kept was = known ? found->second : Kept{};
        if (was.era != told.seen) return;
        Kept is{++last_era_, State::closed, time_.steady() + told.lasts, {}};
        if (told.kind == BreakerNews::Kind::opened) is.state = State::open;
        if (told.kind == BreakerNews::Kind::wants_probes) {
            const bool again = was.state == State::probes_elsewhere && was.owner == process;
            const bool over = was.state != State::closed && was.until <= time_.steady();
            if (known && !again && !over) return;
            is.state = State::probes_elsewhere;
            is.owner = process;
        }
        ++changes;
        breakers_[told.name] = is;
    }

    BreakerStanding seen_by(const std::string& process, const std::string& name, const Kept& kept) {
        using State = BreakerStanding::State;
        const bool here = kept.state == State::probes_elsewhere && kept.owner == process;
        const auto left = std::chrono::ceil<Milliseconds>(std::max(kept.until - time_.steady(), SteadyTime::duration(0)));
        return {name, kept.era, here ? State::probes_here : kept.state, left};
    }

    VirtualTime& time_;
    std::uint64_t last_era_ = 100;
    std::map<std::string, Kept> breakers_;
    std::map<std::string, SteadyTime> paces_;
};

}  // namespace tollgate::test
