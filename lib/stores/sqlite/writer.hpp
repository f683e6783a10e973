#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "stores/sqlite/audit_chain.hpp"
#include "stores/sqlite/job.hpp"
#include "stores/sqlite/sqlite_store.hpp"

namespace tollgate::sqlite {

/// The thread that owns the only writing connection. It takes what is waiting, up to a bound, does it in one transaction
/// and resumes the callers after the commit; while the disk syncs, the next batch gathers. Checkpoints and sweeps happen
/// when nothing waits, or when the log has grown large.
class Writer {
public:
    /// `database` is open, up to date and set up.
    Writer(Database database, const SqliteOptions& options);

    /// Finishes what is waiting, folds the log into the file and closes.
    ~Writer();

    void submit(Job& job);
    void append(AuditRecord record);

    /// Without a wait: why writing is known to fail, or nothing.
    [[nodiscard]] std::optional<PaymentError> trouble() const;
    /// Whether only a try can tell if the trouble is over.
    [[nodiscard]] bool worth_a_probe() const;

    /// Commits that wrote something, since it was opened.
    [[nodiscard]] std::uint64_t commits() const noexcept { return commits_.load(std::memory_order_relaxed); }
    /// Begins, take-overs, steps and claims of charges that were committed since then.
    [[nodiscard]] std::uint64_t transitions() const noexcept { return transitions_.load(std::memory_order_relaxed); }

private:
    void work();
    [[nodiscard]] bool gather(JobList& batch);
    void take_waiting(JobList& batch);

    void write(JobList& batch);
    [[nodiscard]] bool try_commit(JobList& batch);
    void recover(JobList& batch);
    void roll_back();
    void give_up(JobList& batch, const Failure& failure);

    [[nodiscard]] bool quiet_work_left() const;
    void quiet_step();
    void sweep();
    void checkpoint(int mode);
    void log_grew(int pages) noexcept;
    [[nodiscard]] bool stalled() const;

    const SqliteOptions options_;
    Session session_;
    AuditChain audit_;
    Statement begin_;
    Statement commit_;

    // The writer's thread only.
    std::vector<AuditRecord> audit_batch_;  // taken and not yet committed
    int log_pages_ = 0;                     // in the write-ahead log, as of the last commit
    int checkpoint_at_;                     // pages
    int batches_since_sweep_ = 0;
    bool checkpoint_left_ = false;
    bool last_failed_ = false;

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    JobList waiting_;
    std::vector<AuditRecord> audit_waiting_;
    SteadyTime audit_due_{};
    std::size_t audit_held_ = 0;  // waiting and in the batch
    std::size_t audit_lost_ = 0;
    WallTime audit_lost_at_{};
    bool asleep_ = false;
    bool stopping_ = false;
    std::optional<PaymentError> trouble_;  // written on the writer's thread only, as is the next
    bool trouble_for_good_ = false;
    std::atomic<std::uint64_t> commits_{0};
    std::atomic<std::uint64_t> transitions_{0};
    std::atomic<std::int64_t> commit_began_{0};  // steady nanoseconds; 0: none is under way

    std::thread thread_;  // last: it uses all of the above
};

}  // namespace tollgate::sqlite
