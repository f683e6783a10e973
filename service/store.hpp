#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "async/runtime.hpp"
#include "service/config.hpp"
#include "stores/audit_verdict.hpp"
#include "stores/census.hpp"
#include "stores/fleet.hpp"
#include "stores/ports.hpp"
#include "stores/reconciliation.hpp"
#include "stores/sessions.hpp"

namespace tollgate {

/// Both look at the audit log of the store that `store.url` names, beside serving processes or without any, and change nothing.
/// They block, and fail with a sentence when there is nothing that can be looked at.
[[nodiscard]] Result<AuditVerdict> verify_audit(const Settings& settings, const AuditProgress& progress);
[[nodiscard]] Result<AuditVerdict> export_audit(const Settings& settings, std::chrono::sys_days day, const AuditVisitor& visit);

/// The store that `store.url` names, behind its ports.
class Store {
public:
    /// What was made durable since the start.
    struct Counts {
        std::uint64_t transitions = 0;
        std::uint64_t commits = 0;  // of Redis: scripts that wrote
    };

    /// For these loops, which need not run yet and outlive it. Warns in the log of what a crash could lose. Blocks. Fails with
    /// a sentence that names what is to be mended.
    [[nodiscard]] static Result<Store> open(const Settings& settings, const std::vector<const Runtime*>& loops);

    /// For a command that only reads, beside serving processes or without any; what would write to a file fails. Else the same.
    [[nodiscard]] static Result<Store> open_to_read(const Settings& settings, const std::vector<const Runtime*>& loops);

    [[nodiscard]] ChargeStore& charges() const noexcept { return *charges_; }
    [[nodiscard]] EventStore& events() const noexcept { return *events_; }
    [[nodiscard]] ReconciliationStore& reconciliation() const noexcept { return *reconciliation_; }
    [[nodiscard]] SessionStore& sessions() const noexcept { return *sessions_; }
    [[nodiscard]] CensusStore& census() const noexcept { return *census_; }
    [[nodiscard]] AuditLog& audit() const noexcept { return *audit_; }
    [[nodiscard]] StoreHealth& health() const noexcept { return *health_; }
    /// None: no other process shares the store.
    [[nodiscard]] FleetStore* fleet() const noexcept { return fleet_; }
    [[nodiscard]] Counts counts() const { return counts_(); }

    /// Lets what was asked for finish.
    void close() { owner_.reset(); }

private:
    template <class Concrete>
    explicit Store(std::shared_ptr<Concrete> opened)
        : charges_(opened.get()),
          events_(&opened->events()),
          reconciliation_(&opened->reconciliation()),
          sessions_(&opened->sessions()),
          census_(opened.get()),
          audit_(opened.get()),
          health_(opened.get()) {
        owner_ = std::move(opened);
    }

    enum class Use : std::uint8_t { serve, read };
    static Result<Store> open_sqlite(const Settings& settings, Use use);
    static Result<Store> open_redis(const Settings& settings, const std::vector<const Runtime*>& loops, Use use);

    std::shared_ptr<void> owner_;
    ChargeStore* charges_;
    EventStore* events_;
    ReconciliationStore* reconciliation_;
    SessionStore* sessions_;
    CensusStore* census_;
    AuditLog* audit_;
    StoreHealth* health_;
    FleetStore* fleet_ = nullptr;
    std::function<Counts()> counts_;
};

}  // namespace tollgate
