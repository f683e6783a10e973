#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "async/runtime.hpp"
#include "gateway/outside.hpp"
#include "reconciliation/discrepancy.hpp"
#include "stores/reconciliation.hpp"

namespace tollgate::reconciliation {

/// A page of what the gateway lists under a UTC day; `cursor` as it was given out, empty for the first. What it lists may lie
/// on other days: it counts for the day that its `created_at` names.
using GatewayBooks = std::function<Task<Result<TransactionPage>>(std::chrono::sys_days day, std::string cursor)>;

/// Both sides' books, for one comparison; what is borrowed outlives it.
struct Books {
    ReconciliationStore& ledger;
    ChargeStore& charges;
    GatewayBooks gateway;
    bool lists_disputes = false;  // the gateway does; else a dispute that only we know of is left out
    bool own_thread = true;       // for sorting; false: it is done on the caller's, e.g. where time is not real
};

/// For whoever watches; told from time to time on the executor of the run. When something of ours is left over, the gateway's
/// neighbouring days come as `gateway` once more, after the comparison.
struct Progress {
    enum class Phase : std::uint8_t { ledger, gateway, compare, act };
    Phase phase = Phase::ledger;
    std::uint64_t done = 0;   // records
    std::uint64_t total = 0;  // 0: nobody knows
};
using Watch = std::function<void(const Progress&)>;

/// What is found, in the order of references, kept outside of the memory. Blocks while it reads: at most some milliseconds for
/// each thousand.
class Findings {
public:
    virtual ~Findings() = default;
    /// The next ones, at most `most`; none: that was all.
    [[nodiscard]] virtual Result<std::vector<Discrepancy>> next(std::size_t most) = 0;
};

/// A comparison that is done.
struct Outcome {
    Tally tally;
    std::unique_ptr<Findings> findings;
};

/// Does something about discrepancies, writes what into their `action`. Fails when it cannot be done now.
using Handle = std::function<Task<Result<void>>(std::vector<Discrepancy>&)>;

/// Compares a UTC day of the ledger with the same day of the gateway's books, and hands what is found to `handle`, a few
/// hundred at a time, once all has been compared: nothing is done about half a day. Compared are captures, refunds and
/// disputes.
///
/// Of each reference the entries are paired: by type and the gateway's id; what is left, by type, amount and currency; then,
/// one each, by type. A gateway may number its transactions otherwise than it answered our calls; whether it does shows in the
/// pairs of the day (pair.hpp, Naming), and then no charge is told of what it missed, since nobody can tell that from what it
/// knows. What one side has left over is looked for on the neighbouring days of the other (`late`, unless the money differs).
/// Movements that the gateway calls failed, voided or only authorized and that we do not have moved nothing, and are passed
/// over. What is missing_internal and may be told to its charge has the action `left`.
///
/// Memory does not grow with the day: both sides are sorted by reference outside of it, in unnamed temporary files (where
/// SQLITE_TMPDIR or TMPDIR points, about 250 bytes a record), which are gone with the process. Only that work is done on a
/// thread of its own; everything else on the caller's executor.
///
/// Fails where a side cannot be read (the gateway's pages are asked for three times), where the temporary files cannot be
/// written, or where `handle` fails; running again is harmless.
[[nodiscard]] Task<Result<Outcome>> reconcile(const Runtime& runtime, Books books, std::chrono::sys_days day, Handle handle,
                                              Watch watch = {});

}  // namespace tollgate::reconciliation
