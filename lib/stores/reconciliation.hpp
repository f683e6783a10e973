#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stores/ports.hpp"

/// The seam to the ledger of a whole day, and to what its comparison with the gateway's books came to. Each operation is one
/// atomic transition, as in ports.hpp, and may run twice.
namespace tollgate {

/// A movement of money as the ledger has it for ever.
struct BookedEntry {
    std::string charge_id;
    LedgerEntry entry;
    WallTime at{};  // when it moved: the entry's `moved_at`, else the `now` of the step that wrote it

    friend bool operator==(const BookedEntry&, const BookedEntry&) = default;
};

/// Everything that moved on one UTC day, page by page, in an order of the store's own. What is written meanwhile may be missed;
/// nothing is told twice.
struct LedgerQuery {
    std::chrono::sys_days day;
    std::size_t limit = 1000;  // 1 … 1000
    std::string cursor;        // as given out; empty: from the beginning
};

struct LedgerPage {
    std::vector<BookedEntry> entries;
    std::string next_cursor;  // empty: that was the last page. A page may be short, or empty, though another one follows
};

/// The comparison of one day: who does it now, and what it came to the last time that it was done.
struct ReconciliationRun {
    std::uint64_t fence = 0;              // rises with every claim
    WallTime lease_until{};               // in the past: nobody does it
    std::optional<WallTime> finished_at;  // none: it was never done to its end
    std::string report;                   // with it; opaque here

    friend bool operator==(const ReconciliationRun&, const ReconciliationRun&) = default;
};

class ReconciliationStore {
public:
    virtual ~ReconciliationStore() = default;

    /// Fails with `bad_request` for a cursor this store did not give out.
    virtual Task<Result<LedgerPage>> ledger_of(LedgerQuery query) = 0;

    /// Takes the run of a day, under the number that is told: nothing when somebody's lease runs, or when it was done to its
    /// end at `done_since` or later.
    virtual Task<Result<std::optional<std::uint64_t>>> claim_run(std::chrono::sys_days day, WallTime now, WallTime lease_until,
                                                                 WallTime done_since) = 0;

    /// Both fail with `lease_lost` when the fence is not the run's own; then nothing was written. A past `lease_until` hands
    /// the run over. `finish_run` ends the lease for good: under that fence it cannot be extended any more.
    virtual Task<Result<void>> extend_run(std::chrono::sys_days day, std::uint64_t fence, WallTime lease_until) = 0;
    virtual Task<Result<void>> finish_run(std::chrono::sys_days day, std::uint64_t fence, std::string report, WallTime now) = 0;

    /// Nothing when nobody has ever taken it.
    virtual Task<Result<std::optional<ReconciliationRun>>> find_run(std::chrono::sys_days day) = 0;

    /// Notes for ever that something was done about a discrepancy of that day, under a name derived from both.
    virtual Task<Result<void>> note_action(std::chrono::sys_days day, std::string action) = 0;
    virtual Task<Result<bool>> is_noted(std::chrono::sys_days day, std::string action) = 0;
};

}  // namespace tollgate
