#pragma once

#include <functional>
#include <memory>

#include "async/runtime.hpp"
#include "stores/ports.hpp"

namespace tollgate {

struct RecoveryPolicy {
    Milliseconds lease{30'000};
    Milliseconds interval{500};       // between looks at the store when nothing is due
    std::size_t concurrent_max = 64;  // charges in work at once; the rest stays in the store
};

/// Takes up, for as long as it runs, every charge that is due and that nobody owns: what a dead process left, and what
/// waits for its next look-up. One a process; used on its runtime's thread only.
class Recovery {
public:
    /// Works one claimed charge until it is finished or parked again.
    using Resume = std::function<Task<void>(ChargeRow)>;

    /// The store outlives it.
    Recovery(Runtime runtime, ChargeStore& store, RecoveryPolicy policy, Resume resume);

    /// Claims until `stop`; completes when the last charge it took up is left again.
    Task<void> run();
    void stop() noexcept;

private:
    Task<void> work(ChargeRow row);

    Runtime runtime_;
    ChargeStore& store_;
    RecoveryPolicy policy_;
    Resume resume_;
    std::unique_ptr<Timer> timer_;
    std::size_t working_ = 0;
    bool stopping_ = false;
};

}  // namespace tollgate
