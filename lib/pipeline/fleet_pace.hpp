#pragma once

#include <memory>
#include <string>

#include "async/runtime.hpp"
#include "stores/fleet.hpp"

namespace tollgate {

/// A pace that all processes of a fleet keep together towards one dependency. Takes places from the store in blocks: as many
/// as calls wait now, at most a tenth of a second's worth, one block after the other. When the next place is more than a tenth
/// of a second ahead anyway, calls are gathered until then, so under load a block costs one trip and a call none. First come,
/// first served. For one event loop, on its thread; a process has one for each.
class FleetPace {
public:
    /// `name` is the pace's, the same in all processes. The store and the runtime outlive it.
    FleetPace(const Runtime& runtime, FleetStore& store, std::string name, GcraPolicy policy);
    ~FleetPace();
    FleetPace(const FleetPace&) = delete;
    FleetPace& operator=(const FleetPace&) = delete;

    /// The moment to go, now or later. Fails with `gateway_busy`, and nothing is to be sent, when that would be after `latest`
    /// (then with how long until there is a place) or when the store does not tell.
    Task<Result<SteadyTime>> reserve(SteadyTime latest);

private:
    struct State;
    static Task<void> ask(std::shared_ptr<State> state);

    std::shared_ptr<State> state_;
};

}  // namespace tollgate
