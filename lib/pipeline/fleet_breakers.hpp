#pragma once

#include <memory>
#include <string>

#include "async/runtime.hpp"
#include "resilience/breakers.hpp"
#include "stores/fleet.hpp"

namespace tollgate {

/// Keeps the breakers of this process in step with those of the other processes of the fleet: tells what happened here and
/// learns what happened elsewhere, in the background. No call waits for it. A store that is away is asked again at the next
/// turn; until then the breakers decide by what they know.
class FleetBreakers {
public:
    /// `process` is this process' name, unlike every other's. Breakers and store outlive it. Made before other threads use the
    /// breakers, whose `on_news` it takes.
    FleetBreakers(const Runtime& runtime, Breakers& breakers, FleetStore& store, std::string process);
    ~FleetBreakers();
    FleetBreakers(const FleetBreakers&) = delete;
    FleetBreakers& operator=(const FleetBreakers&) = delete;

    /// One turn. Fails as the store does, with nothing changed.
    Task<Result<void>> exchange();

    /// A turn once a second, and at once when there are news; until `stop`. On its runtime's thread.
    Task<void> run();
    void stop() noexcept;

private:
    struct Bell;

    const Runtime& runtime_;
    Breakers& breakers_;
    FleetStore& store_;
    const std::string process_;
    const std::shared_ptr<Bell> bell_;
    bool stopping_ = false;
};

}  // namespace tollgate
