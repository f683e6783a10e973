#include "stores/sqlite/writer.hpp"

#include <unistd.h>

#include <cstdio>
#include <iterator>

namespace tollgate::sqlite {
namespace {

/// 16 MiB of 4 KiB pages: a page that is written again and again is copied into the file once.
constexpr int checkpoint_pages = 4'096;
constexpr Milliseconds quiet{100};
constexpr Milliseconds retry{1'000};
constexpr int batches_a_sweep = 64;

std::int64_t steady_now() {
    return std::chrono::steady_clock::now().time_since_epoch().count();
}

/// What the disk holds is unknown now, and a second fsync would wrongly say it is fine.
[[noreturn]] void end_process(const std::string& path, const Failure& failure) {
    std::fprintf(stderr,
                 "tollgate: the disk did not confirm a write to %s (%s); ending, so that a restart reads what is there\n",
                 path.c_str(), failure.text.c_str());
    ::_exit(70);
}

}  // namespace

Writer::Writer(Database database, const SqliteOptions& options)
    : options_(options),
      session_(std::move(database)),
      audit_(session_.database, options.audit_keys.signing()),
      begin_(session_.database, "BEGIN IMMEDIATE"),
      commit_(session_.database, "COMMIT"),
      checkpoint_at_(checkpoint_pages) {
    sqlite3_wal_hook(
        session_.database.handle(),
        [](void* self, sqlite3*, const char*, int pages) {
            static_cast<Writer*>(self)->log_grew(pages);
            return SQLITE_OK;
        },
        this);
    session_.housekeeping.keep_events(options_.event_retention);
    audit_.resume();
    thread_ = std::thread([this] { work(); });
}

Writer::~Writer() {
    {
        const std::lock_guard hold(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

void Writer::submit(Job& job) {
    bool wake = false;
    bool accepted = false;
    {
        const std::lock_guard hold(mutex_);
        accepted = waiting_.size() < options_.queue_max && !stopping_ && !stalled();
        if (accepted) {
            waiting_.push(job);
            wake = std::exchange(asleep_, false);
        }
    }
    if (wake) wake_.notify_one();
    if (accepted) return;
    job.refuse(PaymentError(Code::store_unavailable, "too many operations are waiting for the disk", quiet));
    JobList refused;
    refused.push(job);
    complete(refused);
}

void Writer::append(AuditRecord record) {
    bool wake = false;
    {
        const std::lock_guard hold(mutex_);
        if (audit_held_ >= options_.audit_max) {
            ++audit_lost_;
            audit_lost_at_ = record.at;
            return;
        }
        ++audit_held_;
        if (audit_waiting_.empty()) {
            audit_due_ = std::chrono::steady_clock::now() + options_.audit_delay;
            wake = std::exchange(asleep_, false);
        }
        audit_waiting_.push_back(std::move(record));
    }
    if (wake) wake_.notify_one();
}

void Writer::work() {
    JobList batch;
    while (gather(batch)) {
        write(batch);
        complete(batch);
        if (log_pages_ >= checkpoint_at_ && !last_failed_) checkpoint(SQLITE_CHECKPOINT_PASSIVE);
        if (++batches_since_sweep_ >= batches_a_sweep && session_.housekeeping.due()) sweep();
    }
    checkpoint(SQLITE_CHECKPOINT_TRUNCATE);
}

/// False when there is nothing left to do for ever.
bool Writer::gather(JobList& batch) {
    std::unique_lock hold(mutex_);
    for (;;) {
        const bool audit = !audit_waiting_.empty() || !audit_batch_.empty();
        if (!waiting_.empty() || (stopping_ && audit && !last_failed_)) break;
        if (stopping_) return false;
        const SteadyTime now = std::chrono::steady_clock::now();
        if (audit && now >= audit_due_) break;

        if (!audit && !quiet_work_left()) {
            asleep_ = true;
            wake_.wait(hold, [this] { return !asleep_ || stopping_; });
            continue;
        }
        asleep_ = true;
        const SteadyTime until = audit ? audit_due_ : now + quiet;
        const bool called = wake_.wait_until(hold, until, [this] { return !asleep_ || stopping_; });
        asleep_ = false;
        if (called || audit) continue;
        hold.unlock();
        quiet_step();
        hold.lock();
    }
    take_waiting(batch);
    return true;
}

void Writer::take_waiting(JobList& batch) {
    batch = waiting_.take(options_.batch_max);
    if (audit_batch_.empty()) {
        std::swap(audit_batch_, audit_waiting_);
    } else {
        std::ranges::move(audit_waiting_, std::back_inserter(audit_batch_));
        audit_waiting_.clear();
    }
    if (audit_lost_ > 0) {
        audit_batch_.push_back({.at = audit_lost_at_,
                                .who = "tollgate",
                                .what = "audit.lost",
                                .outcome = std::to_string(audit_lost_),
                                .origin = "",
                                .charge_id = "",
                                .request_id = ""});
        ++audit_held_;
        audit_lost_ = 0;
    }
}

void Writer::write(JobList& batch) {
    if (trouble_for_good_) {
        give_up(batch, {});
        return;
    }
    commit_began_.store(steady_now(), std::memory_order_relaxed);
    if (!try_commit(batch)) recover(batch);
    commit_began_.store(0, std::memory_order_relaxed);
}

bool Writer::try_commit(JobList& batch) {
    Database& database = session_.database;
    const std::int64_t changes = database.changes_ever();
    const std::uint64_t transitions = session_.writes.transitions();
    begin_.run();
    audit_.append(audit_batch_);
    for (Job* job = batch.first(); job != nullptr && !database.failed(); job = job->next) job->run(session_);
    commit_.run();
    if (database.failed()) return false;

    last_failed_ = false;
    const bool wrote = database.changes_ever() != changes;
    if (wrote) {
        checkpoint_left_ = true;
        commits_.fetch_add(1, std::memory_order_relaxed);
        transitions_.fetch_add(session_.writes.transitions() - transitions, std::memory_order_relaxed);
    }
    const std::lock_guard hold(mutex_);
    if (wrote) trouble_.reset();  // a commit that changed nothing proves nothing about the disk
    audit_held_ -= audit_batch_.size();
    audit_batch_.clear();
    return true;
}

/// After a failure nothing of the batch is written. One operation that breaks a rule of a table must not take the others
/// with it, so they are tried one by one; when the disk is at fault, trying again would only be slow.
void Writer::recover(JobList& batch) {
    const Failure failure = session_.database.failure();
    roll_back();
    if (severity(failure) != Severity::statement || batch.size() <= 1) {
        give_up(batch, failure);
        return;
    }
    JobList all = std::exchange(batch, {});
    while (Job* job = all.pop()) {
        JobList one;
        one.push(*job);
        if (!try_commit(one)) recover(one);
        batch.push(*job);
    }
}

void Writer::roll_back() {
    Database& database = session_.database;
    if (severity(database.failure()) == Severity::unsynced) end_process(options_.path, database.failure());
    database.clear_failure();
    if (database.in_transaction()) database.run("ROLLBACK");
    audit_.resume();
    if (severity(database.failure()) == Severity::unsynced) end_process(options_.path, database.failure());
    database.clear_failure();
}

/// Tells those who wait why; without a failure the trouble is an old one.
void Writer::give_up(JobList& batch, const Failure& failure) {
    PaymentError why;
    const Severity kind = severity(failure);
    if (!failure) {
        why = *trouble_;
    } else if (kind == Severity::statement) {
        why = PaymentError(Code::internal, "the store refused an operation: " + failure.text);
    } else {
        why = PaymentError(Code::store_unavailable, "the store " + options_.path + " could not be written: " + failure.text,
                           retry);
    }
    if (kind == Severity::corrupt) {
        why.detail += "; stop the service and restore a backup, or save what can be read with `sqlite3 FILE .recover`";
    }
    for (Job* job = batch.first(); job != nullptr; job = job->next) job->refuse(why);

    last_failed_ = true;
    const std::lock_guard hold(mutex_);
    audit_due_ = std::chrono::steady_clock::now() + retry;
    if (!failure || kind == Severity::statement) return;
    trouble_ = std::move(why);
    trouble_for_good_ = kind == Severity::corrupt;
}

std::optional<PaymentError> Writer::trouble() const {
    const std::lock_guard hold(mutex_);
    if (stalled()) return PaymentError(Code::store_unavailable, "the disk of " + options_.path + " does not answer", quiet);
    return trouble_;
}

bool Writer::worth_a_probe() const {
    const std::lock_guard hold(mutex_);
    return !trouble_for_good_ && !stalled();
}

bool Writer::stalled() const {
    const std::int64_t began = commit_began_.load(std::memory_order_relaxed);
    return began != 0 && std::chrono::nanoseconds(steady_now() - began) > options_.stall_max;
}

bool Writer::quiet_work_left() const {
    return !trouble_ && (checkpoint_left_ || session_.housekeeping.due());
}

void Writer::quiet_step() {
    if (session_.housekeeping.due()) sweep();
    if (checkpoint_left_) checkpoint(SQLITE_CHECKPOINT_PASSIVE);
}

void Writer::sweep() {
    batches_since_sweep_ = 0;
    Database& database = session_.database;
    begin_.run();
    session_.housekeeping.step();
    commit_.run();
    if (!database.failed()) return;
    JobList nobody;
    recover(nobody);
}

/// The log is written from its beginning again once it was folded into the file whole.
void Writer::log_grew(int pages) noexcept {
    if (pages < log_pages_) checkpoint_at_ = checkpoint_pages;
    log_pages_ = pages;
}

/// A checkpoint that fails loses nothing, the log still holds it all; the next write tells whether the disk is at fault.
void Writer::checkpoint(int mode) {
    Database& database = session_.database;
    commit_began_.store(steady_now(), std::memory_order_relaxed);
    database.note_failure(sqlite3_wal_checkpoint_v2(database.handle(), nullptr, mode, nullptr, nullptr));
    commit_began_.store(0, std::memory_order_relaxed);
    if (severity(database.failure()) == Severity::unsynced) end_process(options_.path, database.failure());
    database.clear_failure();
    checkpoint_left_ = false;
    // A reader of an old snapshot can hold the log; it is not worth trying again after every commit then.
    checkpoint_at_ = log_pages_ + checkpoint_pages;
}

}  // namespace tollgate::sqlite
